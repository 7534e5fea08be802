"""Webshare: its list, and the exchange of proxies, which it carries out by and by. Buying is a checkout on its site.

An answer may be a page of hundreds; `next` is followed on the same host only, whatever it says.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from proxyfleet.core.proxy import Kind, ProxyType
from proxyfleet.core.purchase import Item, Placed
from proxyfleet.ports.buying import Ability, Away, Refused
from proxyfleet.providers.answers import Unreadable, rows, table, text, told
from proxyfleet.providers.asking import Ask, Asking
from proxyfleet.providers.kind import Account, ProviderKind
from proxyfleet.providers.listing import Page, settled
from proxyfleet.providers.making import Parts, proxy_of
from proxyfleet.providers.seller import Seller

ADDRESS: Final = "https://proxy.webshare.io/api/"
GATEWAY: Final = "p.webshare.io"
PAGE: Final = 100
POLLS: Final = 10
PAUSE: Final = 3.0
FAILED: Final = "replace_"
ABILITIES: Final[frozenset[Ability]] = frozenset({"list", "replace"})


class Webshare(Seller):
    """One plan of an account, or the default one."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        options = account.options
        self._mode = self._choice("mode", ("direct", "backbone"))
        self._scheme = self._choice("scheme", ("http", "socks5"))
        self._plan = {"plan_id": options["plan"]} if options.get("plan") else {}
        headers = {"Authorization": f"Token {account.key.reveal()}"}
        self._asking = Asking(account, options.get("address") or ADDRESS, headers=headers)

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies of the plan; the list tells no expiry, for the plan has it."""
        return settled(self.name, self._pages)

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:  # noqa: ARG002 - it asks for none
        """Others of the same country. The order is done or failed within half a minute, or goes on by itself."""
        if any(one.proxy.labels.kind is Kind.ROTATING for one in items):
            raise self._bad("residential proxies are not replaced; their exits change by themselves")
        if not items or any(":" in one.proxy.host for one in items):
            raise self._bad("only proxies with an IPv4 address are replaced, and at least one")
        countries = {one.proxy.labels.country for one in items}
        country = countries.pop() if len(countries) == 1 else None
        wanted: dict[str, str] = {"type": "country", "country_code": country} if country else {"type": "any"}
        body = {
            "to_replace": {"type": "ip_range", "ip_ranges": [f"{one.proxy.host}/32" for one in items]},
            "replace_with": [wanted],
            "dry_run": False,
        }
        order, state = await self._asking.spend(Ask("v3/proxy/replace/", self._plan, body, "POST"), self._progress)
        return await self._followed(order, state)

    async def _followed(self, order: str, state: str) -> Placed:
        for _ in range(POLLS):
            if state == "completed":
                break
            await self._account.sleep(PAUSE)
            try:
                _, state = await self._asking.look(Ask(f"v3/proxy/replace/{order}/", self._plan), self._progress)
            except Away:
                break
            except Refused as refused:
                if refused.code.startswith(FAILED):
                    raise
                break  # it was taken all the same; only its progress is not shown
        return Placed(order)

    def _progress(self, value: Any) -> tuple[str, str]:
        whole = table(value, "the replacement")
        state = text(whole, "state")
        if state == "failed":
            why = told(whole, "error") or "without a reason"
            raise Refused(f"{FAILED}{told(whole, 'error_code') or 'failed'}", f"the replacement failed: {why}")
        order = text(whole, "id")
        if not order.isalnum():
            raise Unreadable("id is no id")
        return order, state

    async def _pages(self) -> AsyncIterator[Page]:
        query = {"mode": self._mode, "page": "1", "page_size": str(PAGE)} | self._plan
        ask: Ask | None = Ask("v2/proxy/list/", query)
        while ask is not None:
            page, following = await self._asking.look(ask, self._page)
            yield page
            ask = Ask(following) if following else None

    def _page(self, value: Any) -> tuple[Page, str]:
        whole = table(value, "the answer")
        listed = rows(whole.get("results"), "results")
        count = whole.get("count")
        if not isinstance(count, int) or "next" not in whole:
            raise Unreadable("count or next is missing")
        return Page([self._item(one) for one in listed], count), self._asking.path_of(told(whole, "next"))

    def _item(self, value: object) -> Item:
        row = table(value, "a proxy")
        remote, address = text(row, "id"), told(row, "proxy_address")
        parts = Parts(
            address or GATEWAY,
            text(row, "port"),
            self._scheme,
            told(row, "username"),
            told(row, "password"),
            told(row, "country_code"),
            told(row, "city_name"),
            type=ProxyType.DATACENTER if address else ProxyType.RESIDENTIAL,
            kind=Kind.STATIC if address else Kind.ROTATING,
        )
        return Item(remote, proxy_of(parts, self.name, f"proxy {remote}", allow_private=self._allow_private))


KIND: Final = ProviderKind(
    "Webshare: list, replace (asynchronous). Buying is a checkout on its site",
    ABILITIES,
    Webshare,
    {
        "address": f"where its API is, by default {ADDRESS}",
        "plan": "the id of a plan, where the account has several",
        "mode": "`direct` (each proxy's own address, the default) or `backbone` (through its gateway)",
        "scheme": "`http` (the default) or `socks5`: how its proxies are spoken to",
        "allow_private": "yes: its proxies may have private addresses (a stand-in's)",
    },
)
