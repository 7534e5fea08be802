"""Ports that die, reset, and come back where they were."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from proxyfleet.lab.listener import Admission, Listener, reset
from proxyfleet.tasks import Tasks


class Greeter(asyncio.Protocol):
    """Says hello, and keeps the connection."""

    def __init__(self, live: set[asyncio.Transport]) -> None:
        self.live = live

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.live.add(transport)
        transport.write(b"hello")

    def data_received(self, data: bytes) -> None:
        reset(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.live.discard(self.transport)


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    group = Tasks()
    yield group
    await group.close()


@pytest.fixture
async def listener(tasks: Tasks) -> AsyncIterator[Listener]:
    made = Listener("127.0.0.1", 0, lambda: Admission(lambda: Greeter(made.live)), tasks)
    yield made
    made.close()


async def meet(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await asyncio.wait_for(reader.readexactly(5), 5) == b"hello"
    return reader, writer


async def test_it_dies_with_its_connections_and_lives_again_on_the_same_port(listener: Listener) -> None:
    port = listener.port
    reader, writer = await meet(port)
    listener.shut()
    listener.shut()
    assert not listener.is_open
    assert await _ends(reader)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    listener.reopen()
    listener.reopen()
    assert (listener.is_open, listener.port) == (True, port)
    _, other = await meet(port)
    writer.close()
    other.close()


async def _ends(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionResetError:
        return True


async def test_a_dead_port_stays_reserved(listener: Listener) -> None:
    listener.shut()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(("127.0.0.1", listener.port))


async def test_a_closed_port_is_free_again(listener: Listener) -> None:
    listener.shut()
    listener.close()
    with socket.socket() as heir:
        heir.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        heir.bind(("127.0.0.1", listener.port))


async def test_without_admission_the_client_is_reset(tasks: Tasks) -> None:
    listener = Listener("127.0.0.1", 0, lambda: None, tasks)
    with socket.create_connection(("127.0.0.1", listener.port), 5) as client:
        client.setblocking(False)
        await asyncio.sleep(0.01)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    listener.close()


async def test_reset_is_no_ordinary_end(listener: Listener) -> None:
    reader, writer = await meet(listener.port)
    writer.write(b"x")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_only_loopback_is_bound(tasks: Tasks) -> None:
    for host in ("0.0.0.0", "::", "10.0.0.1"):
        with pytest.raises(ValueError, match="loopback only"):
            Listener(host, 0, lambda: None, tasks)


async def test_no_second_listener_shares_a_port(listener: Listener, tasks: Tasks) -> None:
    listener.shut()
    with pytest.raises(OSError, match="choose another"):
        Listener("127.0.0.1", listener.port, lambda: None, tasks)
    listener.reopen()
    with pytest.raises(OSError, match="choose another"):
        Listener("127.0.0.1", listener.port, lambda: None, tasks)


async def test_a_taken_port_is_named(tasks: Tasks) -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} on 127.0.0.1.*choose another"):
            Listener("127.0.0.1", port, lambda: None, tasks)
