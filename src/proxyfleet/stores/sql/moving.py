"""Whole fleets out of SQLite and into it (`ports.Mover`): each method is one job for the database."""

from collections.abc import Sequence

from apsw import Connection

from proxyfleet.core.lease import Hold
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Purchase
from proxyfleet.core.source import SourceEntry
from proxyfleet.ports.moving import Fence, Find
from proxyfleet.stores.records import Row
from proxyfleet.stores.sealing import new_uuids, sealed_values
from proxyfleet.stores.sql import purchases, sources
from proxyfleet.stores.sql.claims import tell_proxies
from proxyfleet.stores.sql.database import Database
from proxyfleet.stores.sql.inventory import Rows
from proxyfleet.stores.sql.keys import refresh
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.sources import SourceRows

TABLES = ("proxies", "users", "sources", "events", "holds", "purchases")
"""Where there is nothing, the fleet is empty."""
THROWN_AWAY = (
    *("leases", "holds", "claim_keys", "found", "health_sums", "proxies", "users", "settings", "sources", "events"),
    *("jobs", "locks", "sheet_rows", "sheet_writes", "sheet_claims", "purchases"),
)


class SqliteMover:
    """`ports.Mover` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database.ring)
        self._sources = SourceRows(database.ring)

    async def last_id(self) -> int:
        """The greatest id that a proxy has ever had."""
        return await self._database.read(lambda connection: int(str(connection.execute(SQL["last_proxy"]).get)))

    async def finds(self) -> list[Find]:
        """All of them, by proxy."""
        return await self._database.read(_finds)

    async def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return await self._database.read(lambda connection: not any(_has_rows(connection, name) for name in TABLES))

    async def clear(self) -> None:
        """Throw everything away but the keys."""
        await self._database.write(_clear)

    async def load(self, proxies: Sequence[Proxy], last_id: int) -> None:
        """Store records under the ids that they have."""
        await self._database.book(sealed_values(proxies))

        def job(connection: Connection) -> None:
            refresh(connection, self._database.ring)
            uuids = new_uuids(len(proxies))
            rows = ((proxy.id, *self._rows.written(proxy, uuid)) for proxy, uuid in zip(proxies, uuids, strict=True))
            connection.executemany(SQL["insert_numbered"], rows)
            connection.execute(SQL["begin_ids"])
            connection.execute(SQL["raise_last_proxy"], (last_id,))
            tell_proxies(connection, (proxy.id for proxy in proxies))

        await self._database.write(job)

    async def load_sources(self, entries: Sequence[SourceEntry]) -> None:
        """Definitions, switches and ledgers, as they are."""
        await self._database.book(len(entries))

        def job(connection: Connection) -> None:
            for entry in entries:
                if entry.own is not None:
                    self._sources.define(connection, entry.own)
                sources.switch(connection, entry.name, entry.switched, entry.because)
                sources.put_ledger(connection, entry.name, entry.ledger)
                connection.execute(SQL["set_alive"], (entry.ledger.alive, entry.name))

        await self._database.write(job)

    async def load_finds(self, finds: Sequence[Find]) -> None:
        """Of proxies and sources that are there already."""

        def job(connection: Connection) -> None:
            numbers = {name: str(sources.note(connection, name)) for one in finds for name in one.sources}
            rows = ((one.proxy_id, _marks(one, numbers), one.trusted, one.added, one.worked) for one in finds)
            connection.executemany(SQL["load_found"], rows)

        await self._database.write(job)

    async def load_holds(self, holds: Sequence[Hold]) -> None:
        """Assignments, and pairs that cool down."""
        rows = [(*hold[:4], *hold.holder, *hold[5:]) for hold in holds]
        await self._database.write(lambda connection: _load_holds(connection, rows))

    async def fences(self) -> list[Fence]:
        """Of every slot that was ever leased."""
        return await self._database.read(lambda connection: [Fence(*row) for row in connection.execute(SQL["fences"])])

    async def load_fences(self, fences: Sequence[Fence]) -> None:
        """As ended leases."""
        await self._database.write(lambda connection: _raise_fences(connection, fences))

    async def load_purchases(self, bought: Sequence[Purchase]) -> None:
        """As they are, in that order."""
        await self._database.write(lambda connection: purchases.load(connection, bought))


def _has_rows(connection: Connection, table: str) -> bool:
    return bool(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").get)  # noqa: S608 - a name of TABLES


def _clear(connection: Connection) -> None:
    for table in THROWN_AWAY:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of THROWN_AWAY


def _finds(connection: Connection) -> list[Find]:
    names = {str(number): str(name) for number, name in connection.execute(SQL["source_numbers"])}
    rows: list[Row] = connection.execute(SQL["all_found"]).fetchall()
    return [
        Find(
            row[0], tuple(sorted(names[one] for one in row[1].split(",") if one in names)), row[2] == 1, row[3], row[4]
        )
        for row in rows
    ]


def _marks(find: Find, numbers: dict[str, str]) -> str:
    """The numbers of its sources as they stand in `found.sources`."""
    return "," + "".join(f"{numbers[name]}," for name in find.sources)


def _raise_fences(connection: Connection, fences: Sequence[Fence]) -> None:
    connection.executemany(SQL["raise_fence"], fences)


def _load_holds(connection: Connection, rows: Sequence[Row]) -> None:
    connection.executemany(SQL["put_hold"], rows)
