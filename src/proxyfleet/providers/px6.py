"""PX6 (Proxy6). Its key stands in the path, errors come with status 200, orders are GETs: none is ever sent twice.

The tag of a purchase is its `descr`, which the list gives back. Times are read from `unixtime_end`; its dates are local.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from proxyfleet.core.purchase import Item, Money, Placed, Quote, Wish
from proxyfleet.ports.buying import Ability, Refused
from proxyfleet.providers.answers import Unreadable, money, number, price, rows, table, text, told
from proxyfleet.providers.asking import Ask, Asking
from proxyfleet.providers.kind import Account, ProviderKind
from proxyfleet.providers.listing import Page, settled
from proxyfleet.providers.making import Parts, expires_at, proxy_of
from proxyfleet.providers.pacing import Pace
from proxyfleet.providers.seller import Seller

ADDRESS: Final = "https://px6.link/api/"
GAP: Final = 0.35
"""Seconds between calls: three a second are allowed."""
PAGE: Final = 1000
MOST_IDS: Final = 500
"""Proxies that one order prolongs: their ids stand in the address."""
LONGEST_TAG: Final = 50
VERSIONS: Final = ("4", "3", "6")
"""IPv4, IPv4 shared, IPv6. 5 are MTProto proxies, which are none of ours."""
TERMS: Final = {
    "version": "`4` (IPv4, the default), `3` (IPv4 shared) or `6` (IPv6)",
    "type": "`http` (the default) or `socks`",
    "auto_prolong": "`yes`: the provider prolongs it by itself",
}
UNKNOWN: Final = 30
ERRORS: Final = {
    100: "bad_key", 105: "no_access", 110: "bad_terms", 200: "bad_terms", 210: "bad_terms", 220: "bad_terms",
    230: "not_found", 240: "bad_terms", 250: "bad_terms", 260: "bad_terms", 280: "bad_terms", 300: "no_stock",
    400: "no_money", 404: "not_found", 410: "bad_terms",
}  # fmt: skip
ABILITIES: Final[frozenset[Ability]] = frozenset({"list", "quote", "buy", "prolong", "balance"})


class Px6(Seller):
    """One account."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._path = quote(account.key.reveal(), safe="")
        pace = Pace(account.clock, account.sleep, GAP)
        self._asking = Asking(account, account.options.get("address") or ADDRESS, refusal=_refusal, pace=pace)

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies, expired ones too while the provider keeps them."""
        return settled(self.name, self._pages)

    async def balance(self) -> Money:
        """What every answer tells beside what was asked for."""
        return await self._asking.look(self._ask("getcountry", version="4"), _balance)

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """The price, once the stock was seen to be enough; for prolonging, that of as many new ones."""
        if prolonged:
            return await self._quote_prolonging(wish, prolonged)
        version = self._version(wish)
        stock = await self._asking.look(
            self._ask("getcount", country=wish.country.lower(), version=version),
            lambda value: int(number(value, "count")),
        )
        if stock < wish.count:
            raise Refused("no_stock", f"provider {self.name}: it has {stock} of these now; ask for fewer or elsewhere")
        return Quote(await self._price(wish.count, wish.days, version), f"{stock} in stock")

    async def buy(self, wish: Wish, tag: str) -> Placed:
        """Buy, with the tag as `descr`."""
        version = self._version(wish)
        if not tag.strip() or len(tag) > LONGEST_TAG:
            raise self._bad(f"a tag has 1 to {LONGEST_TAG} characters")
        ask = self._ask(
            "buy",
            count=str(wish.count),
            period=str(wish.days),
            country=wish.country.lower(),
            version=version,
            type=wish.terms.get("type", "http"),
            descr=tag,
            **({"auto_prolong": ""} if wish.terms.get("auto_prolong") == "yes" else {}),
        )
        return await self._asking.spend(ask, self._bought)

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        """Pay for more days."""
        if not 0 < len(items) <= MOST_IDS or days < 1:
            raise self._bad(f"1 to {MOST_IDS} proxies are prolonged at once, by at least a day")
        known = {one.remote_id: one for one in items}

        def read(value: Any) -> Placed:
            later = _listed(value)
            fresh = tuple(_prolonged(known[one], row) for one, row in later.items() if one in known)
            return Placed(text(value, "order_id"), price(value, "price", text(value, "currency")), fresh)

        return await self._asking.spend(self._ask("prolong", period=str(days), ids=",".join(known)), read)

    def _version(self, wish: Wish) -> str:
        self._checked(wish, tuple(TERMS))
        version = wish.terms.get("version", VERSIONS[0])
        if version not in VERSIONS or wish.terms.get("type", "http") not in ("http", "socks"):
            raise self._bad(f"version is one of {', '.join(VERSIONS)}, type http or socks")
        if len(wish.country) != 2:
            raise self._bad("say the country: it sells by country")
        return version

    async def _quote_prolonging(self, wish: Wish, prolonged: Sequence[Item]) -> Quote:
        wanted = {one.remote_id for one in prolonged}
        counts: dict[str, int] = {}
        found = set[str]()
        async for value in self._values():
            mine = {remote: row for remote, row in _listed(value).items() if remote in wanted - found}
            found.update(mine)
            for row in mine.values():
                version = text(row, "version")
                counts[version] = counts.get(version, 0) + 1
        if found != wanted:
            raise Refused(
                "not_found", f"provider {self.name}: it does not list {len(wanted - found)} of these any more"
            )
        prices = [await self._price(count, wish.days, version) for version, count in counts.items()]
        total = sum((one.amount for one in prices[1:]), prices[0].amount)
        return Quote(Money(total, prices[0].currency), "the price of new ones, as it tells no other")

    async def _price(self, count: int, days: int, version: str) -> Money:
        ask = self._ask("getprice", count=str(count), period=str(days), version=version)
        return await self._asking.look(ask, lambda value: price(value, "price", text(value, "currency")))

    def _ask(self, method: str, **query: str) -> Ask:
        return Ask(f"{self._path}/{method}/", query)

    async def _pages(self) -> AsyncIterator[Page]:
        async for value in self._values():
            yield Page(self._items(value))

    async def _values(self) -> AsyncIterator[Mapping[str, object]]:
        """One answer for each page; one that is not full is the last."""
        page = 0
        while True:
            page += 1
            ask = self._ask("getproxy", state="all", page=str(page), limit=str(PAGE))
            value = await self._asking.look(ask, lambda value: (self._items(value) and value) or value)
            yield value
            if len(_listed(value)) < PAGE:
                return

    def _readable(self, value: Any) -> Mapping[str, object]:
        """The answer, once everything in it was read: only inside of `look` is an odd one told as it should be."""
        self._items(value)
        whole: Mapping[str, object] = value
        return whole

    def _bought(self, value: Any) -> Placed:
        return Placed(
            text(value, "order_id"), price(value, "price", text(value, "currency")), tuple(self._items(value))
        )

    def _items(self, value: Mapping[str, object]) -> list[Item]:
        found = _listed(value).items()
        return [self._item(remote, row) for remote, row in found if told(row, "version") != "5"]

    def _item(self, remote: str, row: Mapping[str, object]) -> Item:
        parts = Parts(
            text(row, "host"),
            text(row, "port"),
            text(row, "type"),
            told(row, "user"),
            told(row, "pass"),
            told(row, "country"),
            expires=told(row, "unixtime_end") or told(row, "date_end"),
            exit_address=told(row, "ip"),
        )
        made = proxy_of(parts, self.name, f"proxy {remote}", allow_private=self._allow_private)
        return Item(remote, made, told(row, "descr"))


def _refusal(value: Any) -> Refused | None:
    whole = table(value, "the answer")
    status = whole.get("status")
    if status == "yes":
        return None
    code = whole.get("error_id")
    if status != "no" or isinstance(code, bool) or not isinstance(code, int) or code == UNKNOWN:
        raise Unreadable("it says neither yes nor why not")
    return Refused(ERRORS.get(code, f"px6_{code}"), f"{told(whole, 'error') or 'no'} (error {code})")


def _balance(value: Any) -> Money:
    return money(number(value, "balance"), text(value, "currency"))


def _listed(value: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """By id. An object, or a list: PHP writes an empty object as one, and `nokey` a full one."""
    found = value.get("list")
    listed = list(found.values()) if isinstance(found, dict) else rows(found, "list")
    each = [table(one, "a proxy") for one in listed]
    return {text(one, "id"): one for one in each}


def _prolonged(item: Item, row: Mapping[str, object]) -> Item:
    later, _ = expires_at(text(row, "unixtime_end"))
    return replace(item, proxy=replace(item.proxy, expires_at=later))


KIND: Final = ProviderKind(
    "PX6 (Proxy6): list, quote, buy, prolong, balance",
    ABILITIES,
    Px6,
    {
        "address": f"where its API is, by default {ADDRESS} (also https://px6.me/api/)",
        "allow_private": "yes: its proxies may have private addresses (a stand-in's)",
    },
    TERMS,
)
