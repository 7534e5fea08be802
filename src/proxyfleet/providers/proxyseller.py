"""Proxy-Seller: orders are calculated, made, and delivered by and by; ids change with every prolongation.

Its list does not promise to give a tag back, so an order is found again by its number (`Item.order`) or by its proxies.
Remote ids are `section/id`, because a prolongation has to name the section.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote as quoted

from proxyfleet.core.proxy import ProxyType
from proxyfleet.core.purchase import Item, Money, Placed, Quote, Wish
from proxyfleet.ports.buying import Ability
from proxyfleet.providers.alpha3 import ALPHA3
from proxyfleet.providers.answers import Unreadable, money, number, price, rows, table, text, told
from proxyfleet.providers.asking import Ask, Asking
from proxyfleet.providers.kind import Account, BadProvider, ProviderKind
from proxyfleet.providers.listing import Page, settled
from proxyfleet.providers.making import Parts, proxy_of
from proxyfleet.providers.pacing import Pace
from proxyfleet.providers.proxyseller_words import BY_ORDER, PERIODS, REASONS, SECTIONS, country_of, period_of, refusal
from proxyfleet.providers.seller import Seller

ADDRESS: Final = "https://proxy-seller.com/personal/api/v2/"
GAP, PAID_GAP = 0.06, 2.0
MOST_IDS: Final = 1000
TERMS: Final = {
    "section": f"what is sold: {', '.join(f'`{one}`' for one in SECTIONS)}; by default the account's option",
    "period": f"its own word for the time, where days do not say it: {', '.join(PERIODS.values())}",
    "protocol": "`HTTPS` or `SOCKS5`, for `ipv6`",
    "target": "what the proxies are for; by default the tag of the purchase stands there",
}
ABILITIES: Final[frozenset[Ability]] = frozenset({"list", "quote", "buy", "prolong", "replace", "balance"})


class ProxySeller(Seller):
    """One account, which pays from its balance."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._section = self._choice("section", SECTIONS)
        self._currency = (account.options.get("currency") or "USD").upper()
        if len(self._currency) != 3:
            raise BadProvider(f"provider {self.name}: currency is a code of three letters, such as USD")
        self._path = quoted(account.key.reveal(), safe="")
        pace = Pace(account.clock, account.sleep, GAP, PAID_GAP)
        self._asking = Asking(account, account.options.get("address") or ADDRESS, refusal=refusal, pace=pace)

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies of all sections, in one answer: nothing moves meanwhile."""
        return settled(self.name, self._pages)

    async def balance(self) -> Money:
        """What is on the account, in the currency of the settings: it tells none."""
        return await self._asking.look(
            self._ask("balance/get"), lambda value: money(number(_data(value), "summ"), self._currency)
        )

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """What it calculates for exactly that order."""
        if prolonged:
            section, body = self._prolonging(prolonged, wish.days)
            ask = self._ask(f"prolong/calc/{section}", body)
        else:
            ask = self._ask("order/calc", self._order(wish, "quote"))
        return await self._asking.look(ask, self._calculated)

    async def buy(self, wish: Wish, tag: str) -> Placed:
        """Order; the proxies are delivered within minutes, and then listed with the number of the order."""
        return await self._asking.spend(self._ask("order/make", self._order(wish, tag)), self._made)

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        """Pay for more days: for proxies, or in the sections that are sold whole, for their whole orders."""
        section, body = self._prolonging(items, days)
        return await self._asking.spend(self._ask(f"prolong/make/{section}", body), self._made)

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:
        """Have others, for one of its reasons or in your own words."""
        _, ids = self._together(items)
        kind = reason.strip().upper().replace(" ", "_")
        body = {"ids": ids, "type": kind if kind in REASONS else "CUSTOM", "comment": reason}
        return await self._asking.spend(self._ask("proxy/replace", body), lambda value: Placed(_order_of(value)))

    def _order(self, wish: Wish, tag: str) -> dict[str, object]:
        self._checked(wish, tuple(TERMS))
        terms = wish.terms
        section, period = terms.get("section", self._section), terms.get("period") or period_of(wish.days)
        if section not in SECTIONS or period not in PERIODS.values():
            raise self._bad(f"it sells {', '.join(SECTIONS)} for {', '.join(map(str, PERIODS))} days")
        country = ALPHA3.get(wish.country.upper())
        if country is None:
            raise self._bad("say the country: it sells by country")
        more = {"protocol": terms.get("protocol", "HTTPS")} if section == "ipv6" else {}
        return more | {
            "sectionCode": section,
            "countryId": country,
            "periodId": period,
            "quantity": wish.count,
            "paymentCode": "balance",
            "authorization": "",
            "coupon": "",
            "customTargetName": terms.get("target", tag),
            "generateAuth": "N",
        }

    def _prolonging(self, items: Sequence[Item], days: int) -> tuple[str, dict[str, object]]:
        section, ids = self._together(items)
        period = period_of(days)
        if period is None:
            raise self._bad(f"it prolongs for {', '.join(map(str, PERIODS))} days")
        body: dict[str, object] = {"periodId": period, "paymentCode": "balance"}
        if section not in BY_ORDER:
            return section, body | {"ids": ids}
        orders = list(dict.fromkeys(one.order for one in items))
        if not all(orders):
            raise self._bad(f"{section} is prolonged by whole orders, and the list does not tell theirs")
        return section, body | {"orderIds": orders}

    def _together(self, items: Sequence[Item]) -> tuple[str, list[str]]:
        """The one section of all of them, and their ids in it."""
        pairs = [one.remote_id.partition("/") for one in items]
        sections = {section for section, _, _ in pairs}
        if len(sections) != 1 or not sections <= set(SECTIONS) or len(pairs) > MOST_IDS:
            raise self._bad(f"1 to {MOST_IDS} proxies of one section go into one order; order section by section")
        return sections.pop(), [remote for _, _, remote in pairs]

    def _calculated(self, value: Any) -> Quote:
        data = _data(value)
        return Quote(price(data, "total", told(data, "currency") or self._currency), told(data, "warning"))

    def _made(self, value: Any) -> Placed:
        data = _data(value)
        return Placed(text(data, "orderId"), price(data, "total", self._currency) if "total" in data else None)

    def _ask(self, path: str, body: object = None) -> Ask:
        return Ask(f"{self._path}/{path}", {}, body, "GET" if body is None else "POST")

    async def _pages(self) -> AsyncIterator[Page]:
        yield await self._asking.look(self._ask("proxy/list"), self._page)

    def _page(self, value: Any) -> Page:
        data = _data(value)
        if not data.keys() & set(SECTIONS):
            raise Unreadable("data names none of its sections")
        found = [self._item(section, row) for section in SECTIONS for row in _listed(data, section) if _is_there(row)]
        return Page(found)

    def _item(self, section: str, row: Mapping[str, object]) -> Item:
        socks = told(row, "protocol").upper().startswith("SOCKS")
        remote = f"{section}/{text(row, 'id')}"
        parts = Parts(
            told(row, "ip_only") or text(row, "ip"),
            text(row, "port_socks" if socks else "port_http"),
            "socks5" if socks else "http",
            told(row, "login"),
            told(row, "password"),
            country_of(told(row, "country_alpha3"), told(row, "country")),
            expires=told(row, "date_end"),
            type={"mobile": ProxyType.MOBILE, "isp": ProxyType.ISP, "mix_isp": ProxyType.ISP}.get(
                section, ProxyType.DATACENTER
            ),
        )
        made = proxy_of(parts, self.name, f"proxy {remote}", allow_private=self._allow_private)
        return Item(remote, made, told(row, "comment"), told(row, "order_id"))


def _data(value: Any) -> Mapping[str, object]:
    return table(value["data"], "data")


def _order_of(value: Any) -> str:
    data = value["data"]
    return told(data, "orderId") if isinstance(data, dict) else ""


def _listed(data: Mapping[str, object], section: str) -> list[Mapping[str, object]]:
    """A section is a list, or an object that holds one."""
    found = data.get(section, [])
    inside = found.get("items") if isinstance(found, dict) else found
    return [table(one, "a proxy") for one in rows(inside, section)]


def _is_there(row: Mapping[str, object]) -> bool:
    """Whether it has been delivered: one that is still being prepared has an empty address, and is no proxy yet."""
    return bool(told(row, "ip_only") or told(row, "ip")) or not ("ip" in row or "ip_only" in row)


KIND: Final = ProviderKind(
    "Proxy-Seller: list, quote, buy, prolong, replace, balance. Delivers within minutes",
    ABILITIES,
    ProxySeller,
    {
        "address": f"where its API is, by default {ADDRESS}",
        "section": f"what is bought unless a wish says otherwise: {', '.join(f'`{one}`' for one in SECTIONS)}",
        "currency": "the currency of the account's balance, by default USD",
        "allow_private": "yes: its proxies may have private addresses (a stand-in's)",
    },
    TERMS,
)
