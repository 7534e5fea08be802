"""The connection to Redis: runs scripts and a few plain commands, and turns every failure into one line. Knows no claims.

Nothing is ever sent twice by itself: when an answer is missing, what was asked may have happened (`StoreAway.lost`).
"""

import asyncio
from typing import Any, Final, TypeAlias

from redis import exceptions as failures
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from proxyfleet.stores.errors import StoreAway, StoreClosed, StoreError, StoreUnusable
from proxyfleet.stores.redis.address import RedisAddress
from proxyfleet.stores.redis.keys import names
from proxyfleet.stores.redis.scripts import Script

CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 10.0
"""Seconds; a disk that is slow under `appendfsync always` answers late, not never."""
MOST_CONNECTIONS: Final = 32
"""Of one process; further calls wait for their turn."""
WARM: Final = 0.05
"""Seconds for which a connection is taken to stand without a look."""
MOST_WARM: Final = 4
Argument: TypeAlias = str | bytes | int | float
GONE: Final = (
    failures.ConnectionError,
    failures.TimeoutError,
    failures.ClusterDownError,
    failures.TryAgainError,
    OSError,
)
"""What passes by itself: nobody there, or nobody in charge. An answer that comes too late is an OSError."""


class RedisServer:
    """One Redis, with a few connections; comes back by itself."""

    def __init__(self, address: RedisAddress) -> None:
        self.address = address
        self.keys = names(address.prefix)
        self.closed = False
        self._warm: list[tuple[Any, float]] = []  # Any: see `_take`
        self._pool = BlockingConnectionPool.from_url(
            address.url,
            max_connections=MOST_CONNECTIONS,
            timeout=ANSWER_WITHIN,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_WITHIN,
            retry=Retry(NoBackoff(), 0),
        )

    async def run(self, script: Script, *arguments: Argument) -> bytes:
        """The script's answer; its text travels only when this Redis has not seen it yet."""
        keys = [str(len(self.keys)), *self.keys]
        try:
            return bytes(await self.ask("EVALSHA", script.digest, *keys, *arguments))
        except failures.NoScriptError:
            return bytes(await self.ask("EVAL", script.text, *keys, *arguments))

    async def ask(self, *command: Argument, within: float = ANSWER_WITHIN) -> Any:
        """The answer to one command; Any: what Redis gives. Raises `StoreError`, and `NoScriptError` as it comes."""
        if self.closed:
            raise StoreClosed
        sent = False
        try:
            async with asyncio.timeout(CONNECT_WITHIN):  # a server that hangs accepts and never greets
                connection = await self._take()
            try:
                async with asyncio.timeout(within):
                    sent = True
                    await connection.send_command(*command)
                    return await connection.read_response()
            finally:
                await self._give(connection)
        except failures.NoScriptError:
            raise
        except (failures.RedisError, OSError) as error:
            raise self.failure(error, sent=sent) from None

    async def _take(self) -> Any:  # Any: redis-py's connection, of one class or another
        """A connection that was in use just now, or one from the pool, which looks whether it still stands: that takes 70 us."""
        now = asyncio.get_running_loop().time()
        while self._warm:
            connection, since = self._warm.pop()
            if now - since < WARM:
                return connection
            await self._pool.release(connection)
        return await self._pool.get_connection()  # type: ignore[no-untyped-call]

    async def _give(self, connection: Any) -> None:
        if connection.is_connected and len(self._warm) < MOST_WARM and not self.closed:
            self._warm.append((connection, asyncio.get_running_loop().time()))
        else:
            await self._pool.release(connection)

    def failure(self, error: Exception, *, sent: bool = False) -> StoreError:
        """The error as one line with its remedy; `sent`: whether Redis may have acted on the command."""
        shown, told = self.address.shown, " ".join(str(error).split())
        refusals = failures.AuthenticationError | failures.AuthorizationError
        if isinstance(error, refusals) or isinstance(error.__cause__, refusals):
            return StoreUnusable(f"Redis at {shown} refuses these credentials; correct user and password in --claims")
        if isinstance(error, failures.NoPermissionError):
            return StoreUnusable(f"this user of Redis at {shown} may not do what claims need ({told}); grant it by ACL")
        if isinstance(error, failures.MovedError):
            remedy = f"name {error.host}:{error.port} in --claims"
            return StoreUnusable(f"the node of the Redis cluster at {shown} does not keep these keys; {remedy}")
        if "READONLY" in told or isinstance(error, failures.ReadOnlyError):
            return StoreAway(f"Redis at {shown} is a replica, which cannot be written; name its master in --claims")
        if "OOM " in told or isinstance(error, failures.OutOfMemoryError):
            return StoreError(f"Redis at {shown} is out of memory, so nothing was stored; raise its maxmemory")
        if isinstance(error, GONE):
            remedy = "it is asked again as soon as it is back"
            return StoreAway(f"Redis at {shown} does not answer ({told or 'no answer in time'}); {remedy}", lost=sent)
        return StoreError(f"Redis at {shown} refused: {told}; see its log")

    async def close(self) -> None:
        """Let go of the connections; later calls raise `StoreClosed`."""
        self.closed = True
        await self._pool.aclose()
