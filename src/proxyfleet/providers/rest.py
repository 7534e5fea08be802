"""Any REST API that is told in the settings: where its list is, what its fields are called, and how it is ordered from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from proxyfleet.core.purchase import Item, Money, Placed, Quote, Wish
from proxyfleet.ports.buying import Ability, Refused
from proxyfleet.providers.answers import money, number, price, rows, table, text, told
from proxyfleet.providers.asking import Ask, Asking, said
from proxyfleet.providers.kind import Account, BadProvider, ProviderKind
from proxyfleet.providers.listing import Page, settled
from proxyfleet.providers.making import Parts, proxy_of
from proxyfleet.providers.rest_words import Values, at, body_of, filled, filled_body, holes, is_blank, terms_in
from proxyfleet.providers.seller import Seller

LIMIT, MOST_LIMIT = 1000, 100_000
FIELDS: Final = (
    "id", "host", "port", "scheme", "username", "password", "country", "city", "expires", "exit", "note", "order", "cost",
    "currency",
)  # fmt: skip
CALLS: Final[Mapping[str, Ability]] = {
    "list": "list", "balance": "balance", "quote": "quote", "buy": "buy", "prolong": "prolong", "replace": "replace",
    "prolong_quote": "quote",
}  # fmt: skip
PARTS: Final = ("body", "order", "price", "currency", "rows", "amount", "next", "total", "limit")
ABILITIES: Final[frozenset[Ability]] = frozenset(CALLS.values())


class Rest(Seller):
    """One account, with the abilities that its description gives it."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._options = options = account.options
        self.abilities = frozenset(ability for call, ability in CALLS.items() if options.get(call))
        key = {"key": account.key.reveal()}
        self._bodies = self._read_templates()
        self._limit = self._read_limit()
        named = {name.removeprefix("header."): text for name, text in options.items() if name.startswith("header.")}
        headers = {name: filled(text, key, str) for name, text in (named or {"Authorization": "Bearer {key}"}).items()}
        secrets = [one for one in headers.values() if one]
        self._asking = Asking(
            account, options.get("address", ""), headers=headers, refusal=self._refusal, secrets=secrets
        )
        self._values: dict[str, object] = dict(key)
        self._codes = dict(one.strip().partition("=")[::2] for one in options.get("error.codes", "").split(",") if one)

    def _read_templates(self) -> dict[str, object]:
        """Bodies as JSON; whatever is wrong with the description is told now. Raises `BadProvider`."""
        bodies = dict[str, object]()
        for name, template in self._options.items():
            group, _, part = name.partition(".")
            known = FIELDS if group == "field" else PARTS if group in CALLS and part else (part,)
            try:
                if part not in known:
                    raise ValueError(f"is no part of the description; there are {', '.join(known)}")
                if group in CALLS and part == "body":
                    bodies[group] = body_of(template)
                elif (group in CALLS and not part) or group == "header":
                    holes(template)
            except ValueError as problem:
                raise BadProvider(f"provider {self.name}: {name} {problem}") from None
        return bodies

    def _read_limit(self) -> int:
        told = self._options.get("list.limit") or str(LIMIT)
        if not told.isdecimal() or not 0 < int(told) <= MOST_LIMIT:
            raise BadProvider(f"provider {self.name}: list.limit is a number from 1 to {MOST_LIMIT}")
        return int(told)

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies."""
        if "list" not in self.abilities:
            return super().items()
        return settled(self.name, self._pages)

    async def balance(self) -> Money:
        """What is on the account."""
        if "balance" not in self.abilities:
            return await super().balance()
        return await self._asking.look(self._ask("balance", {}), lambda value: self._money("balance", value, "amount"))

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """What it would cost."""
        call = "prolong_quote" if prolonged else "quote"
        if not self._options.get(call):
            return await super().quote(wish, prolonged)
        ids: Values = {"ids": [one.remote_id for one in prolonged]}
        ask = self._ask(call, {**self._wished(wish, ""), **ids})
        return await self._asking.look(ask, lambda value: Quote(self._price(call, value)))

    async def buy(self, wish: Wish, tag: str) -> Placed:
        """Order as described."""
        if "buy" not in self.abilities:
            return await super().buy(wish, tag)
        return await self._asking.spend(
            self._ask("buy", self._wished(wish, tag)), lambda value: self._placed("buy", value)
        )

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        """Order more days as described."""
        if "prolong" not in self.abilities:
            return await super().prolong(items, days)
        return await self._changed("prolong", items, {"days": days})

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:
        """Order others as described."""
        if "replace" not in self.abilities:
            return await super().replace(items, reason)
        return await self._changed("replace", items, {"reason": reason})

    async def _changed(self, call: str, items: Sequence[Item], values: Values) -> Placed:
        if not items:
            raise self._bad("say which proxies")
        ask = self._ask(call, {"ids": [one.remote_id for one in items], "count": len(items), **values})
        return await self._asking.spend(ask, lambda value: self._placed(call, value))

    def _wished(self, wish: Wish, tag: str) -> Values:
        templates = [self._options.get(name, "") for name in ("quote", "quote.body", "buy", "buy.body")]
        self._checked(wish, terms_in(*templates))
        terms = {f"term.{name}": told for name, told in wish.terms.items()}
        return {"count": wish.count, "days": wish.days, "country": wish.country, "tag": tag, **terms}

    def _ask(self, call: str, values: Values) -> Ask:
        """`POST path`, or a path alone for GET."""
        method, _, path = self._options[call].rpartition(" ")
        known = self._values | dict(values)
        body = filled_body(self._bodies.get(call), known)
        return Ask(filled(path, known).lstrip("/"), {}, body, method.strip().upper() or "GET")

    def _placed(self, call: str, value: Any) -> Placed:
        whole = table(value, "the answer")
        order = text({"order": at(whole, self._place(call, "order", "id"))}, "order")
        told_price = at(whole, self._place(call, "price", "price"))
        paid = None if told_price is None else self._price(call, whole)
        place = self._options.get(f"{call}.rows")
        listed = rows(at(whole, place), "the proxies") if place and call == "buy" else []
        return Placed(order, paid, tuple(self._item(one) for one in listed))

    def _place(self, call: str, part: str, usual: str) -> str:
        return self._options.get(f"{call}.{part}") or usual

    def _price(self, call: str, value: object) -> Money:
        found = self._money(call, value, "price")
        return price({"price": found.amount}, "price", found.currency)

    def _money(self, call: str, value: object, part: str) -> Money:
        currency = at(value, self._place(call, "currency", "currency"))
        return money(
            number({part: at(value, self._place(call, part, part))}, part), text({"currency": currency}, "currency")
        )

    async def _pages(self) -> AsyncIterator[Page]:
        page, offset, following = 0, 0, ""
        moves = any(name in self._options["list"] for name in ("{page}", "{offset}"))
        while True:
            page += 1
            values = {"page": page, "offset": offset, "limit": self._limit}
            ask = Ask(following) if following else self._ask("list", values)
            found, length, following = await self._asking.look(ask, self._page)
            yield found
            offset += length
            if not following and not (moves and length >= self._limit):
                return

    def _page(self, value: Any) -> tuple[Page, int, str]:
        listed = rows(at(value, self._options.get("list.rows", "")), "the list")
        place, link = self._options.get("list.total"), self._options.get("list.next")
        total = int(number({"total": at(value, place)}, "total")) if place else None
        following = self._asking.path_of(told({"next": at(value, link)}, "next")) if link else ""
        there = [one for one in listed if self._is_there(one)]
        return (
            Page([self._item(one) for one in there], total if len(there) == len(listed) else None),
            len(listed),
            following,
        )

    def _is_there(self, row: object) -> bool:
        """Whether it has been delivered: one without address and port is no proxy yet."""
        return not all(is_blank(row, self._place("field", name, name)) for name in ("host", "port"))

    def _item(self, row: object) -> Item:
        table(row, "a proxy")
        found = {name: at(row, self._place("field", name, name)) for name in FIELDS}
        remote, cost = text(found, "id"), found["cost"]
        parts = Parts(
            text(found, "host"),
            text(found, "port"),
            told(found, "scheme") or "http",
            told(found, "username"),
            told(found, "password"),
            told(found, "country"),
            told(found, "city"),
            told(found, "expires"),
            told(found, "exit"),
            cost_per_month=None if cost is None else number(found, "cost"),
            currency=None if cost is None else told(found, "currency") or None,
        )
        made = proxy_of(parts, self.name, f"proxy {remote}", allow_private=self._allow_private)
        return Item(remote, made, told(found, "note"), told(found, "order"))

    def _refusal(self, value: Any) -> Refused | None:
        """An error in the answer, where the description says that there may be one."""
        place = self._options.get("error", "")
        found = at(value, place) if place and isinstance(value, dict) else None
        if not found:
            return None
        code = self._options.get("error.code", "")
        named = told({"code": at(value, code)}, "code") if code else ""
        return Refused(self._codes.get(named) or (f"rest_{named}" if named else "refused"), said(found) or "it refused")


KIND: Final = ProviderKind(
    "Any REST API that is described in the options",
    ABILITIES,
    Rest,
    {
        "address": "where it is, such as `https://www.proxies.com/api/v2`",
        "header.*": "headers of every call, by name; without any `Authorization: Bearer {key}`",
        "list": "path of the list, with `{limit}` and `{offset}` or `{page}` where it has pages",
        "list.*": f"`rows`: where in the answer the list is; `next`: the link to the next page; `total`: how long the list is; "
        f"`limit`: rows a page, by default {LIMIT}",
        "field.*": f"where a proxy has its {', '.join(FIELDS)}; by default under that name. `=socks5` is that text itself",
        "balance": "path of the balance",
        "balance.*": "`amount` and `currency`: where they are",
        "quote": "`POST path` of a price, with `{count}`, `{days}`, `{country}`, `{term.NAME}`",
        "quote.*": "`body`: JSON with the same; `price` and `currency`: where they are",
        "prolong_quote": "`POST path` of the price of a prolongation, with `{ids}` and `{days}`",
        "prolong_quote.*": "`body`, `price`, `currency`",
        "buy": "`POST path` of an order, with the same and `{tag}`",
        "buy.*": "as for `quote`; `order`: where its number is; `rows`: where the proxies are, if they come at once",
        "prolong": "`POST path` of a prolongation, with `{ids}` and `{days}`",
        "prolong.*": "`body`, `order`, `price`, `currency`",
        "replace": "`POST path` of a replacement, with `{ids}` and `{reason}`",
        "replace.*": "`body`, `order`, `price`, `currency`",
        "error": "where an answer says that it is an error, whatever its status",
        "error.*": "`code`: where its code is; `codes`: what codes mean, as `E1=no_money, E2=no_stock`",
        "allow_private": "yes: its proxies may have private addresses",
    },
    {"*": "whatever `{term.NAME}` the description fills in"},
)
