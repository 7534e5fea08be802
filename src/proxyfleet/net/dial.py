"""Opens a connection to a proxy, by TCP or TLS over it, and says in one word why it could not.

No timer of its own: the caller cancels. No retries, no choice of proxy, and no word about what is spoken on the
connection.
"""

import asyncio
import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from enum import StrEnum

from proxyfleet.clock import Clock
from proxyfleet.net.listening import STREAM
from proxyfleet.net.poller import OUT, Poller
from proxyfleet.net.resolve import Resolver, Unresolved
from proxyfleet.net.transport import SocketTransport


class Obstacle(StrEnum):
    """Why there is no connection."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"
    TIMED_OUT = "timed_out"
    TLS = "tls"
    UNTRUSTED = "untrusted"
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


Told = Callable[[OSError | None], None]


class Dial:
    """One connection on its way to `address`. `told` hears of it once: None when the protocol has its transport, or why not.

    Nobody hears of it after `cancel`.
    """

    __slots__ = ("_address", "_poller", "_protocol", "_sock", "_told", "_why")

    def __init__(
        self, poller: Poller, protocol: asyncio.BaseProtocol, family: int, address: tuple[str, int], told: Told
    ) -> None:
        self._poller = poller
        self._protocol = protocol
        self._address = address
        self._told: Told | None = told
        self._why: OSError | None = None
        self._sock: socket.SocketType | None = None
        try:
            self._sock = sock = socket.SocketType(family, STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex(address)
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
            poller.watch(sock.fileno(), OUT, self)
        except OSError as error:
            self._end(error)

    def ready(self, _events: int) -> bool:
        """It has come to an end, good or bad."""
        return self._told is not None

    def deliver(self) -> None:
        """Tell which."""
        sock, told = self._sock, self._told
        if sock is None or told is None:
            return
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._end(OSError(code, os.strerror(code)))
            return
        self._sock = self._told = None
        transport = SocketTransport(self._poller, sock, self._protocol, self._address)
        self._poller.hand_over(sock.fileno(), transport)
        transport.begin(OUT)
        told(None)

    def _end(self, why: OSError) -> None:
        self._why = why
        if self._sock is not None:
            self._poller.closing(self._sock.fileno())
        self._poller.soon(self._ended)

    def _ended(self) -> None:
        sock, self._sock, told, self._told = self._sock, None, self._told, None
        if sock is not None:
            sock.close()
        if told is not None:
            told(self._why)

    def cancel(self) -> None:
        """Never mind."""
        if self._told is not None:
            self._told = None
            self._end(ConnectionAbortedError())

    abort = cancel


class Dialer:
    """Dials by address; a name is resolved first and its addresses are tried in order. `poller`: for plain TCP."""

    def __init__(self, timer: Clock, poller: Poller | None = None) -> None:
        self.poller = poller
        self._resolver = Resolver(timer)
        self._families: dict[str, int] = {}

    def begin(self, protocol: asyncio.BaseProtocol, host: str, port: int, told: Told) -> Dial | None:
        """Dial by plain TCP without waiting for anything; None where only `dial` can do it: names, or no poller."""
        family = self._family(host)
        if self.poller is None or not family:
            return None
        return Dial(self.poller, protocol, family, (host, port), told)

    async def dial(
        self, protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        """Returns once `protocol()` has its transport; raises `DialError` of the last address tried.

        With `tls` the other side has to prove by its certificate that it is `host`.
        """
        loop = asyncio.get_running_loop()
        name = None if tls is None else host
        problem: OSError = Unresolved("no address")
        try:
            for address in await self.addresses(host):
                try:
                    if tls is None and self.poller is not None:
                        await self._plainly(self.poller, protocol(), address, port)
                    else:
                        await loop.create_connection(protocol, address, port, ssl=tls, server_hostname=name)
                except OSError as error:
                    problem = error
                else:
                    return
        except Unresolved as error:
            problem = error
        raise DialError(obstacle_of(problem)) from None

    async def _plainly(self, poller: Poller, protocol: asyncio.BaseProtocol, address: str, port: int) -> None:
        outcome: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
        family = self._family(address) or socket.AF_UNSPEC

        def told(why: OSError | None) -> None:
            if not outcome.done():
                outcome.set_result(why)

        dial = Dial(poller, protocol, family, (address, port), told)
        try:
            why = await outcome
        finally:
            dial.cancel()
        if why is not None:
            raise why

    async def addresses(self, host: str) -> tuple[str, ...]:
        """What a name resolves to, an address as it is. Raises `Unresolved`."""
        return (host,) if self._family(host) else await self._resolver.addresses(host)

    def is_address(self, host: str) -> bool:
        """Whether there is nothing to resolve."""
        return self._family(host) != 0

    def _family(self, host: str) -> int:
        """The family of an address, 0 for a name."""
        known = self._families.get(host)
        if known is None:
            if len(self._families) >= 65536:
                self._families.clear()
            known = self._families[host] = _family_of(host)
        return known


def _family_of(host: str) -> int:
    try:
        return socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:
        return 0


def obstacle_of(error: OSError) -> Obstacle:
    """The word for what the system said; whatever it does not name is `UNREACHABLE`."""
    if isinstance(error, Unresolved):
        return Obstacle.UNRESOLVED
    if isinstance(error, ssl.SSLError):
        return Obstacle.UNTRUSTED if isinstance(error, ssl.SSLCertVerificationError) else Obstacle.TLS
    return _BY_ERRNO.get(error.errno or 0, Obstacle.UNREACHABLE)
