"""The other processes of the gateway's benchmark: an upstream proxy that answers at once, a CONNECT client, and our
gateway itself.

    python -m benchmarks.gateway_load upstream PORT | gateway PORT UPSTREAM_PORT | connects PORT SECONDS

`shared` is a gateway whose port others may share.
"""

import asyncio
import gc
import random
import sys
import time
from base64 import b64encode
from email.utils import formatdate
from typing import cast

import uvloop

from proxyfleet.clock import wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.ports import GatewayUser

USER, KEY = "bench", "bench-key"
UPSTREAM_USER, UPSTREAM_KEY = "up", "stream"
FIELD = "Basic " + b64encode(f"{USER}:{KEY}".encode()).decode()
BODY = b"x" * 128
CONNECTIONS = 32


def answer() -> bytes:
    """What the target says: as servers do, with the date, so that the head is another one every second."""
    fields = (
        b"Server: bench\r\nDate: %b\r\nContent-Type: text/plain\r\nContent-Length: 128"
        % formatdate(usegmt=True).encode()
    )
    return b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n" + BODY


class Upstream(asyncio.Protocol):
    """Answers every head with the same 128 bytes, every CONNECT with 200."""

    answer = answer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A proxy, or a client directly."""
        self._transport = cast(asyncio.Transport, transport)
        self._held = b""

    def data_received(self, data: bytes) -> None:
        """tinyproxy sends a head in pieces."""
        *heads, self._held = (self._held + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(b"HTTP/1.1 200 OK\r\n\r\n" if head.startswith(b"CONNECT") else self.answer)


def renew() -> None:
    """Another second."""
    Upstream.answer = answer()
    asyncio.get_running_loop().call_later(1.0, renew)


class Tunneller(asyncio.Protocol):
    """CONNECT, GET, 128 bytes, close; then the same again on a new connection."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._opened = False
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the tunnel."""
        self._transport = cast(asyncio.Transport, transport)
        line = f"CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\nProxy-Authorization: {FIELD}\r\n\r\n"
        self._transport.write(line.encode())

    def data_received(self, data: bytes) -> None:
        """The reply, then the answer."""
        self._got += data
        if not self._opened and b"\r\n\r\n" in self._got:
            if not self._got.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                raise SystemExit(f"tunnel refused: {self._got[:60]!r}")
            self._opened, self._got = True, b""
            self._transport.write(b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        elif self._opened and len(self._got) >= len(Upstream.answer):
            self._worker.done += 1
            self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Next."""
        self._worker.next.set()


class Worker:
    """One of 32 clients."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.done = 0
        self.next = asyncio.Event()

    async def run(self, until: float) -> None:
        """Tunnel after tunnel."""
        loop = asyncio.get_running_loop()
        while time.monotonic() < until:
            self.next.clear()
            await loop.create_connection(lambda: Tunneller(self), "127.0.0.1", self._port)
            await self.next.wait()


async def connects(port: int, seconds: float) -> None:
    """Print how many tunnels were used up."""
    workers = [Worker(port) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(worker.run(time.monotonic() + seconds) for worker in workers))
    print(sum(worker.done for worker in workers))


async def upstream(port: int) -> None:
    """Serve until killed."""
    renew()
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


async def gateway(port: int, upstream_port: int, shared: bool = False) -> None:
    """Our gateway with everything on: a user, a fleet of one proxy with credentials, all hygiene."""
    fleet = FleetState(rng=random.Random(1))
    proxy = Proxy(Scheme.HTTP, "127.0.0.1", upstream_port, UPSTREAM_USER, Secret(UPSTREAM_KEY), id=1)
    fleet.add(proxy, wall_clock())
    users = {USER: GatewayUser(USER, hash_key(KEY, b"benchmark-salt-1"))}
    settings = GatewaySettings(listen=("127.0.0.1", port), reuse_port=shared)
    fleet.prepare(settings.selector)
    server = Gateway(fleet, users.get, wall_clock, settings)
    await server.start()
    gc.collect()
    gc.freeze()  # as `proxyfleet serve` does
    await asyncio.Event().wait()


def main() -> None:
    """See the module's docstring."""
    role, *arguments = sys.argv[1:]
    if role == "upstream":
        uvloop.run(upstream(int(arguments[0])))
    elif role in ("gateway", "shared"):
        uvloop.run(gateway(int(arguments[0]), int(arguments[1]), role == "shared"))
    else:
        uvloop.run(connects(int(arguments[0]), float(arguments[1])))


if __name__ == "__main__":
    main()
