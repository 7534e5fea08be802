"""Dialling: a connection, or one word for why not."""

import asyncio
import errno
import socket

import pytest

from proxyfleet.net.dial import Dialer, DialError, Obstacle, obstacle_of
from proxyfleet.net.resolve import Unresolved


@pytest.fixture
async def port():
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


class Dialled(asyncio.Protocol):
    transport = None

    def connection_made(self, transport):
        self.transport = transport


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_literals_and_names_are_dialled(port, host):
    protocol = Dialled()
    await Dialer(lambda: 0.0).dial(lambda: protocol, host, port)
    assert protocol.transport.get_extra_info("peername")[1] == port
    protocol.transport.abort()


async def test_a_closed_port_is_refused():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(DialError) as failed:
            await Dialer(lambda: 0.0).dial(asyncio.Protocol, "127.0.0.1", bound.getsockname()[1])
    assert failed.value.obstacle is Obstacle.REFUSED
    assert "127.0.0.1" not in str(failed.value)


async def test_further_addresses_of_a_name_are_tried(monkeypatch, port):
    async def two(host, port, *, type):
        return [(2, type, 6, "", ("127.0.0.255", 0)), (2, type, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    protocol = Dialled()
    await Dialer(lambda: 0.0).dial(lambda: protocol, "proxy.test", port)
    assert protocol.transport.get_extra_info("peername")[0] == "127.0.0.1"
    protocol.transport.abort()


async def test_an_unknown_name_is_unresolved(monkeypatch):
    async def unknown(host, port, *, type):
        raise OSError(-2, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(DialError) as failed:
        await Dialer(lambda: 0.0).dial(asyncio.Protocol, "proxy.test", 1)
    assert failed.value.obstacle is Obstacle.UNRESOLVED


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [
        (OSError(errno.ECONNREFUSED, ""), Obstacle.REFUSED),
        (OSError(errno.EHOSTUNREACH, ""), Obstacle.UNREACHABLE),
        (OSError(errno.ENETUNREACH, ""), Obstacle.UNREACHABLE),
        (OSError(errno.ETIMEDOUT, ""), Obstacle.TIMED_OUT),
        (OSError(errno.EMFILE, ""), Obstacle.OURS),
        (Unresolved(""), Obstacle.UNRESOLVED),
        (OSError("no number"), Obstacle.UNREACHABLE),
    ],
)
def test_the_words(error, obstacle):
    assert obstacle_of(error) is obstacle
