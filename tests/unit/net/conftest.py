"""Two ends of a TCP connection on loopback: one under a transport that is tested, the other a plain socket of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from proxyfleet.net.poller import Poller
from proxyfleet.net.transport import SocketTransport


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def socket_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    for sock in (here, there):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return here, there


class Heard(asyncio.Protocol):
    """Writes down what it was told. `stays` is its answer to an end of file."""

    def __init__(self, stays: bool = False, on_made: Callable[["Heard"], None] | None = None) -> None:
        self.told: list[str] = []
        self.data = b""
        self.lost: list[Exception | None] = []
        self.stays = stays
        self._on_made = on_made

    def connection_made(self, transport):
        self.transport = transport
        self.told.append("made")
        if self._on_made is not None:
            self._on_made(self)

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.told.append("eof")
        return self.stays

    def pause_writing(self):
        self.told.append("pause")

    def resume_writing(self):
        self.told.append("resume")

    def connection_lost(self, exc):
        self.told.append("lost")
        self.lost.append(exc)


@pytest.fixture
async def poller() -> AsyncIterator[Poller]:
    made = Poller(asyncio.get_running_loop())
    yield made
    made.close()


@pytest.fixture(params=["ours", "the loop's"])
async def begin(request, poller):
    """`await begin(protocol)` -> (transport, the other end as a plain socket); ours and the loops' own must behave alike.

    `begin.uvloops`: it is uvloop's, which is known to differ in some things.
    """
    ends: list[socket.socket] = []
    loop = asyncio.get_running_loop()

    async def made(protocol: asyncio.Protocol) -> tuple[asyncio.Transport, socket.socket]:
        here, there = socket_pair()
        ends.append(there)
        if request.param == "ours":
            transport = SocketTransport(poller, here, protocol, there.getsockname())
            transport.begin()
        else:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, here)
        return transport, there

    made.uvloops = request.param != "ours" and not isinstance(loop, asyncio.SelectorEventLoop)
    yield made
    for there in ends:
        there.close()


async def until(true: Callable[[], object]) -> None:
    """Let the loop turn until it is so."""
    for _ in range(5000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError("it never became so")


async def received(sock: socket.socket, size: int) -> bytes:
    """So many bytes at the plain end, or all until its end."""
    loop, got = asyncio.get_running_loop(), b""
    while len(got) < size and (data := await asyncio.wait_for(loop.sock_recv(sock, 65536), 5)):
        got += data
    return got
