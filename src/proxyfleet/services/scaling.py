"""Refills the fleet when free slots run short: from sources, which cost nothing, then from providers (SPEC B6).

It begins below one mark and ends above a higher one, does one thing at a time, and lets each have its effect before the
next; while an order is being provisioned it waits. What it did last is remembered in the store, for whichever node is next.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

from proxyfleet.core.proxy import DEFAULT_CAPACITY
from proxyfleet.core.purchase import Purchase, Wish
from proxyfleet.ports import Journal
from proxyfleet.services.accounts import BuyingFailed
from proxyfleet.services.allowing import affordable, left_of, tell_reached
from proxyfleet.services.buying import Buying, Order
from proxyfleet.services.purchase_models import shown_money
from proxyfleet.services.reconciling import Reconciling

STATE: Final = "scaling"
"""The setting of the store that holds what was done last."""
CAUSE: Final = "refilling rule"
AGAIN: Final = 0.25
"""After this share of the cool-down a provider is asked again that could not be reached: nothing was done that could show."""


class ScalingRule(NamedTuple):
    """Slots that are free: below the first mark refilling begins, at the second it ends. `cool_down` is seconds."""

    below: int
    until: int
    cool_down: float


class Supply(NamedTuple):
    """Where to buy: `wish` says what, for a number; `most` proxies may be `held` of it (0: no limit), `at_once` bought."""

    buying: Buying
    reconciling: Reconciling
    wish: Callable[[int], Wish]
    held: Callable[[], Awaitable[int]]
    most: int
    at_once: int


class Stand(NamedTuple):
    """What is remembered: whether refilling is on, when something was done last, whether sources were looked at."""

    on: bool = False
    last: float = 0.0
    looked: bool = False


@dataclass(frozen=True, slots=True)
class Scaling:
    """`free` counts the slots that are free now, `fetch` looks at the sources there are, `tag` makes new tags."""

    journal: Journal
    rule: ScalingRule
    free: Callable[[], Awaitable[int]]
    fetch: Callable[[], Awaitable[str]] | None
    supplies: Sequence[Supply]
    tag: Callable[[], str]

    async def run(self, now: float, *, dry_run: bool = False) -> str:
        """Do the next thing, if any; a line for people. Raises the store's errors."""
        free, stand = await self.free(), await self._stand()
        slots = f"{free:,} slots free"
        if free >= (self.rule.until if stand.on else self.rule.below):
            if stand.on and not dry_run:
                await self._keep(Stand(last=stand.last))
            return f"{slots}: enough"
        if now - stand.last < self.rule.cool_down:
            return f"{slots}: waits for what was done {now - stand.last:.0f} s ago to show"
        if under_way := await self._under_way(now):
            return f"{slots}: waits for {under_way}"
        if self.fetch is not None and not stand.looked:
            return f"{slots}: {await self._look(now, dry_run)}"
        return f"{slots}: {await self._buy(now, self.rule.until - free, dry_run)}"

    async def _stand(self) -> Stand:
        kept = (await self.journal.settings()).get(STATE)
        return Stand() if kept is None else Stand(*json.loads(kept))

    async def _keep(self, stand: Stand) -> None:
        await self.journal.put_setting(STATE, json.dumps(stand))

    async def _under_way(self, now: float) -> str:
        found = [one for supply in self.supplies for one in await supply.reconciling.on_the_way(now)]
        return next((f"order {one.tag} from {one.provider}, which is {one.state}" for one in found), "")

    async def _look(self, now: float, dry_run: bool) -> str:
        if dry_run or self.fetch is None:
            return "would look at sources"
        await self._keep(Stand(on=True, last=now, looked=True))
        return await self.fetch()

    async def _buy(self, now: float, missing: int, dry_run: bool) -> str:
        """From the first that sells; what is remembered is written first, so that a crash does not buy twice."""
        problems, away = [], False
        if not dry_run:
            await self._keep(Stand(on=True, last=now, looked=True))
        for supply in self.supplies:
            name = supply.buying.account.name
            try:
                told = await self._from(supply, now, missing, dry_run)
            except BuyingFailed as error:
                told, away = str(error), away or error.code == "away"
                if error.code == "unclear":  # it may have sold: whoever asks another one now would have both
                    return told
            else:
                if isinstance(told, Purchase):
                    return f"{told.wish.count} bought from {name} for {shown_money(told.price)}"
                if dry_run and told.startswith("would"):
                    return told
            problems.append(told)
        if away and not dry_run:
            await self._keep(Stand(on=True, last=now - (1.0 - AGAIN) * self.rule.cool_down, looked=True))
        return "; ".join(problems) or "no source and no provider is named; say some in [scaling]"

    async def _from(self, supply: Supply, now: float, missing: int, dry_run: bool) -> Purchase | str:
        """What was bought, or why nothing was."""
        buying, name = supply.buying, supply.buying.account.name
        count = min(ceil(missing / DEFAULT_CAPACITY), supply.at_once)
        if supply.most:
            count = min(count, supply.most - await supply.held())
        if count <= 0:
            return f"the fleet holds {supply.most} proxies of {name} already, as many as it may"
        price = (await buying.quote(supply.wish(count))).price
        fitting = affordable(price, count, await left_of(buying.book, buying.account, now))
        if fitting < count and not dry_run:
            await tell_reached(self.journal, buying.note, buying.account, now, price)
        if not fitting:
            return f"the month's budget of {name} does not pay for another one"
        if fitting < count:
            price = (await buying.quote(supply.wish(fitting))).price
        if dry_run:
            return f"would buy {fitting} from {name} for {shown_money(price)}"
        return await buying.buy(supply.wish(fitting), Order(CAUSE, self.tag(), price))
