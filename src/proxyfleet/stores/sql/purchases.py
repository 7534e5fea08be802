"""The book of purchases in SQLite: each method is one job for the database. Calls nobody."""

import json
from collections.abc import Collection, Sequence

from apsw import Connection

from proxyfleet.core.errors import DuplicatePurchase
from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState
from proxyfleet.core.spending import refused
from proxyfleet.stores.purchase_rows import from_row, spent, to_row
from proxyfleet.stores.records import Row
from proxyfleet.stores.sql.database import Database
from proxyfleet.stores.sql.queries import SQL


class SqlitePurchases:
    """`ports.buying.PurchaseBook` beside the inventory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(self, purchase: Purchase, budget: Budget) -> Money | None:
        """Write the intent down if the budget allows it, in one transaction; else what is left."""
        return await self._database.write(lambda connection: _intend(connection, purchase, budget))

    async def settle(self, purchase: Purchase, was: Collection[PurchaseState]) -> bool:
        """Replace it if it stands at one of `was`."""
        return await self._database.write(lambda connection: _settle(connection, purchase, was))

    async def purchases(
        self, *, provider: str | None = None, states: Collection[PurchaseState] = (), limit: int = 1000
    ) -> list[Purchase]:
        """The latest ones, latest first."""
        asked = (provider, json.dumps(sorted(states)), limit)
        rows = await self._database.read(lambda connection: _rows(connection, asked))
        return [from_row(row) for row in rows]

    async def spent(self, provider: str, since: float, until: float) -> list[Money]:
        """What the span has cost so far."""
        return await self._database.read(lambda connection: _spent(connection, provider, since, until))


def load(connection: Connection, purchases: Sequence[Purchase]) -> None:
    """As they are, in that order; for whoever moves a whole fleet."""
    connection.executemany(SQL["put_purchase"], (to_row(one) for one in purchases))


def _intend(connection: Connection, purchase: Purchase, budget: Budget) -> Money | None:
    if connection.execute(SQL["purchase_exists"], (purchase.tag,)).get:
        raise DuplicatePurchase(purchase.tag)
    left = refused(budget, _spent(connection, purchase.provider, budget.since, budget.until), purchase.price)
    if left is None:
        connection.execute(SQL["put_purchase"], to_row(purchase))
    return left


def _settle(connection: Connection, purchase: Purchase, was: Collection[PurchaseState]) -> bool:
    if connection.execute(SQL["purchase_state"], (purchase.tag,)).get not in was:
        return False
    connection.execute(SQL["settle_purchase"], to_row(purchase))
    return True


def _rows(connection: Connection, asked: tuple[str | None, str, int]) -> list[Row]:
    return connection.execute(SQL["purchases"], asked).fetchall()


def _spent(connection: Connection, provider: str, since: float, until: float) -> list[Money]:
    rows: list[Row] = connection.execute(SQL["purchase_prices"], (provider, since, until)).fetchall()
    return spent(rows)
