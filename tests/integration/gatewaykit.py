"""A gateway between scripted clients and scripted upstream proxies, over real sockets on loopback.

An upstream is a coroutine that gets each connection as a `Peer`; `forwarder` is an honest one. Nothing sleeps:
`Peer.read_head` and friends wait for bytes, and `Clock` is moved by hand where time matters.
"""

import asyncio
import random
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.ports import GatewayUser

PATIENCE = 5.0
OWN_SOCKETS = True
"""Whether gateways use transports of our own; tests of the gateway's rooms are run with both."""
USERS = {"alice": GatewayUser("alice", hash_key("canary-client", b"0123456789abcdef", n=4))}
ALICE = b"Proxy-Authorization: Basic " + b64encode(b"alice:canary-client") + b"\r\n"
UPSTREAM_FIELD = b"Proxy-Authorization: Basic " + b64encode(b"up:canary-upstream")


class Clock:
    """Starts at a plausible date; stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Peer:
    """One connection, seen from the test. `wire` is everything that was received; `done` that its script has ended."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.wire = b""
        self.done = False

    async def read_head(self) -> bytes:
        """Up to and including the empty line; b"" when the other side closes first."""
        try:
            got = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        except asyncio.IncompleteReadError as error:
            got = error.partial
        self.wire += got
        return got

    async def read(self, size: int) -> bytes:
        """Exactly that many bytes."""
        got = await asyncio.wait_for(self.reader.readexactly(size), PATIENCE)
        self.wire += got
        return got

    async def read_all(self) -> bytes:
        """Until the other side closes, cleanly or not."""
        try:
            while got := await asyncio.wait_for(self.reader.read(65536), PATIENCE):
                self.wire += got
        except ConnectionError:
            pass
        return self.wire

    async def answer(self) -> tuple[int, bytes, bytes]:
        """(status, head, body) of an answer with Content-Length."""
        head = await self.read_head()
        length = next(
            (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
        )
        return int(head.split(b" ")[1]), head, await self.read(length)

    def send(self, data: bytes) -> None:
        """Write."""
        self.writer.write(data)

    def close(self) -> None:
        """Close after what was written."""
        self.writer.close()

    def abort(self) -> None:
        """Reset."""
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class Upstream:
    """A server that runs `script` for each connection; `peers` are all connections so far, `heads` what was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.peers: list[Peer] = []
        self.heads: list[bytes] = []
        self.port = 0

    async def __aenter__(self) -> "Upstream":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for peer in self.peers:
            peer.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await self.script(peer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            peer.done = True


class Closed(Upstream):
    """A port on which nobody listens; it stays bound, so that nobody else gets it meanwhile."""

    def __init__(self) -> None:
        super().__init__(closing)
        self._socket = socket.socket()

    async def __aenter__(self) -> "Upstream":
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()


def answering(*answers: bytes) -> Script:
    """Each head is answered with the next of `answers`, the last one repeats; then the connection stays open."""

    async def script(peer: Peer) -> None:
        for number in range(10_000):
            head = await peer.read_head()
            if not head.endswith(b"\r\n\r\n"):
                peer.close()
                return
            peer.send(answers[min(number, len(answers) - 1)])

    return script


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
OPENED = b"HTTP/1.1 200 OK\r\n\r\n"


async def closing(peer: Peer) -> None:
    """Reads a head and closes without an answer."""
    await peer.read_head()
    peer.close()


async def silent(peer: Peer) -> None:
    """Never answers."""
    await peer.read_all()


async def echoing(peer: Peer) -> None:
    """Opens a tunnel and echoes what comes through it, then closes."""
    await peer.read_head()
    peer.send(OPENED)
    while data := await peer.reader.read(65536):
        peer.wire += data
        peer.send(data)
    peer.close()


def settings(**changes: object) -> GatewaySettings:
    """Loopback targets and all CONNECT ports allowed, a free port."""
    plain = GatewaySettings(
        listen=("127.0.0.1", 0), allow_private_targets=True, connect_ports=None, own_sockets=OWN_SOCKETS
    )
    return replace(plain, **changes)


class Kit:
    """`async with Kit(script, ...) as kit`: one upstream per script (None: a port where nobody listens), in front of
    them a gateway.

    The fleet picks round robin, that is in the order of the scripts.
    """

    def __init__(
        self,
        *scripts: Script | None,
        users: dict[str, GatewayUser] | None = USERS,
        bonds: object = None,
        **changes: object,
    ) -> None:
        self._scripts = scripts
        self.clock, self.timer = Clock(), Clock(1000.0)
        self.fleet = FleetState(rng=random.Random(1))
        self.fleet.switch("round_robin")
        self.users, self.bonds = users, bonds
        self.settings = settings(**changes)
        self.upstreams: list[Upstream] = []
        self.clients: list[Peer] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Kit":
        for number, script in enumerate(self._scripts, 1):
            upstream = await self._stack.enter_async_context(Closed() if script is None else Upstream(script))
            self.upstreams.append(upstream)
            proxy = Proxy(Scheme.HTTP, "127.0.0.1", upstream.port, "up", Secret("canary-upstream"), id=number)
            self.fleet.add(proxy, self.clock())
        self.gateway = Gateway(
            self.fleet,
            None if self.users is None else self.users.get,
            self.clock,
            self.settings,
            bonds=self.bonds,
            timer=self.timer,
        )
        await self.gateway.start()
        self.port = self.gateway.address[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self.clients:
            client.abort()
        await self.gateway.close()
        await self._stack.aclose()

    async def client(self) -> Peer:
        """A new connection to the gateway."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(peer)
        return peer

    async def exchange(self, wire: bytes) -> bytes:
        """Send `wire`, read until the gateway closes."""
        peer = await self.client()
        peer.send(wire)
        return await peer.read_all()

    async def later(self, seconds: float) -> None:
        """Move the gateway's timer and let it look at its deadlines."""
        self.timer.now += seconds
        self.gateway._sweeping.cancel()
        self.gateway._sweep()
        await turns()

    async def until(self, true: Callable[[], object]) -> None:
        """Let the loop turn until something is so; a test that waits for ever fails."""
        for _ in range(int(PATIENCE * 1000)):
            if true():
                return
            await asyncio.sleep(0.001)
        raise TimeoutError("it never became so")


async def turns(number: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(number):
        await asyncio.sleep(0)


def get(target: str = "http://target.test/", *fields: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    """A request with Alice's credentials."""
    host = target.split("/")[2].encode()
    lines = b"".join(field + b"\r\n" for field in fields)
    return method + b" " + target.encode() + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + ALICE + lines + b"\r\n" + body


def connect(authority: bytes = b"target.test:443", extra: bytes = ALICE) -> bytes:
    """A CONNECT with Alice's credentials."""
    return b"CONNECT " + authority + b" HTTP/1.1\r\nHost: " + authority + b"\r\n" + extra + b"\r\n"
