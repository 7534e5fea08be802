"""Prolongs what a rule says is worth it before it expires, as far as the month's budget goes (SPEC B5). One account.

What is due is read from the provider's own list, because ids and expiries there are what an order goes by.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from proxyfleet.core.proxy import DAY
from proxyfleet.core.purchase import Item, Money, Purchase, Wish
from proxyfleet.core.settling import identity_of
from proxyfleet.ports import Journal
from proxyfleet.services.accounts import BuyingFailed, Listed
from proxyfleet.services.allowing import affordable, left_of, tell_reached
from proxyfleet.services.buying import Buying, Order
from proxyfleet.services.reconciling import Reconciling

MOST: Final = 100
"""Proxies of one order; providers take no endless lists."""
CAUSE: Final = "renewal rule"
WAITS: Final = frozenset({"unsettled", "budget"})
"""Reasons to do nothing now, which are no failures."""


class RenewalRule(NamedTuple):
    """Those that expire within so many days are prolonged by `days`."""

    within: int
    days: int


@dataclass(slots=True)
class Renewed:
    """`due` is what the rule wants prolonged, soonest first, `price` what that costs; `why` some of it was not bought."""

    due: list[Item]
    not_worth: int
    price: Money | None = None
    bought: list[Purchase] | None = None
    why: str = ""

    @property
    def told(self) -> str:
        """One line for people."""
        done = sum(one.wish.count for one in self.bought or ())
        rest = f", {self.why}" if self.why else ""
        return f"{len(self.due)} due, {done} prolonged, {self.not_worth} not worth it{rest}"


@dataclass(frozen=True, slots=True)
class Renewing:
    """`wanted` gives the identities that the rule's selector names; `tag` makes new tags."""

    buying: Buying
    reconciling: Reconciling
    journal: Journal
    rule: RenewalRule
    wanted: Callable[[], Awaitable[Collection[str]]]
    tag: Callable[[], str]

    async def run(self, there: Listed, *, dry_run: bool = False) -> Renewed:
        """Prolong what is due by this list, taken just now. Raises `BuyingFailed` for what is no mere wait."""
        soon = await self._due(there)
        wanted = await self.wanted()
        due = [one for one in soon if identity_of(one.proxy) in wanted]
        told = Renewed(due, len(soon) - len(due), bought=[])
        try:
            for start in range(0, len(due), MOST):
                await self._piece(told, due[start : start + MOST], dry_run)
        except BuyingFailed as error:
            if error.code not in WAITS:
                raise
            told.why = str(error)
        return told

    async def _due(self, there: Listed) -> list[Item]:
        """What expires soon, soonest first, and is not being prolonged already."""
        under_way = {identity for one in await self.reconciling.on_the_way(there.at) for identity in one.expiries}
        until = there.at + self.rule.within * DAY
        found = [
            (one.proxy.expires_at, one.remote_id, one)
            for one in there.items
            if one.proxy.expires_at is not None and there.at < one.proxy.expires_at <= until
        ]
        return [one for *_, one in sorted(found, key=lambda row: row[:2]) if identity_of(one.proxy) not in under_way]

    async def _piece(self, told: Renewed, items: Sequence[Item], dry_run: bool) -> None:
        price = await self._price(items)
        told.price = price if told.price is None else told.price._replace(amount=told.price.amount + price.amount)
        left = await left_of(self.buying.book, self.buying.account, self.buying.clock())
        count = affordable(price, len(items), left)
        if count < len(items):
            told.why = f"the month's budget pays for {count} of {len(items)}"
            if not dry_run:
                now = self.buying.clock()
                await tell_reached(self.journal, self.buying.note, self.buying.account, now, price)
        if dry_run or not count:
            return
        items, price = items[:count], price if count == len(items) else await self._price(items[:count])
        bought = await self.buying.prolong(items, self.rule.days, Order(CAUSE, self.tag(), price))
        told.bought = [*(told.bought or ()), bought]

    async def _price(self, items: Sequence[Item]) -> Money:
        return (await self.buying.quote(Wish(len(items), self.rule.days), items)).price
