"""Settles what a provider's answer did not: orders whose answer was lost, intents found after a crash, late deliveries.

Only the provider's list settles, or a person who has looked. Never calls a provider, never spends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from proxyfleet.core.events import Happened
from proxyfleet.core.proxy import DAY
from proxyfleet.core.purchase import Purchase, PurchaseState
from proxyfleet.core.settling import PATIENCE, Told, told_by
from proxyfleet.core.spending import OPEN
from proxyfleet.ports import Stored
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.services.accounts import BuyingFailed, Listed, monthly, owned
from proxyfleet.services.buying import EVERY, Buying

UNSETTLED: Final = (*OPEN, PurchaseState.PLACED)
PROVISIONED: Final = DAY
"""Seconds that an order which was taken may be on its way before rules stop waiting for it."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """For the account of `buying`."""

    buying: Buying

    async def settle_by(self, there: Listed) -> list[Purchase]:
        """What the list settles, oldest first; those that it leaves as they were are not among it."""
        changed = []
        for purchase in reversed(await self._unsettled()):
            if there.at - purchase.at < (PATIENCE if purchase.state is PurchaseState.INTENDED else 0.0):
                continue
            told = told_by(purchase, there.items, there.at, alone=await self._alone(purchase))
            if told.state is not purchase.state and (settled := await self._apply(purchase, told)) is not None:
                changed.append(settled)
        return changed

    async def settle(self, tag: str, *, bought: bool, who: str) -> Purchase:
        """On the word of a person who has looked at the provider. Raises `BuyingFailed`."""
        before = await purchase_of(self.buying.book, tag)
        state = PurchaseState.DONE if bought else PurchaseState.VOID
        settled = await self._apply(before, Told(state, (), f"said by {who}"))
        if settled is None:
            raise BuyingFailed("nothing_to_settle", f"{tag}: somebody else has just settled it; list the orders", tag)
        return settled

    async def on_the_way(self, now: float) -> list[Purchase]:
        """What rules wait for: open orders, and those taken lately that were not delivered yet."""
        return [one for one in await self._unsettled() if one.state in OPEN or now - one.at < PROVISIONED]

    async def _unsettled(self) -> list[Purchase]:
        return await self.buying.book.purchases(provider=self.buying.account.name, states=UNSETTLED)

    async def _alone(self, purchase: Purchase) -> bool:
        """Whether no other order could have brought what is new on the list."""
        return all(one.tag == purchase.tag or one.verb != "buy" for one in await self._unsettled())

    async def _apply(self, purchase: Purchase, told: Told) -> Purchase | None:
        """First the proxies, then the word; None when somebody else was faster."""
        buying = self.buying
        each = monthly(purchase.price, purchase.wish.count, purchase.wish.days) if purchase.verb == "buy" else None
        proxies = owned(buying.account, told.items, each)
        kept = await buying.shelf.put(proxies) if proxies else []
        settled = replace(purchase, state=told.state, because=told.because, settled=buying.clock())
        if not await buying.book.settle(settled, {purchase.state}):
            return None
        self._tell(purchase, settled, kept)
        return settled

    def _tell(self, before: Purchase, after: Purchase, kept: Sequence[Stored]) -> None:
        if after.state is PurchaseState.UNCLEAR:
            self.buying.say(Happened.PURCHASE_UNCLEAR, after)
        elif after.state is PurchaseState.VOID:
            self.buying.say(Happened.PURCHASE_FAILED, after)
        elif before.state in OPEN or after.verb == "prolong":
            self.buying.tell(after, kept)


async def purchase_of(book: PurchaseBook, tag: str) -> Purchase:
    """The purchase of that tag which is still to be settled. Raises `BuyingFailed`."""
    every = await book.purchases(limit=EVERY)
    before = next((one for one in every if one.tag == tag), None)
    if before is None or before.state not in UNSETTLED:
        stands = "there is no such purchase" if before is None else f"it is {before.state} already"
        raise BuyingFailed("nothing_to_settle", f"{tag}: {stands}; `proxyfleet providers orders` lists them", tag)
    return before
