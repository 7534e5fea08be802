"""A listening port that can die and live again at once, and thousands of which start in a second.

Accepts on a plain non-blocking socket instead of `loop.create_server`: closing and reopening are then immediate and the
same on asyncio and uvloop, and a connection can be reset or answered before any TLS. Binds loopback addresses only.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from proxyfleet.tasks import Tasks

BACKLOG = 1024
BATCH = 128
"""Connections accepted per wake-up, so that one busy port does not starve the others."""
PAUSE = 0.05
"""Seconds of rest when the process has run out of descriptors."""
HANDSHAKE_TIMEOUT = 10.0
RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who talks to an accepted client; `tls` None means plain."""

    factory: Callable[[], asyncio.Protocol]
    tls: ssl.SSLContext | None = None


Admit = Callable[[], Admission | None]
"""Asked for each connection; None resets it."""


class Listener:
    """One port on `host`; port 0 takes a free one and keeps it for its whole life, also while closed."""

    def __init__(self, host: str, port: int, admit: Admit, tasks: Tasks) -> None:
        if not ip_address(host).is_loopback:
            raise ValueError(f"the lab listens on loopback only, not on {host}; use 127.0.0.1")
        self.host, self._admit, self._tasks = host, admit, tasks
        self._socket: socket.socket | None = _bound(host, port)
        self._keeper: socket.socket | None = None
        self.port: int = self._socket.getsockname()[1]
        self.live: set[asyncio.Transport] = set()
        self._handshakes: set[asyncio.Task[object]] = set()
        self._watch()

    @property
    def is_open(self) -> bool:
        """Whether clients can connect."""
        return self._socket is not None

    def shut(self) -> None:
        """Refuse new connections, abort running ones; the port stays reserved, so that `reopen` finds it free."""
        if self._socket is None:
            return
        self._keeper = _bound(self.host, self.port, shared=True)
        # With this flag on a socket that does not listen, the kernel would lend its port to others.
        self._keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        self._drop()

    def reopen(self) -> None:
        """Listen again on the same port; on an open one this does nothing."""
        if self._socket is not None:
            return
        self._socket = _bound(self.host, self.port, shared=True)
        self._watch()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def close(self) -> None:
        """End for good and give the port back."""
        if self._socket is not None:
            self._drop()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _drop(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        for task in tuple(self._handshakes):
            task.cancel()
        for transport in tuple(self.live):
            transport.abort()

    def _watch(self) -> None:
        if self._socket is not None:
            self._socket.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(BATCH):
            if self._socket is None:
                return
            try:
                client, _address = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._rest()
                return
            self._receive(client)

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket.fileno())
            loop.call_later(PAUSE, self._wake)

    def _wake(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def _receive(self, client: socket.socket) -> None:
        admission = self._admit()
        if admission is None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._tasks.spawn(_introduce(client, admission), name="lab accept")
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)


async def _introduce(client: socket.socket, admission: Admission) -> None:
    timeout = None if admission.tls is None else HANDSHAKE_TIMEOUT
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_accepted_socket(admission.factory, client, ssl=admission.tls, ssl_handshake_timeout=timeout)
    except (OSError, asyncio.CancelledError):
        # The client gave up, does not trust us, or the port died: for a lab that is an ordinary end.
        client.close()


def _bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that has the port; only a `shared` one may take it beside another socket of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
        # Only after binding, or a second lab could take a port that a first one listens on.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        bound.close()
        raise OSError(
            error.errno, f"the lab cannot use port {port} on {host}: {error.strerror}; choose another"
        ) from error
    return bound


def reset(transport: asyncio.WriteTransport) -> None:
    """Close with RST instead of FIN, dropping what was not sent."""
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    transport.abort()
