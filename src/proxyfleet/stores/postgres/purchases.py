"""The book of purchases in PostgreSQL: each method is one job for a connection, changes one at a time. Calls nobody."""

from collections.abc import Collection, Sequence

from proxyfleet.core.errors import DuplicatePurchase
from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState
from proxyfleet.core.spending import refused
from proxyfleet.stores.postgres.database import Database
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.purchase_rows import from_row, spent, to_row


class PostgresPurchases:
    """`ports.buying.PurchaseBook` beside the inventory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(self, purchase: Purchase, budget: Budget) -> Money | None:
        """Write the intent down if the budget allows it, in one transaction; else what is left."""
        return await self._database.change(lambda connection: _intend(connection, purchase, budget))

    async def settle(self, purchase: Purchase, was: Collection[PurchaseState]) -> bool:
        """Replace it if it stands at one of `was`."""
        asked = (*to_row(purchase), [state.value for state in was])
        tag = await self._database.change(lambda connection: connection.fetchval(SQL["settle_purchase"], *asked))
        return tag is not None

    async def purchases(
        self, *, provider: str | None = None, states: Collection[PurchaseState] = (), limit: int = 1000
    ) -> list[Purchase]:
        """The latest ones, latest first."""
        asked = (provider, [state.value for state in states], limit)
        rows = await self._database.reads.run(lambda connection: connection.fetch(SQL["purchases"], *asked), reads=True)
        return [from_row(row) for row in rows]

    async def spent(self, provider: str, since: float, until: float) -> list[Money]:
        """What the span has cost so far."""
        return await self._database.reads.run(lambda connection: _spent(connection, provider, since, until), reads=True)


async def load(connection: Connection, purchases: Sequence[Purchase]) -> None:
    """As they are, in that order; for whoever moves a whole fleet."""
    await connection.executemany(SQL["put_purchase"], [to_row(one) for one in purchases])


async def _intend(connection: Connection, purchase: Purchase, budget: Budget) -> Money | None:
    if await connection.fetchval(SQL["purchase_exists"], purchase.tag):
        raise DuplicatePurchase(purchase.tag)
    left = refused(budget, await _spent(connection, purchase.provider, budget.since, budget.until), purchase.price)
    if left is None:
        await connection.execute(SQL["put_purchase"], *to_row(purchase))
    return left


async def _spent(connection: Connection, provider: str, since: float, until: float) -> list[Money]:
    return spent(await connection.fetch(SQL["purchase_prices"], provider, since, until))
