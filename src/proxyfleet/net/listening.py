"""Listens: binds sockets and accepts from them, under a poller where there is one, else under the loop.

Nothing here knows what is spoken on a connection.
"""

import asyncio
import errno
import logging
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from proxyfleet.net.deafness import deafen
from proxyfleet.net.poller import IN, Poller
from proxyfleet.net.transport import SocketTransport
from proxyfleet.tasks import Tasks

log = logging.getLogger("proxyfleet.net")

BACKLOG = 2048
AT_ONCE = 8
"""Connections accepted in a row before others have their turn."""
REST = 1.0
"""Seconds without accepting when this machine has no descriptors or memory left for more."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
HANDSHAKE = 0.2
"""Seconds for those who are dialling from afar to come through, before a listening socket is closed."""
STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
"""Makes Python believe that a socket does not block, without asking the system; the transport says so in every call."""

Factory = Callable[[], asyncio.Protocol]


class Listening:
    """What listens on one address. Connections live on, whichever way it ends."""

    def __init__(self, sockets: list[socket.socket], listeners: "Iterable[Listener]") -> None:
        self.sockets = sockets
        self._listeners = list(listeners)

    async def drain(self) -> None:
        """Accept everybody who has begun to dial by now and nobody else; then stop."""
        for sock in self.sockets:
            if sock.fileno() >= 0:
                deafen(sock)
        if not all(map(_is_near, self.sockets)):
            await asyncio.sleep(HANDSHAKE)
        self.close()
        await self.settled()

    def close(self) -> None:
        """Accept nobody any more. Who has dialled by now is still served, see `settled`."""
        for one in self._listeners:
            one.close()

    async def settled(self) -> None:
        """Until everybody who was accepted has a protocol."""
        for one in self._listeners:
            await one.settled()

    def abort(self) -> None:
        """Accept nobody any more, at once: who has dialled and was not accepted is reset."""
        for one in self._listeners:
            one.abort()


async def listen(
    protocol: Factory, host: str, port: int, *, reuse_port: bool = False, poller: Poller | None = None
) -> Listening:
    """Listen on every address of `host`. Raises OSError; then nothing is left open."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _, proto, _, address in dict.fromkeys(infos):
            sockets.append(_bound(family, proto, address, reuse_port))
    except OSError:
        for one in sockets:
            one.close()
        raise
    return Listening(sockets, [_listener(sock, protocol, poller) for sock in sockets])


def _listener(sock: socket.socket, protocol: Factory, poller: Poller | None) -> "Listener":
    return LoopListener(sock, protocol) if poller is None else PolledListener(poller, sock, protocol)


def _is_near(sock: socket.socket) -> bool:
    """Nobody is ever half-way to a loopback address."""
    return sock.fileno() < 0 or ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def _bound(family: int, proto: int, address: tuple[object, ...], reuse_port: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, proto)
    try:
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # those that are accepted inherit it
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


class Listener(ABC):
    """One listening socket. The loops' own servers reset those who have dialled and were not accepted when they close."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: Factory) -> None:
        self._loop = loop
        self._sock = sock
        self._family = int(sock.family)
        self._protocol = protocol
        self._accepted: list[tuple[int, object]] = []
        self._resting: asyncio.TimerHandle | None = None
        self._go_on()

    def _go_on(self) -> None:
        self._resting = None
        self._watch()

    @abstractmethod
    def _watch(self) -> None:
        """Accept when somebody has dialled."""

    @abstractmethod
    def _ignore(self) -> None:
        """Leave them waiting."""

    @abstractmethod
    def deliver(self) -> None:
        """Give those who were accepted to a protocol each."""

    def _accept(self, most: int) -> None:
        try:
            for _ in range(most):
                # What socket.accept does, without its costs per connection.
                self._accepted.append(self._sock._accept())  # type: ignore[attr-defined]
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            pass
        except OSError as error:
            self._rest(error)

    def _rest(self, error: OSError) -> None:
        log.error("action=accept error=%s", error.strerror)
        if error.errno in EXHAUSTED:
            self._ignore()
            self._resting = self._loop.call_later(REST, self._go_on)

    def close(self) -> None:
        """Accept nobody any more. Who has dialled by now is still served: the system would reset them."""
        if self._sock.fileno() >= 0 and self._resting is None:
            deafen(self._sock)
            self._accept(BACKLOG)
        self.abort()
        self.deliver()

    def abort(self) -> None:
        """Accept nobody any more, at once."""
        if self._resting is not None:
            self._resting.cancel()
        if self._sock.fileno() >= 0:
            self._ignore()
            self._sock.close()

    @abstractmethod
    async def settled(self) -> None:
        """Until everybody who was accepted has a protocol."""


class PolledListener(Listener):
    """Under a poller; connections get transports of our own."""

    def __init__(self, poller: Poller, sock: socket.socket, protocol: Factory) -> None:
        self._poller = poller
        super().__init__(poller.loop, sock, protocol)

    def _watch(self) -> None:
        self._poller.watch(self._sock.fileno(), IN, self)

    def _ignore(self) -> None:
        self._poller.ignore(self._sock.fileno())

    def ready(self, _events: int) -> bool:
        """Somebody has dialled."""
        self._accept(AT_ONCE)
        return True

    def deliver(self) -> None:
        """Give those who were accepted to a protocol each."""
        accepted, self._accepted = self._accepted, []
        for descriptor, peer in accepted:
            sock = socket.SocketType(self._family, STREAM, 0, descriptor)
            try:
                protocol = self._protocol()
            except Exception:  # as with the loops' servers, one connection that cannot be served stops no other
                log.exception("action=accept")
                sock.close()
            else:
                SocketTransport(self._poller, sock, protocol, peer).begin()

    async def settled(self) -> None:
        """At once: they have it when they are delivered."""


class LoopListener(Listener):
    """Under the loop; connections get its transports, which takes a few turns of it."""

    def __init__(self, sock: socket.socket, protocol: Factory) -> None:
        self._tasks = Tasks()
        self._beginning: set[asyncio.Task[object]] = set()
        super().__init__(asyncio.get_running_loop(), sock, protocol)

    def _watch(self) -> None:
        self._loop.add_reader(self._sock, self._readable)

    def _ignore(self) -> None:
        self._loop.remove_reader(self._sock)

    def _readable(self) -> None:
        self._accept(AT_ONCE)
        self.deliver()

    def deliver(self) -> None:
        """Give those who were accepted to a protocol each."""
        accepted, self._accepted = self._accepted, []
        for descriptor, _ in accepted:
            sock = socket.socket(self._family, socket.SOCK_STREAM, 0, descriptor)
            sock.setblocking(False)
            task = self._tasks.spawn(self._begin(sock), name="accept")
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, sock)
        except Exception:  # one connection that cannot be served stops no other
            log.exception("action=accept")
            sock.close()

    async def settled(self) -> None:
        """Until everybody who was accepted has a protocol."""
        if self._beginning:
            await asyncio.wait(self._beginning)
