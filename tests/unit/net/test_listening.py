"""Listening, under a poller and under the loop."""

import errno
import logging
import os
import socket

import pytest
from tests.unit.net.conftest import Heard, received, until

from proxyfleet.net import listening as module
from proxyfleet.net.listening import Listener, listen

PORTS = pytest.mark.parametrize("polled", [True, False], ids=["ours", "the loop's"])


class Accepted:
    """Makes protocols and keeps them."""

    def __init__(self) -> None:
        self.made: list[Heard] = []

    def __call__(self) -> Heard:
        self.made.append(Heard())
        return self.made[-1]


@PORTS
async def test_everybody_who_dials_is_served_until_it_closes(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None)
    address = listening.sockets[0].getsockname()
    clients = [socket.create_connection(address) for _ in range(50)]
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
    await until(lambda: len(accepted.made) == 50 and all(one.data for one in accepted.made))
    assert {one.data for one in accepted.made} == {b"%d" % number for number in range(50)}
    peers = {one.transport.get_extra_info("peername") for one in accepted.made}
    assert peers == {client.getsockname() for client in clients}
    listening.close()
    listening.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    accepted.made[0].transport.write(b"still served")
    clients[int(accepted.made[0].data)].setblocking(False)
    assert await received(clients[int(accepted.made[0].data)], 12) == b"still served"
    for one in accepted.made:
        one.transport.abort()
    await until(lambda: all(one.lost for one in accepted.made))
    for client in clients:
        client.close()


async def test_who_has_dialled_before_it_closes_is_served_and_not_reset(poller):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller)
    address = listening.sockets[0].getsockname()
    clients = [socket.create_connection(address) for _ in range(20)]  # the loop has had no turn to accept them
    for client in clients:
        client.send(b"asked")
    listening.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    await until(lambda: len(accepted.made) == 20 and all(one.data == b"asked" for one in accepted.made))
    for one in accepted.made:
        one.transport.abort()
    for client in clients:
        client.close()


@PORTS
async def test_small_messages_are_not_held_back(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None)
    with socket.create_connection(listening.sockets[0].getsockname()):
        await until(lambda: accepted.made and "made" in accepted.made[0].told)
        sock = accepted.made[0].transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        accepted.made[0].transport.abort()
    listening.close()


@PORTS
async def test_a_taken_port_is_said_and_nothing_is_left_open(poller, polled):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        open_before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(OSError) as refused:
            await listen(Accepted(), "127.0.0.1", taken.getsockname()[1], poller=poller if polled else None)
        assert refused.value.errno == errno.EADDRINUSE
        assert len(os.listdir("/proc/self/fd")) == open_before


async def test_a_name_listens_on_all_its_addresses_and_ports_can_be_shared(poller):
    listening = await listen(Accepted(), "localhost", 0, poller=poller, reuse_port=True)
    addresses = [sock.getsockname() for sock in listening.sockets]
    assert "127.0.0.1" in [address[0] for address in addresses]
    again = await listen(Accepted(), "127.0.0.1", addresses[0][1], poller=poller, reuse_port=True)
    listening.close()
    again.close()


class Exhausted:
    """A listening socket that has no descriptors left, at first."""

    def __init__(self, sock: socket.socket, error: OSError) -> None:
        self._sock = sock
        self._errors = [error]

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def _accept(self):
        if self._errors:
            raise self._errors.pop()
        return self._sock._accept()


@pytest.mark.parametrize(("number", "rests"), [(errno.EMFILE, True), (errno.EPROTO, False)])
async def test_without_descriptors_it_rests_instead_of_running_hot(poller, monkeypatch, caplog, number, rests):
    monkeypatch.setattr(module, "REST", 0.05)
    accepted = Accepted()
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    with caplog.at_level(logging.ERROR, "proxyfleet.net"), socket.create_connection(sock.getsockname()):
        listener = Listener(poller, Exhausted(sock, OSError(number, "exhausted")), accepted)
        await until(lambda: "exhausted" in caplog.text)
        assert bool(len(poller)) is not rests
        await until(lambda: accepted.made)
    listener.close()
    await until(lambda: accepted.made[0].lost)


async def test_who_closes_while_resting_is_not_woken(poller):
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    with socket.create_connection(sock.getsockname()):
        listener = Listener(poller, Exhausted(sock, OSError(errno.ENFILE, "full")), Accepted())
        await until(lambda: listener._resting)
        listener.close()
    assert listener._resting.cancelled()
    assert len(poller) == 0


async def test_a_protocol_that_cannot_be_made_stops_no_other(poller, caplog):
    accepted = Accepted()
    failures = [LookupError("no")]

    def factory() -> Heard:
        if failures:
            raise failures.pop()
        return accepted()

    listening = await listen(factory, "127.0.0.1", 0, poller=poller)
    first = socket.create_connection(listening.sockets[0].getsockname())
    first.setblocking(False)
    assert await received(first, 1) == b""
    with socket.create_connection(listening.sockets[0].getsockname()):
        await until(lambda: accepted.made)
        accepted.made[0].transport.abort()
    first.close()
    listening.close()
    assert "LookupError" in caplog.text
