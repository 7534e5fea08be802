"""SQLite as inventory and journal: each method is one job for the database. No SQL, no threads, no decisions here."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from apsw import Connection

from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import GatewayUser, Stored
from proxyfleet.stores.sql import inventory, journal
from proxyfleet.stores.sql.database import Database


class SqliteStore:
    """What `sqlite:PATH` opens; several processes may have it open at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rows = inventory.Rows(database.ring)

    @property
    def path(self) -> Path:
        """The database file."""
        return self.database.path

    async def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies in batches, by id; each batch is a snapshot of its own."""
        last = 0
        while batch := await self._page(last):
            yield batch
            last = batch[-1].id

    async def _page(self, after: int) -> list[Proxy]:
        return await self.database.read(lambda connection: self._rows.page(connection, after))

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """Store new proxies and update known identities; see `ports.Inventory`.

        Other writers wait meanwhile: give long lists in pieces of some thousands.
        """
        await self.database.book(inventory.sealed_values(proxies))

        def job(connection: Connection) -> list[Stored]:
            if not dry_run:
                return self._rows.put(connection, proxies)
            connection.execute("SAVEPOINT trial")
            answers = self._rows.put(connection, proxies)
            connection.execute("ROLLBACK TO trial")
            return answers

        return await self.database.write(job)

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace whole records; see `ports.Inventory`."""
        await self.database.book(inventory.sealed_values(proxies))
        await self.database.write(lambda connection: self._rows.change(connection, proxies))

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out; how many of the ids there were."""
        return await self.database.write(lambda connection: inventory.remove(connection, ids))

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        return await self.database.read(journal.users)

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        await self.database.write(lambda connection: journal.put_user(connection, user))

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        return await self.database.write(lambda connection: journal.remove_user(connection, name))

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name."""
        return await self.database.read(journal.settings)

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        await self.database.write(lambda connection: journal.put_setting(connection, name, value))

    async def close(self) -> None:
        """Finish what was begun and let go of the file."""
        await self.database.close()
