"""Whole fleets out of PostgreSQL and into it (`ports.Mover`): each method is one job for a connection."""

from collections.abc import Sequence

from proxyfleet.core.lease import Hold
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Purchase
from proxyfleet.core.source import SourceEntry
from proxyfleet.ports.moving import Fence, Find
from proxyfleet.stores.postgres import purchases, sources
from proxyfleet.stores.postgres.database import Database
from proxyfleet.stores.postgres.driver import Connection, columns
from proxyfleet.stores.postgres.feed import tell_proxies
from proxyfleet.stores.postgres.inventory import Rows
from proxyfleet.stores.postgres.keys import lock_inventory, refresh
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.postgres.sources import SourceRows
from proxyfleet.stores.sealing import sealed_values


class PostgresMover:
    """`ports.Mover` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database.ring)
        self._sources = SourceRows(database.ring)

    async def last_id(self) -> int:
        """The greatest id that a proxy has ever had."""
        return await self._database.change(lock_inventory) - 1

    async def finds(self) -> list[Find]:
        """All of them, by proxy."""
        rows = await self._database.reads.run(lambda connection: connection.fetch(SQL["all_found"]), reads=True)
        return [Find(row[0], tuple(sorted(row[1])), *row[2:]) for row in rows]

    async def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not await self._database.reads.run(_has_rows, reads=True)

    async def clear(self) -> None:
        """Throw everything away but the keys."""
        await self._database.change(_clear)

    async def load(self, proxies: Sequence[Proxy], last_id: int) -> None:
        """Store records under the ids that they have."""
        await self._database.book(sealed_values(proxies))

        async def job(connection: Connection) -> None:
            await refresh(connection, self._database.ring)
            await self._rows.insert(connection, proxies)
            await connection.execute(SQL["use_ids"], last_id)
            await tell_proxies(connection, (proxy.id for proxy in proxies))

        await self._database.change(job)

    async def load_sources(self, entries: Sequence[SourceEntry]) -> None:
        """Definitions, switches and ledgers, as they are."""
        await self._database.book(len(entries))

        async def job(connection: Connection) -> None:
            for entry in entries:
                if entry.own is not None:
                    await self._sources.define(connection, entry.own)
                await sources.switch(connection, entry.name, entry.switched, entry.because)
                await sources.put_ledger(connection, entry.name, entry.ledger)
                await connection.execute(SQL["set_alive"], entry.name, entry.ledger.alive)

        await self._database.change(job)

    async def load_finds(self, finds: Sequence[Find]) -> None:
        """Of proxies and sources that are there already."""
        rows = [(one.proxy_id, list(one.sources), *one[2:]) for one in finds]
        await self._database.change(lambda connection: connection.executemany(SQL["put_found"], rows))

    async def load_holds(self, holds: Sequence[Hold]) -> None:
        """Assignments, and pairs that cool down."""
        rows = columns([(*hold[:4], *hold.holder, *hold[5:], 0) for hold in holds], 11)
        await self._database.change(lambda connection: connection.execute(SQL["put_holds"], *rows))

    async def fences(self) -> list[Fence]:
        """Of every slot that was ever leased."""
        rows = await self._database.reads.run(lambda connection: connection.fetch(SQL["fences"]), reads=True)
        return [Fence(*row) for row in rows]

    async def load_fences(self, fences: Sequence[Fence]) -> None:
        """As ended leases."""
        await self._database.change(lambda connection: connection.executemany(SQL["raise_fence"], fences))

    async def load_purchases(self, bought: Sequence[Purchase]) -> None:
        """As they are, in that order."""
        await self._database.change(lambda connection: purchases.load(connection, bought))


async def _has_rows(connection: Connection) -> bool:
    return bool(await connection.fetchval(SQL["has_rows"]))


async def _clear(connection: Connection) -> None:
    await connection.execute(SQL["clear"])
