"""Wake-ups between nodes: LISTEN and NOTIFY on a connection of their own, never inside a transaction that does something.

Mere hints: one that is lost costs a delay, so whatever goes wrong here is no error. Notes are sent at most twenty times a
second, because a commit with a note in it waits for all others that have one.
"""

import asyncio
from contextlib import suppress
from random import Random

from proxyfleet.stores.errors import StoreClosed, StoreError
from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.driver import Connection, connect
from proxyfleet.stores.postgres.trouble import explained
from proxyfleet.tasks import Tasks

APART = 0.05
"""Seconds between two notes of one node."""
PING_EVERY = 30.0
PAUSES = (0.5, 5.0)
"""Seconds between attempts to connect: at first, and at most."""
PATIENCE = 5.0
FAREWELL = 1.0


class Wakes:
    """`wait` for others, `tell` them. The connection is made when one of the two is first needed."""

    def __init__(self, address: Address, rng: Random) -> None:
        self._address = address
        self._rng = rng
        self._heard = asyncio.Event()
        self._news = asyncio.Event()
        self._told = asyncio.Event()
        self._told.set()
        self._tasks = Tasks()
        self._pid = 0
        self._closed = False

    @property
    def channel(self) -> str:
        """One for each fleet of a database."""
        return f"proxyfleet_{self._address.schema}"[:63]

    async def wait(self, seconds: float) -> None:
        """Return when another node has told something since the last call, or after that time."""
        if self._closed:
            raise StoreClosed
        self._start()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        self._heard.clear()

    def tell(self) -> None:
        """Something was committed; the others hear of it soon."""
        if not self._closed:
            self._told.clear()
            self._news.set()
            self._start()

    def _start(self) -> None:
        if not len(self._tasks):
            self._tasks.spawn(self._run(), name="wake-ups")

    async def _run(self) -> None:
        pause = PAUSES[0]
        while True:
            with suppress(StoreError), explained(self._address.shown):
                connection = await connect(self._address, {})
                pause = PAUSES[0]
                try:
                    await self._serve(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.0))
            pause = min(2 * pause, PAUSES[1])

    async def _serve(self, connection: Connection) -> None:
        """Listen and tell until the connection breaks."""
        self._pid = connection.get_server_pid()
        connection.add_termination_listener(lambda _: self._news.set())
        await connection.add_listener(self.channel, self._hear)
        self._heard.set()  # whatever was told before went unheard
        while not connection.is_closed():
            query = "SELECT pg_notify($1, '')"
            try:
                await asyncio.wait_for(self._news.wait(), PING_EVERY)
                self._news.clear()
            except TimeoutError:
                query = "SELECT $1::text"
            async with asyncio.timeout(PATIENCE):
                await connection.execute(query, self.channel)
            if not self._news.is_set():
                self._told.set()
            await asyncio.sleep(APART)

    def _hear(self, _: object, pid: int, __: str, ___: object) -> None:
        if pid != self._pid:
            self._heard.set()

    async def close(self) -> None:
        """Send what is still to be told, if that goes quickly, and hang up."""
        self._closed = True
        if len(self._tasks):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), FAREWELL)
        await self._tasks.close()
