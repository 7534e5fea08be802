"""The other ends of the tunnels that are measured: a target behind an upstream proxy, and clients that move bytes, play
ping-pong, or do nothing.

    python -m benchmarks.tunnel_load upstream PORT | bulk PORT SECONDS | messages PORT SECONDS | idle PORT TUNNELS
"""

import asyncio
import contextlib
import resource
import sys
from typing import cast

import uvloop

from benchmarks.gateway_load import FIELD

CONNECT = f"CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\nProxy-Authorization: {FIELD}\r\n\r\n".encode()
END = b"\r\n\r\n"
BULK_TUNNELS, MESSAGE_TUNNELS = 4, 32
BODY = b"b" * 33_554_432
"""What is asked for and sent as one body: 32 MB."""
MESSAGE = b"m" * 1024
ASK = b"bulk"
DIALS = 64
"""Tunnels that are being opened at the same time."""


class Target(asyncio.Protocol):
    """Opens every tunnel; in it, `bulk` is answered with a body and everything else with itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A proxy."""
        self._transport = cast(asyncio.Transport, transport)
        self._head = b""
        self._open = False

    def data_received(self, data: bytes) -> None:
        """The head of a CONNECT, then whatever comes through."""
        if self._open:
            self._transport.write(BODY if data == ASK else data)
            return
        self._head += data
        if END in self._head:
            self._open = True
            self._transport.write(b"HTTP/1.1 200 OK\r\n\r\n")


class Client(asyncio.Protocol):
    """A tunnel. `moved` counts bytes that came through it, `tunnel` is done once it stands."""

    def __init__(self) -> None:
        self.tunnel: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moved = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for it."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(CONNECT)

    def data_received(self, data: bytes) -> None:
        """The proxy's answer, then the target's bytes."""
        if self.tunnel.done():
            self.came(len(data))
            return
        self._head += data
        if END in self._head:
            if not self._head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                raise SystemExit(f"tunnel refused: {self._head[:60]!r}")
            self.tunnel.set_result(None)

    def came(self, size: int) -> None:
        """Bytes of the target."""
        self.moved += size

    def connection_lost(self, _exc: Exception | None) -> None:
        """A tunnel that is not opened is an error."""
        if not self.tunnel.done():
            self.tunnel.set_exception(ConnectionError("the proxy closed"))


class BulkClient(Client):
    """Asks for one body after the other."""

    def came(self, size: int) -> None:
        """The next one when this one is whole."""
        self.moved += size
        if self.moved % len(BODY) == 0:
            self.transport.write(ASK)


class MessageClient(Client):
    """Sends a message, waits for its echo, and so on. `moved` counts echoes."""

    _waiting = len(MESSAGE)

    def came(self, size: int) -> None:
        """The next one when the echo is whole."""
        self._waiting -= size
        if self._waiting == 0:
            self.moved += 1
            self._waiting = len(MESSAGE)
            self.transport.write(MESSAGE)


async def opened(kind: type[Client], port: int) -> Client:
    """A tunnel of that kind that stands."""
    _, client = await asyncio.get_running_loop().create_connection(kind, "127.0.0.1", port)
    await asyncio.wait_for(client.tunnel, 10)
    return client


async def moving(kind: type[Client], first: bytes, port: int, tunnels: int, seconds: float) -> int:
    """How much went through in that time."""
    clients = [await opened(kind, port) for _ in range(tunnels)]
    for client in clients:
        client.transport.write(first)
    await asyncio.sleep(seconds)
    moved = sum(client.moved for client in clients)
    for client in clients:
        client.transport.abort()
    return moved


async def idle(port: int, tunnels: int) -> None:
    """Open tunnels, say so, keep them until nobody listens any more."""
    clients: list[Client] = []
    for start in range(0, tunnels, DIALS):
        clients += await asyncio.gather(*(opened(Client, port) for _ in range(min(DIALS, tunnels - start))))
    print("open", len(clients), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def upstream(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def many_descriptors() -> None:
    """As many as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """See the module's docstring."""
    many_descriptors()
    role, port, *rest = sys.argv[1:]
    if role == "upstream":
        uvloop.run(upstream(int(port)))
    elif role == "idle":
        uvloop.run(idle(int(port), int(rest[0])))
    elif role == "bulk":
        print(uvloop.run(moving(BulkClient, ASK, int(port), BULK_TUNNELS, float(rest[0]))))
    else:
        print(uvloop.run(moving(MessageClient, MESSAGE, int(port), MESSAGE_TUNNELS, float(rest[0]))))


if __name__ == "__main__":
    main()
