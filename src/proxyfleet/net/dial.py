"""Opens a TCP connection to a proxy and says in one word why it could not.

No timer of its own: the caller cancels. No retries, no choice of proxy, and no word about what is spoken on the
connection.
"""

import asyncio
import errno
from collections.abc import Callable
from enum import StrEnum

from proxyfleet.clock import Clock
from proxyfleet.net.resolve import Resolver, Unresolved, is_literal


class Obstacle(StrEnum):
    """Why there is no connection."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"
    TIMED_OUT = "timed_out"
    OURS = "ours"


_BY_ERRNO = {
    errno.ECONNREFUSED: Obstacle.REFUSED,
    errno.ETIMEDOUT: Obstacle.TIMED_OUT,
    errno.EMFILE: Obstacle.OURS,
    errno.ENFILE: Obstacle.OURS,
    errno.ENOBUFS: Obstacle.OURS,
    errno.ENOMEM: Obstacle.OURS,
    errno.EADDRNOTAVAIL: Obstacle.OURS,
}
"""`OURS`: this machine ran out of descriptors, ports or memory, which says nothing about the proxy."""


class DialError(OSError):
    """No connection; `obstacle` says why. The text names no address."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(f"could not connect to the proxy: {obstacle.value}")
        self.obstacle = obstacle


class Dialer:
    """Dials by address; a name is resolved first and its addresses are tried in order."""

    def __init__(self, timer: Clock) -> None:
        self._resolver = Resolver(timer)
        self._literals: dict[str, bool] = {}

    async def dial(self, protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> None:
        """Returns once `protocol()` has its transport; raises `DialError` of the last address tried."""
        loop = asyncio.get_running_loop()
        problem: OSError = Unresolved("no address")
        try:
            for address in (host,) if self._is_literal(host) else await self._resolver.addresses(host):
                try:
                    await loop.create_connection(protocol, address, port)
                except OSError as error:
                    problem = error
                else:
                    return
        except Unresolved as error:
            problem = error
        raise DialError(obstacle_of(problem)) from None

    def _is_literal(self, host: str) -> bool:
        known = self._literals.get(host)
        if known is None:
            if len(self._literals) >= 65536:
                self._literals.clear()
            known = self._literals[host] = is_literal(host)
        return known


def obstacle_of(error: OSError) -> Obstacle:
    """The word for what the system said; whatever it does not name is `UNREACHABLE`."""
    if isinstance(error, Unresolved):
        return Obstacle.UNRESOLVED
    return _BY_ERRNO.get(error.errno or 0, Obstacle.UNREACHABLE)
