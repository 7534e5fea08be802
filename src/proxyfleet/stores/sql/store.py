"""SQLite as every port: each method is one job for the database. No SQL, no threads, no decisions here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from apsw import Connection

from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Gathered, Ledger, Source, SourceEntry
from proxyfleet.ports import ClaimNews, GatewayUser, InventoryNews, JobRun, Standing, Stored
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.ports.sheet import SheetMemory
from proxyfleet.stores.keykeeping import KeyStatus
from proxyfleet.stores.sealing import MOST_SECRETS, sealed_values
from proxyfleet.stores.sql import claims, events, gathering, health, inventory, journal, rotation, sources
from proxyfleet.stores.sql.database import Database
from proxyfleet.stores.sql.gathering import Gathering
from proxyfleet.stores.sql.purchases import SqlitePurchases
from proxyfleet.stores.sql.sheet import SqliteSheetMemory
from proxyfleet.stores.sql.sources import SourceRows
from proxyfleet.stores.storable import storable, with_refused
from proxyfleet.vault import MasterKey

LOOK_EVERY = 0.1
"""Seconds between two looks whether another connection has committed."""


class SqliteStore:
    """What `sqlite:PATH` opens; several processes may have it open at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sheet_memory: SheetMemory = SqliteSheetMemory(database)
        self.purchase_book: PurchaseBook = SqlitePurchases(database)
        self._rows = inventory.Rows(database.ring)
        self._books = claims.SqliteBooks()
        self._sources = SourceRows(database.ring)
        self._gathering = Gathering(database.ring, self._rows)
        self._seen = -1

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
        if dry_run:
            return await self.database.read(lambda connection: self._rows.judge(connection, proxies).answers)
        await self.database.book(sealed_values(proxies))

        def job(connection: Connection) -> list[Stored]:
            answers = self._rows.put(connection, proxies)
            claims.tell_proxies(connection, (one.proxy.id for one in answers if one.verdict != "duplicate"))
            return answers

        return await self.database.write(job)

    async def recalled(self, proxies: Sequence[Proxy]) -> set[int]:
        """Which of them are stored already, of bare ones; see `ports.Recalling`."""
        return await self.database.read(lambda connection: self._rows.recalled(connection, proxies))

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace whole records; see `ports.Inventory`."""
        await self.database.book(sealed_values(proxies))

        def job(connection: Connection) -> None:
            self._rows.change(connection, proxies)
            claims.tell_proxies(connection, (proxy.id for proxy in proxies))

        await self.database.write(job)

    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """Change records as they are now; see `ports.Inventory`."""
        await self.database.book(MOST_SECRETS * len(ids))

        def job(connection: Connection) -> int:
            changed = self._rows.amend_some(connection, ids, change)
            claims.tell_proxies(connection, changed)
            return len(changed)

        return await self.database.write(job)

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out, with what is claimed of them; how many of the ids there were."""

        def job(connection: Connection) -> int:
            claims.forget(connection, ids)
            claims.tell_proxies(connection, ids)
            return inventory.remove(connection, ids)

        return await self.database.write(job)

    async def some(self, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id."""
        return await self.database.read(lambda connection: self._rows.some(connection, ids))

    async def inventory_news(self, after: str | None) -> InventoryNews:
        """What has been changed since."""
        return await self.database.read(lambda connection: claims.inventory_news(connection, after))

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """Decide a batch; see `ports.Claims`."""
        try:
            return await self._decide(orders, node)
        except (UnicodeEncodeError, OverflowError):
            fine = [order for order in orders if storable(order)]
            if len(fine) == len(orders):
                raise
            return with_refused(orders, await self._decide(fine, node))

    async def _decide(self, orders: Sequence[Order], node: str) -> Decided:
        now = self.database.now
        return await self.database.write(lambda connection: claims.decide(connection, self._books, orders, node, now()))

    async def standing(self) -> Standing:
        """Everything that is claimed now."""
        now = self.database.now
        return await self.database.read(lambda connection: claims.standing(connection, now()))

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """What other nodes have changed since."""
        now = self.database.now
        return await self.database.read(lambda connection: claims.claim_news(connection, after, node, now()))

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """Return after a commit of whomever, or in the end; see `ports.Wakes`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while (seen := await self.database.read(_data_version)) == self._seen:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(LOOK_EVERY)
                self._seen = seen

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        return await self.database.read(journal.users)

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""

        def job(connection: Connection) -> None:
            journal.put_user(connection, user)
            claims.tell(connection, "", "users", "")

        await self.database.write(job)

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""

        def job(connection: Connection) -> bool:
            claims.tell(connection, "", "users", "")
            return journal.remove_user(connection, name)

        return await self.database.write(job)

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name."""
        return await self.database.read(journal.settings)

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        await self.database.write(lambda connection: journal.put_setting(connection, name, value))

    async def add_health(self, sums: Sequence[HealthSum]) -> None:
        """Add what a node has learnt; see `ports.Journal`."""
        now = self.database.now
        await self.database.write(lambda connection: health.add(connection, sums, now()))

    async def health_since(self, since: float) -> tuple[float, list[HealthSum]]:
        """What was added to since; see `ports.Journal`."""
        now = self.database.now
        return await self.database.read(lambda connection: (now(), health.since(connection, since)))

    def lease_key(self) -> bytes:
        """Derived from the master key; another one after that was changed."""
        return self.master.derive("gateway leases")

    @property
    def master(self) -> MasterKey:
        """The key that locks all data keys."""
        return self.database.ring.master

    async def key_status(self) -> list[KeyStatus]:
        """All data keys, oldest first."""
        return await rotation.status(self.database)

    async def rotate(self, progress: Callable[[int], None] | None = None) -> int:
        """See `keykeeping.KeyKeeper`."""
        return await rotation.rotate(self.database, progress)

    async def change_master(self, new: MasterKey) -> int:
        """See `keykeeping.KeyKeeper`."""
        return await rotation.change_master(self.database, new)

    # sources ------------------------------------------------------------------------------------------------------

    async def sources(self) -> list[SourceEntry]:
        """Everything kept, by name."""
        return await self.database.read(self._sources.read)

    async def put_source(self, source: Source) -> None:
        """Add an own source, or replace its definition."""
        await self.database.book(1)
        await self.database.write(lambda connection: self._sources.define(connection, source))

    async def remove_source(self, name: str) -> bool:
        """Forget everything about it; its proxies stay."""
        return await self.database.write(lambda connection: sources.remove(connection, name))

    async def switch_source(self, name: str, on: bool | None, because: str | None = None) -> None:
        """Switch on or off, or back to nobody's word with None."""
        await self.database.write(lambda connection: sources.switch(connection, name, on, because))

    async def put_ledger(self, name: str, ledger: Ledger) -> None:
        """Replace the ledger but for `alive`."""
        await self.database.write(lambda connection: sources.put_ledger(connection, name, ledger))

    async def gather(
        self, proxies: Sequence[Proxy], source: str, now: float, *, trusted: bool = True, dry_run: bool = False
    ) -> Gathered:
        """Take in what a free source names; see `ports.SourceBook`. Give long lists in pieces of some thousands."""
        await self.database.book(sealed_values(proxies))

        def job(connection: Connection) -> Gathered:
            if not dry_run:
                told, changed = self._gathering.take(connection, proxies, source, now, trusted)
                claims.tell_proxies(connection, changed)
                return told
            connection.execute("SAVEPOINT trial")
            told, _ = self._gathering.take(connection, proxies, source, now, trusted)
            connection.execute("ROLLBACK TO trial")
            return told

        return await self.database.write(job)

    async def has_gathered(self, source: str) -> bool:
        """Whether the inventory holds a proxy that this source named."""
        return await self.database.read(lambda connection: gathering.has_gathered(connection, source))

    async def worked(self, stamps: Mapping[int, float]) -> None:
        """Gathered proxies that worked, and when; the first time counts for `alive`."""
        await self.database.write(lambda connection: gathering.worked(connection, stamps))

    async def idle(self, before: float, limit: int) -> list[int]:
        """Gathered proxies that neither were added nor have worked since `before`; see `ports.SourceBook`."""
        return await self.database.read(lambda connection: gathering.idle(connection, before, limit))

    async def retire(self, ids: Sequence[int], before: float) -> int:
        """Take out those of the ids that are still idle and of which nothing is claimed; how many."""
        now = self.database.now

        def job(connection: Connection) -> int:
            gone = gathering.retire(connection, ids, before, now())
            claims.forget(connection, gone)
            claims.tell_proxies(connection, gone)
            return len(gone)

        return await self.database.write(job)

    # events, locks, jobs ------------------------------------------------------------------------------------------

    async def record_events(self, told: Sequence[Event]) -> None:
        """Keep them, in this order."""
        await self.database.write(lambda connection: events.record(connection, told))

    async def events(
        self, after: int | None = None, *, limit: int = 1000, kinds: Collection[Happened] = ()
    ) -> list[Recorded]:
        """The next events behind number `after`, or the latest ones; oldest first."""
        return await self.database.read(lambda connection: events.events(connection, after, limit, kinds))

    async def forget_events(self, before: float, most: int) -> int:
        """Drop those older than the instant `before`, and the oldest beyond `most`; how many."""
        return await self.database.write(lambda connection: events.forget(connection, before, most))

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool:
        """Have the lock for `ttl` seconds from now; see `ports.Journal`."""
        now = self.database.now
        return await self.database.write(lambda connection: events.take_lock(connection, name, holder, (now(), ttl)))

    async def release_lock(self, name: str, holder: str) -> None:
        """Give it back; nothing happens when somebody else has it."""
        await self.database.write(lambda connection: events.release_lock(connection, name, holder))

    async def jobs(self) -> list[JobRun]:
        """Every job that a node has set up, by name."""
        return await self.database.read(events.jobs)

    async def put_job(self, job: JobRun) -> None:
        """Add or replace."""
        await self.database.write(lambda connection: events.put_job(connection, job))

    async def close(self) -> None:
        """Finish what was begun and let go of the file."""
        await self.database.close()


def _data_version(connection: Connection) -> int:
    """A number that moves with every commit of any other connection (sqlite.org/pragma)."""
    return int(str(connection.pragma("data_version")))
