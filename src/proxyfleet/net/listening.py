"""Listens: binds sockets, and accepts from them itself where there is a poller, else leaves that to the loop.

Nothing here knows what is spoken on a connection.
"""

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable, Iterable

from proxyfleet.net.poller import IN, Poller
from proxyfleet.net.transport import SocketTransport

log = logging.getLogger("proxyfleet.net")

BACKLOG = 2048
AT_ONCE = 8
"""Connections accepted in a row before others have their turn."""
REST = 1.0
"""Seconds without accepting when this machine has no descriptors or memory left for more."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
"""Makes Python believe that a socket does not block, without asking the system; the transport says so in every call."""

Factory = Callable[[], asyncio.Protocol]


class Listening:
    """What listens on one address; `close` stops accepting, connections live on."""

    def __init__(self, sockets: list[socket.socket], closers: Iterable["Listener | asyncio.Server"]) -> None:
        self.sockets = sockets
        self._closers = list(closers)

    def close(self) -> None:
        """Accept nobody any more."""
        for one in self._closers:
            one.close()


async def listen(
    protocol: Factory, host: str, port: int, *, reuse_port: bool = False, poller: Poller | None = None
) -> Listening:
    """Listen on every address of `host`. Raises OSError; then nothing is left open."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    closers: list[Listener | asyncio.Server] = []
    try:
        for family, _, proto, _, address in dict.fromkeys(infos):
            sockets.append(_bound(family, proto, address, reuse_port))
        for sock in sockets:
            if poller is None:
                closers.append(await loop.create_server(protocol, sock=sock, backlog=BACKLOG))
            else:
                closers.append(Listener(poller, sock, protocol))
    except OSError:
        for one in (*closers, *sockets):
            one.close()
        raise
    return Listening(sockets, closers)


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


class Listener:
    """One listening socket under a poller."""

    def __init__(self, poller: Poller, sock: socket.socket, protocol: Factory) -> None:
        self._poller = poller
        self._sock = sock
        self._family = int(sock.family)
        self._protocol = protocol
        self._accepted: list[tuple[int, object]] = []
        self._resting: asyncio.TimerHandle | None = None
        self._go_on()

    def _go_on(self) -> None:
        self._resting = None
        self._poller.watch(self._sock.fileno(), IN, self)

    def ready(self, _events: int) -> bool:
        """Somebody has dialled."""
        self._accept(AT_ONCE)
        return True

    def _accept(self, most: int) -> None:
        try:
            for _ in range(most):
                # What socket.accept does, without its costs per connection.
                self._accepted.append(self._sock._accept())  # type: ignore[attr-defined]
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            pass
        except OSError as error:
            self._rest(error)

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

    def _rest(self, error: OSError) -> None:
        log.error("action=accept error=%s", error.strerror)
        if error.errno in EXHAUSTED:
            self._poller.ignore(self._sock.fileno())
            self._resting = self._poller.loop.call_later(REST, self._go_on)

    def close(self) -> None:
        """Accept nobody any more. Who has dialled by now is still served: the system would reset them."""
        if self._sock.fileno() >= 0 and self._resting is None:
            self._accept(BACKLOG)
        self.abort()
        self.deliver()

    def abort(self) -> None:
        """Accept nobody any more, at once."""
        if self._resting is not None:
            self._resting.cancel()
        if self._sock.fileno() >= 0:
            self._poller.ignore(self._sock.fileno())
            self._sock.close()
