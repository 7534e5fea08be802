"""An open database of a process: one thread that writes, one that reads, the keys that unlock it. Knows no nouns."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from apsw import Connection

from proxyfleet.clock import Clock
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.keykeeping import USES_BLOCK
from proxyfleet.stores.sql import keys
from proxyfleet.stores.sql.migrating import Step, steps_in
from proxyfleet.stores.sql.opening import Opened, open_database
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.stores.sql.writer import Writer
from proxyfleet.vault import Keyring, KeySource

T = TypeVar("T")


class Database:
    """`write` and `read` run a function of a connection in a transaction and answer on the event loop; one loop at a time."""

    def __init__(self, path: Path, opened: Opened, ring: Keyring, now: Clock) -> None:
        self.path = path
        self.ring = ring
        self.now = now
        self.backup = opened.backup
        self.checked = opened.checked
        self._connections = (opened.writing, opened.reading)
        self._writer = Writer(opened.writing, path)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proxyfleet-reader")
        self._closed = False
        self._booked = ("", 0)

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run `job` in a transaction together with whatever else waits; its result once it is on disk."""
        return await self._writer.run(job)

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on a snapshot of what is committed."""
        if self._closed:
            raise StoreClosed
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._snapshot, job)

    def _snapshot(self, job: Callable[[Connection], T]) -> T:
        connection = self._connections[1]
        with explained(self.path):
            connection.execute("BEGIN")
            try:
                return job(connection)
            finally:
                connection.execute("COMMIT")

    async def book(self, uses: int) -> None:
        """Make sure that many uses of the sealing key are counted on disk before they happen."""
        kid, left = self._booked
        if uses and (kid != self.ring.primary or left < uses):
            block = max(USES_BLOCK, uses)
            self._booked = kid, left = await self.write(lambda connection: keys.reserve(connection, block)), block
        self._booked = kid, left - uses

    async def close(self) -> None:
        """Finish what was begun, then let go of the file."""
        if not self._closed:
            self._closed = True
            self._writer.end()
            await asyncio.get_running_loop().run_in_executor(None, self._let_go)

    def _let_go(self) -> None:
        self._writer.join()
        self._reader.shutdown()
        for connection in reversed(self._connections):
            connection.close()


def open_and_unlock(path: Path, source: KeySource, now: Clock, steps: Sequence[Step] | None = None) -> Database:
    """Open, check, migrate, unlock. Blocking. Raises `StoreError` and its kinds, in one line with the remedy."""
    opened = open_database(path, steps or steps_in())
    try:
        with explained(path):
            ring = keys.unlock(opened.writing, path, source, now())
    except BaseException:
        opened.reading.close()
        opened.writing.close()
        raise
    return Database(path, opened, ring, now)
