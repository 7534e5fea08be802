"""A provider in memory for tests of buying: it sells, forgets to answer, delivers late, and counts what it was really asked."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.core.purchase import Item, Money, Placed, Quote, Wish
from proxyfleet.ports.buying import Ability, Away, Refused, Unclear

Fault = Literal["", "lost", "unheard", "refused", "away", "broken", "late"]
"""lost: done, but no answer. unheard: no answer, and not done. late: taken, delivered by `deliver`."""
DAY = 86_400.0


class Seller:
    """One account with endless money. `faults` are taken one for each call that costs money; `kept` are what is delivered."""

    def __init__(
        self, clock: Callable[[], float], name: str = "shop", *, notes: bool = True, each: str = "1.50"
    ) -> None:
        self.name = name
        self.abilities: frozenset[Ability] = frozenset({"list", "quote", "buy", "prolong", "replace", "balance"})
        self.faults: list[Fault] = []
        self.kept: list[Item] = []
        self.waiting: list[Item] = []
        self.asked: list[str] = []
        self.revenue = Decimal(0)
        self.each = Decimal(each)
        self.blind = False
        self._clock = clock
        self._notes = notes
        self._made = 0

    async def items(self) -> AsyncIterator[Sequence[Item]]:
        if self.blind:
            raise Away("it does not answer; try again")
        listed = [one for one in self.kept if (one.proxy.expires_at or 0.0) > self._clock()]
        for start in range(0, len(listed), 2):
            yield listed[start : start + 2]

    async def balance(self) -> Money:
        return Money(Decimal(100), "USD")

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        return Quote(self.price(len(prolonged) or wish.count, wish.days))

    def price(self, count: int, days: int) -> Money:
        return Money(self.each * count * days / 30, "USD")

    async def buy(self, wish: Wish, tag: str) -> Placed:
        fault = self._begin(f"buy {wish.count}")
        if fault == "unheard":
            raise Unclear("the answer was lost")
        self.revenue += self.price(wish.count, wish.days).amount
        order = f"o-{len(self.asked)}"
        made = [self._make(wish.days, tag) for _ in range(wish.count)]
        if fault == "late":
            self.waiting += made
            return Placed(order)
        self.kept += made
        self._end(fault)
        return Placed(order, self.price(wish.count, wish.days), tuple(made))

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        fault = self._begin(f"prolong {len(items)}")
        if fault == "unheard":
            raise Unclear("the answer was lost")
        self.revenue += self.price(len(items), days).amount
        ids = {one.remote_id for one in items}
        longer = [self._longer(one, days) for one in self.kept if one.remote_id in ids]
        self.kept = [one for one in self.kept if one.remote_id not in ids] + longer
        self._end(fault)
        return Placed("", self.price(len(items), days), tuple(longer))

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:
        fault = self._begin(f"replace {len(items)} {reason}")
        if fault == "unheard":
            raise Unclear("the answer was lost")
        ids = {one.remote_id for one in items}
        self.kept = [one for one in self.kept if one.remote_id not in ids]
        made = [self._make(30, "") for _ in items]
        self.kept += made
        self._end(fault)
        return Placed("", None, tuple(made))

    def deliver(self, count: int = 1_000) -> None:
        """What was ordered comes at last."""
        self.kept += self.waiting[:count]
        del self.waiting[:count]

    def buy_by_hand(self, days: int = 30) -> None:
        """Somebody on the provider's site."""
        self.kept.append(self._make(days, ""))

    def _begin(self, what: str) -> Fault:
        self.asked.append(what)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused":
            raise Refused("no_money", "the account is empty; top it up")
        if fault == "away":
            raise Away("it could not be reached; try again")
        return fault

    def _end(self, fault: Fault) -> None:
        if fault == "lost":
            raise Unclear("the answer was lost")
        if fault == "broken":
            raise RuntimeError("an answer that nobody expected")

    def _make(self, days: int, tag: str) -> Item:
        self._made += 1
        until = self._clock() + days * DAY
        proxy = Proxy(Scheme.HTTP, f"{self.name}{self._made}.example", 8080, "u", Secret("p"), expires_at=until)
        return Item(str(self._made), proxy, tag if self._notes else "")

    def _longer(self, item: Item, days: int) -> Item:
        """The remote id changes with each prolongation."""
        self._made += 1
        until = (item.proxy.expires_at or 0.0) + days * DAY
        return replace(item, remote_id=str(self._made), proxy=replace(item.proxy, expires_at=until))
