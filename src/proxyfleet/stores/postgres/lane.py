"""One connection that is kept open and reopened, for one job at a time. Knows no tables.

Who cannot reach the server is told so at once for a moment, so that many callers do not wait one after the other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TypeVar

from proxyfleet.stores.errors import StoreAway, StoreClosed
from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.driver import Connection, connect
from proxyfleet.stores.postgres.trouble import explained, explanation, is_gone, is_worth_another_try

T = TypeVar("T")
Job = Callable[[Connection], Awaitable[T]]
TRIES = 6
FIRST_PAUSE = 0.01
AWAY_SECONDS = 1.0
"""For so long nobody tries to connect again after it has failed."""


class Lane:
    """`rules` are settings of its session; `patience` seconds may pass until a job has ended."""

    def __init__(self, address: Address, rules: Mapping[str, str], patience: float, rng: Random) -> None:
        self._address = address
        self._rules = rules
        self._patience = patience
        self._rng = rng
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._away: tuple[float, str] = (float("-inf"), "")
        self._closed = False

    async def run(self, job: Job[T], *, reads: bool = False, patience: float | None = None) -> T:
        """What the job gives; it is repeated when other transactions were in its way, and so must be one transaction.

        One that only `reads` is also repeated, once, when its connection breaks. `patience` is another one than usual.
        Raises `StoreError` and its kinds.
        """
        async with self._lock:
            for attempt in range(TRIES):
                connection = await self._ready()
                try:
                    return await self._performed(job, connection, patience or self._patience)
                except Exception as error:
                    last = attempt == TRIES - 1
                    if is_gone(error):
                        if reads and attempt == 0:
                            continue
                        raise explanation(error, self._address.shown, lost=not reads) from error
                    if last or not is_worth_another_try(error):
                        with explained(self._address.shown):
                            raise
                await asyncio.sleep(FIRST_PAUSE * 2**attempt * self._rng.uniform(0.5, 1.5))
            raise AssertionError("the last attempt returns or raises")

    async def _performed(self, job: Job[T], connection: Connection, patience: float) -> T:
        """A job that was cut off has left its connection in the middle of something."""
        try:
            async with asyncio.timeout(patience):
                return await job(connection)
        except BaseException as error:
            if is_gone(error) or not isinstance(error, Exception):
                connection.terminate()
            raise

    async def _ready(self) -> Connection:
        if self._closed:
            raise StoreClosed
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            self._connection = await self._connected()
        return self._connection

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        since, cause = self._away
        if loop.time() - since < AWAY_SECONDS:
            raise StoreAway(cause)
        try:
            with explained(self._address.shown):
                return await connect(self._address, self._rules)
        except StoreAway as error:
            self._away = loop.time(), str(error)
            raise

    async def close(self) -> None:
        """Let the job that runs end, then hang up; later jobs are refused."""
        self._closed = True
        async with self._lock:
            if self._connection is not None and not self._connection.is_closed():
                await hang_up(self._connection)


async def hang_up(connection: Connection) -> None:
    """Close politely, or else at once."""
    try:
        await connection.close(timeout=2.0)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it shall only end
        connection.terminate()
