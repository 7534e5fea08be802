"""The book of purchases in a dict of this process: the reference. Calls nobody, decides about money and nothing else."""

from collections.abc import Collection

from proxyfleet.core.errors import DuplicatePurchase
from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState
from proxyfleet.core.spending import refused, sums


class MemoryPurchases:
    """`ports.buying.PurchaseBook` of one process."""

    def __init__(self) -> None:
        self._purchases: dict[str, Purchase] = {}

    async def intend(self, purchase: Purchase, budget: Budget) -> Money | None:
        """Write the intent down if the budget allows it; else what is left."""
        if purchase.tag in self._purchases:
            raise DuplicatePurchase(purchase.tag)
        left = refused(budget, await self.spent(purchase.provider, budget.since, budget.until), purchase.price)
        if left is None:
            self._purchases[purchase.tag] = purchase
        return left

    async def settle(self, purchase: Purchase, was: Collection[PurchaseState]) -> bool:
        """Replace it if it stands at one of `was`."""
        before = self._purchases.get(purchase.tag)
        if before is None or before.state not in was:
            return False
        self._purchases[purchase.tag] = purchase
        return True

    async def purchases(
        self, *, provider: str | None = None, states: Collection[PurchaseState] = (), limit: int = 1000
    ) -> list[Purchase]:
        """The latest ones, latest first."""
        found = [
            one
            for one in reversed(self._purchases.values())
            if provider in (None, one.provider) and (not states or one.state in states)
        ]
        return found[:limit]

    async def spent(self, provider: str, since: float, until: float) -> list[Money]:
        """What the span has cost so far."""
        return sums((one for one in self._purchases.values() if one.provider == provider), since, until)
