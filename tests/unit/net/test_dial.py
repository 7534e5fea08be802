"""Dialling: a connection, or one word for why not."""

import asyncio
import errno
import socket

import pytest
from tests.unit.net.conftest import until

from proxyfleet.net.dial import Dialer, DialError, Obstacle, obstacle_of
from proxyfleet.net.resolve import Unresolved


@pytest.fixture(params=["ours", "the loop's"])
def dialer(request, poller):
    return Dialer(lambda: 0.0, poller if request.param == "ours" else None)


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
async def test_literals_and_names_are_dialled(dialer, port, host):
    protocol = Dialled()
    await dialer.dial(lambda: protocol, host, port)
    assert protocol.transport.get_extra_info("peername")[1] == port
    protocol.transport.abort()


async def test_a_closed_port_is_refused(dialer):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(DialError) as failed:
            await dialer.dial(asyncio.Protocol, "127.0.0.1", bound.getsockname()[1])
    assert failed.value.obstacle is Obstacle.REFUSED
    assert "127.0.0.1" not in str(failed.value)


async def test_further_addresses_of_a_name_are_tried(dialer, monkeypatch, port):
    async def two(host, port, *, type):
        return [(2, type, 6, "", ("127.0.0.255", 0)), (2, type, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    protocol = Dialled()
    await dialer.dial(lambda: protocol, "proxy.test", port)
    assert protocol.transport.get_extra_info("peername")[0] == "127.0.0.1"
    protocol.transport.abort()


async def test_an_unknown_name_is_unresolved(dialer, monkeypatch):
    async def unknown(host, port, *, type):
        raise OSError(-2, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(DialError) as failed:
        await dialer.dial(asyncio.Protocol, "proxy.test", 1)
    assert failed.value.obstacle is Obstacle.UNRESOLVED


async def test_a_dial_that_is_given_up_leaves_nothing_behind(poller, monkeypatch):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        filling = [socket.socket() for _ in range(4)]
        for one in filling:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        dialing = asyncio.ensure_future(Dialer(lambda: 0.0, poller).dial(Dialled, *full.getsockname()))
        await until(lambda: len(poller) == 1)
        dialing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialing
        await until(lambda: len(poller) == 0)
        for one in filling:
            one.close()


class Outcome:
    """What a dial that nobody waits for has told."""

    def __init__(self):
        self.told = []

    def __call__(self, why):
        self.told.append(why)


async def test_a_dial_tells_once_and_later(poller, port):
    outcome, protocol = Outcome(), Dialled()
    dial = Dialer(lambda: 0.0, poller).begin(protocol, "127.0.0.1", port, outcome)
    assert outcome.told == []
    await until(lambda: outcome.told)
    assert outcome.told == [None]
    assert protocol.transport.get_extra_info("peername") == ("127.0.0.1", port)
    assert protocol.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    dial.cancel()
    assert not protocol.transport.is_closing()
    protocol.transport.abort()
    await until(lambda: len(poller) == 0)


@pytest.mark.parametrize(("host", "number"), [("127.0.0.1", errno.ECONNREFUSED), ("255.255.255.255", None)])
async def test_a_dial_that_fails_tells_why(poller, host, number):
    outcome = Outcome()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        Dialer(lambda: 0.0, poller).begin(Dialled(), host, bound.getsockname()[1], outcome)
        assert outcome.told == [], "never from inside the call"
        await until(lambda: outcome.told)
    assert isinstance(outcome.told[0], OSError)
    assert number in (None, outcome.told[0].errno)
    assert (len(outcome.told), len(poller)) == (1, 0)


@pytest.mark.parametrize("port_open", [True, False])
async def test_nobody_hears_of_a_cancelled_dial(poller, port, port_open):
    outcome, protocol = Outcome(), Dialled()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        where = port if port_open else bound.getsockname()[1]
        dial = Dialer(lambda: 0.0, poller).begin(protocol, "127.0.0.1", where, outcome)
        dial.cancel()
        dial.cancel()
        await until(lambda: len(poller) == 0)
        for _ in range(5):
            await asyncio.sleep(0.001)
    assert (outcome.told, protocol.transport) == ([], None)


async def test_names_and_loops_without_a_poller_have_to_wait(poller):
    assert Dialer(lambda: 0.0, poller).begin(Dialled(), "localhost", 1, Outcome()) is None
    assert Dialer(lambda: 0.0).begin(Dialled(), "127.0.0.1", 1, Outcome()) is None


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


async def test_only_names_have_to_be_resolved():
    told = Dialer(lambda: 0.0)
    assert [told.is_address(host) for host in ("127.0.0.1", "::1", "proxy.example", "")] == [True, True, False, False]
