"""An open fleet in PostgreSQL: its connections, each for one kind of work, and the keys that unlock it. Knows no nouns."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final, TypeVar

from proxyfleet.clock import Clock
from proxyfleet.stores.errors import NoDatabase, StoreClosed
from proxyfleet.stores.keykeeping import USES_BLOCK
from proxyfleet.stores.postgres import keys
from proxyfleet.stores.postgres.address import Address, address_of
from proxyfleet.stores.postgres.driver import Connection, connect
from proxyfleet.stores.postgres.lane import Lane, hang_up
from proxyfleet.stores.postgres.migrating import Step, migrate, version_of
from proxyfleet.stores.postgres.restored import settle_restored
from proxyfleet.stores.postgres.trouble import explained
from proxyfleet.stores.postgres.wakes import Wakes
from proxyfleet.vault import Keyring, KeySource

log = logging.getLogger("proxyfleet.store")

T = TypeVar("T")
Job = Callable[[Connection], Awaitable[T]]

ALIVE: Final = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
CLAIMS: Final = {
    **ALIVE,
    "statement_timeout": "2s",
    "lock_timeout": "500ms",
    "idle_in_transaction_session_timeout": "2s",
    # Rows are found by their keys, whatever the statistics of a young table say: a plan that reads all of it is made once and
    # then kept while the table grows.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
READS: Final = {**ALIVE, "statement_timeout": "30s"}
WRITES: Final = {
    **ALIVE,
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
}


class Database:
    """`claims`, `reads` and `writes` run jobs, each on a connection of its own, so that none waits for another kind.

    `shift` is added to the server's clock wherever claims are concerned; only tests move it.
    """

    def __init__(self, address: Address, ring: Keyring, now: Clock, rng: Random) -> None:
        self.address = address
        self.ring = ring
        self.now = now
        self.shift = 0.0
        self.wakes = Wakes(address, rng)
        self.claims = Lane(address, CLAIMS, 5.0, rng)
        self.reads = Lane(address, READS, 30.0, rng)
        self.writes = Lane(address, WRITES, 120.0, rng)
        self._closed = False
        self._booked = ("", 0)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection of its own that sees one instant, for as long as the caller likes."""
        if self._closed:
            raise StoreClosed
        with explained(self.address.shown):
            connection = await connect(self.address, ALIVE)
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield connection
            finally:
                await hang_up(connection)

    async def change(self, job: Job[T]) -> T:
        """Run a job of the inventory: in one transaction, the only one of its kind at a time."""

        async def locked(connection: Connection) -> T:
            async with connection.transaction():
                await keys.lock_inventory(connection)
                return await job(connection)

        return await self.writes.run(locked)

    async def book(self, uses: int) -> None:
        """Make sure that many uses of the sealing key are counted before they happen."""
        kid, left = self._booked
        if uses and (kid != self.ring.primary or left < uses):
            block = max(USES_BLOCK, uses)
            self._booked = kid, left = await self.change(lambda connection: keys.reserve(connection, block)), block
        self._booked = kid, left - uses

    async def close(self) -> None:
        """Finish what was begun, then hang up."""
        self._closed = True
        await self.wakes.close()
        for lane in (self.claims, self.writes, self.reads):
            await lane.close()


async def open_and_unlock(
    url: str, source: KeySource, now: Clock, *, steps: Sequence[Step] | None = None, make: bool = True
) -> Database:
    """Connect, migrate, unlock. Raises `StoreError` and its kinds, in one line with the remedy.

    Without `make` a database in which there is no fleet is refused with `NoDatabase`.
    """
    address, rng = address_of(url), Random()
    lane = Lane(address, WRITES, 120.0, rng)

    async def job(connection: Connection) -> Keyring:
        if not make and not await version_of(connection, address):
            raise NoDatabase(address.shown)
        await migrate(connection, address, steps)
        if await settle_restored(connection):
            log.warning(
                "action=open the fleet was restored from a dump: its leases have ended, tokens of before are void"
            )
        return await keys.unlock(connection, address.shown, source, now())

    try:
        ring = await lane.run(job)
    finally:
        await lane.close()
    return Database(address, ring, now, rng)
