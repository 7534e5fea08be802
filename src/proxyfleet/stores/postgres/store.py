"""PostgreSQL as every port: each method is one job for a connection. No SQL and no decisions here."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Final

from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Gathered, Ledger, Source, SourceEntry
from proxyfleet.ports import ClaimNews, GatewayUser, InventoryNews, JobRun, Standing, Stored
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.ports.sheet import SheetMemory
from proxyfleet.stores.claim_rows import hold_from, lease_from
from proxyfleet.stores.deciding import GONE_AFTER
from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.keykeeping import KeyStatus
from proxyfleet.stores.postgres import (
    claims,
    events,
    feed,
    gathering,
    health,
    inventory,
    journal,
    keys,
    rotation,
    sources,
)
from proxyfleet.stores.postgres.database import Database
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.purchases import PostgresPurchases
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.postgres.sheet import PostgresSheetMemory
from proxyfleet.stores.postgres.sources import SourceRows
from proxyfleet.stores.sealing import MOST_SECRETS, sealed_values
from proxyfleet.tasks import Tasks
from proxyfleet.vault import MasterKey

log = logging.getLogger("proxyfleet.store")

PAGE: Final = 5_000
PATIENCE: Final = 15.0
"""Seconds for one page of a stream."""
TIDY_EVERY: Final = 512
"""Changes of this node between two times that it throws away what nobody will ask for any more."""


class PostgresStore:
    """What `postgresql://...` opens; any number of nodes on any number of machines may have it open at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sheet_memory: SheetMemory = PostgresSheetMemory(database)
        self.purchase_book: PurchaseBook = PostgresPurchases(database)
        self._rows = inventory.Rows(database.ring)
        self._sources = SourceRows(database.ring)
        self._contention = claims.Contention()
        self._tasks = Tasks()
        self._changes = 0

    async def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies in batches, by id, as they are at one instant."""
        async with self.database.snapshot() as connection:
            await keys.learn(connection, self.database.ring)
            cursor = await connection.cursor(SQL["every_proxy"])
            while rows := await cursor.fetch(PAGE, timeout=PATIENCE):
                yield [self._rows.read(row) for row in rows]

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """Store new proxies and update known identities; see `ports.Inventory`.

        Other changes of the inventory wait meanwhile: give long lists in pieces of some thousands.
        """
        await self.database.book(sealed_values(proxies))
        answers = await self.database.change(lambda connection: self._rows.put(connection, proxies, trial=dry_run))
        if not dry_run:
            self._changed()
        return answers

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace whole records; see `ports.Inventory`."""
        await self.database.book(sealed_values(proxies))
        await self.database.change(lambda connection: self._rows.change(connection, proxies))
        self._changed()

    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """Change records as they are now; see `ports.Inventory`."""
        await self.database.book(MOST_SECRETS * len(ids))
        count = await self.database.change(lambda connection: self._rows.amend_some(connection, ids, change))
        self._changed()
        return count

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out, with what is claimed of them; how many of the ids there were."""
        count = await self.database.change(lambda connection: inventory.remove(connection, ids))
        self._changed()
        return count

    async def some(self, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id."""
        return await self.database.reads.run(lambda connection: self._rows.some(connection, ids), reads=True)

    async def inventory_news(self, after: str | None) -> InventoryNews:
        """What has been changed since."""
        return await self.database.reads.run(lambda connection: feed.inventory_news(connection, after), reads=True)

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """Decide a batch; see `ports.Claims`."""
        decided = await claims.decide(self.database.claims, orders, node, self.database.shift, self._contention)
        self._changed()
        return decided

    async def standing(self) -> Standing:
        """Everything that is claimed now."""

        async def job(connection: Connection) -> Standing:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                now, position = await feed.here(connection, self.database.shift)
                leases = [lease_from(row) for row in await connection.fetch(SQL["running"], now)]
                holds = [hold_from(row) for row in await connection.fetch(SQL["standing_holds"], now)]
                return Standing(now, leases, holds, position)

        return await self.database.reads.run(job, reads=True)

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """What other nodes have changed since."""
        shift = self.database.shift
        return await self.database.reads.run(
            lambda connection: feed.claim_news(connection, after, node, shift), reads=True
        )

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """Return when another node has told something, or in the end; see `ports.Wakes`."""
        await self.database.wakes.wait(timeout)

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        return await self.database.reads.run(journal.users, reads=True)

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        await self.database.change(lambda connection: journal.put_user(connection, user))
        self._changed()

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        gone = await self.database.change(lambda connection: journal.remove_user(connection, name))
        self._changed()
        return gone

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name."""
        return await self.database.reads.run(journal.settings, reads=True)

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        await self.database.change(lambda connection: journal.put_setting(connection, name, value))

    async def add_health(self, sums: Sequence[HealthSum]) -> None:
        """Add what a node has learnt; see `ports.Journal`."""
        shift = self.database.shift
        await self.database.change(lambda connection: health.add(connection, sums, shift))

    async def health_since(self, since: float) -> tuple[float, list[HealthSum]]:
        """What was added to since; see `ports.Journal`."""
        shift = self.database.shift
        return await self.database.reads.run(lambda connection: health.since(connection, since, shift), reads=True)

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
        return await self.database.reads.run(self._sources.read, reads=True)

    async def put_source(self, source: Source) -> None:
        """Add an own source, or replace its definition."""
        await self.database.book(1)
        await self.database.change(lambda connection: self._sources.define(connection, source))

    async def remove_source(self, name: str) -> bool:
        """Forget everything about it; its proxies stay."""
        return await self.database.change(lambda connection: sources.remove(connection, name))

    async def switch_source(self, name: str, on: bool | None, because: str | None = None) -> None:
        """Switch on or off, or back to nobody's word with None."""
        await self.database.change(lambda connection: sources.switch(connection, name, on, because))

    async def put_ledger(self, name: str, ledger: Ledger) -> None:
        """Replace the ledger but for `alive`."""
        await self.database.change(lambda connection: sources.put_ledger(connection, name, ledger))

    async def gather(
        self, proxies: Sequence[Proxy], source: str, now: float, *, trusted: bool = True, dry_run: bool = False
    ) -> Gathered:
        """Take in what a free source names; see `ports.SourceBook`. Give long lists in pieces of some thousands."""
        await self.database.book(sealed_values(proxies))
        ring, told = self.database.ring, (source, now, trusted)
        gathered = await self.database.change(
            lambda connection: gathering.take(connection, self._rows, ring, proxies, told, dry_run)
        )
        if not dry_run:
            self._changed()
        return gathered

    async def has_gathered(self, source: str) -> bool:
        """Whether the inventory holds a proxy that this source named."""
        return await self.database.reads.run(lambda connection: gathering.has_gathered(connection, source), reads=True)

    async def worked(self, stamps: Mapping[int, float]) -> None:
        """Gathered proxies that worked, and when; the first time counts for `alive`."""
        await self.database.change(lambda connection: gathering.worked(connection, stamps))

    async def idle(self, before: float, limit: int) -> list[int]:
        """Gathered proxies that neither were added nor have worked since `before`; see `ports.SourceBook`."""
        return await self.database.reads.run(lambda connection: gathering.idle(connection, before, limit), reads=True)

    async def retire(self, ids: Sequence[int], before: float) -> int:
        """Take out those of the ids that are still idle and of which nothing is claimed; how many."""
        shift = self.database.shift
        count = await self.database.change(lambda connection: gathering.retire(connection, ids, before, shift))
        self._changed()
        return count

    # events, locks, jobs ------------------------------------------------------------------------------------------

    async def record_events(self, told: Sequence[Event]) -> None:
        """Keep them, in this order."""
        await self.database.change(lambda connection: events.record(connection, told))

    async def events(
        self, after: int | None = None, *, limit: int = 1000, kinds: Collection[Happened] = ()
    ) -> list[Recorded]:
        """The next events behind number `after`, or the latest ones; oldest first."""
        return await self.database.reads.run(
            lambda connection: events.events(connection, after, limit, kinds), reads=True
        )

    async def forget_events(self, before: float, most: int) -> int:
        """Drop those older than the instant `before`, and the oldest beyond `most`; how many."""
        return await self.database.change(lambda connection: events.forget(connection, before, most))

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool:
        """Have the lock for `ttl` seconds from now; see `ports.Journal`."""
        shift = self.database.shift
        return await self.database.writes.run(lambda connection: events.take_lock(connection, name, holder, ttl, shift))

    async def release_lock(self, name: str, holder: str) -> None:
        """Give it back; nothing happens when somebody else has it."""
        await self.database.writes.run(lambda connection: events.release_lock(connection, name, holder))

    async def jobs(self) -> list[JobRun]:
        """Every job that a node has set up, by name."""
        return await self.database.reads.run(events.jobs, reads=True)

    async def put_job(self, job: JobRun) -> None:
        """Add or replace."""
        await self.database.writes.run(lambda connection: events.put_job(connection, job))

    # what follows a change ----------------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Wake the other nodes, and tidy up now and then."""
        self.database.wakes.tell()
        self._changes += 1
        if self._changes % TIDY_EVERY == 0:
            self._tasks.spawn(self._tidy(), name="tidy")

    async def _tidy(self) -> None:
        shift = self.database.shift
        try:
            await self.database.writes.run(lambda connection: feed.tidy(connection, shift, GONE_AFTER))
        except StoreError as error:
            log.warning("action=tidy error=%s", error)

    async def close(self) -> None:
        """Finish what was begun and hang up."""
        await self._tasks.close()
        await self.database.close()
