"""Listening, under a poller and under the loop."""

import asyncio
import errno
import logging
import os
import socket
import threading

import pytest
from tests.unit.net.conftest import Heard, received, until

from proxyfleet.net import listening as module
from proxyfleet.net.listening import LoopListener, PolledListener, listen

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


@PORTS
async def test_who_has_dialled_before_it_closes_is_served_and_not_reset(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None)
    address = listening.sockets[0].getsockname()
    clients = [socket.create_connection(address) for _ in range(20)]  # the loop has had no turn to accept them
    for client in clients:
        client.send(b"asked")
    listening.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    await listening.settled()
    assert len(accepted.made) == 20
    await until(lambda: all(one.data == b"asked" for one in accepted.made))
    for one in accepted.made:
        one.transport.abort()
    for client in clients:
        client.close()


@PORTS
async def test_who_is_just_being_accepted_when_it_closes_is_served_too(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None)
    clients = []
    for turns in range(6):
        for _ in range(5):
            clients.append(socket.create_connection(listening.sockets[0].getsockname()))
            clients[-1].send(b"asked")
        for _ in range(turns):
            await asyncio.sleep(0)
    listening.close()
    await until(lambda: len(accepted.made) == 30 and all(one.data == b"asked" for one in accepted.made))
    for one in accepted.made:
        one.transport.abort()
    for client in clients:
        client.close()


@PORTS
async def test_draining_lets_those_through_who_have_begun_to_dial_and_nobody_else(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "0.0.0.0", 0, poller=poller if polled else None)
    address = ("127.0.0.1", listening.sockets[0].getsockname()[1])
    clients = [socket.create_connection(address) for _ in range(5)]
    draining = asyncio.get_running_loop().create_task(listening.drain())
    await until(lambda: len(accepted.made) == 5)
    assert not draining.done(), "somebody from afar may be half-way"
    with pytest.raises(TimeoutError):
        socket.create_connection(address, timeout=0.05)
    await asyncio.wait_for(draining, 5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    assert len(accepted.made) == 5
    for one in accepted.made:
        one.transport.abort()
    for client in clients:
        client.close()


@PORTS
async def test_nobody_is_reset_when_one_of_several_on_a_port_stops(poller, polled):
    """The others serve who comes later, at the latest a second later."""
    accepted = Accepted()
    stays = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None, reuse_port=True)
    address, ends, failed = stays.sockets[0].getsockname(), threading.Event(), []

    def dial() -> None:
        while not ends.is_set():
            try:
                with socket.create_connection(address, timeout=30) as client:
                    client.sendall(b"asked")
                    client.shutdown(socket.SHUT_WR)
                    client.recv(1)
            except OSError as error:
                failed.append(error)

    dialling = [threading.Thread(target=dial) for _ in range(4)]
    for one in dialling:
        one.start()
    for _ in range(100):
        leaves = await listen(accepted, "127.0.0.1", address[1], poller=poller if polled else None, reuse_port=True)
        await asyncio.sleep(0.005)
        await leaves.drain()
    ends.set()
    await asyncio.to_thread(lambda: [one.join() for one in dialling])
    assert failed == []
    stays.close()


@PORTS
async def test_an_abort_takes_nobody_in(poller, polled):
    accepted = Accepted()
    listening = await listen(accepted, "127.0.0.1", 0, poller=poller if polled else None)
    with socket.create_connection(listening.sockets[0].getsockname()) as client:
        listening.abort()
        await listening.settled()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert accepted.made == []


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


def listener(polled, poller, sock, accepted):
    return PolledListener(poller, sock, accepted) if polled else LoopListener(sock, accepted)


@PORTS
@pytest.mark.parametrize(("number", "rests"), [(errno.EMFILE, True), (errno.EPROTO, False)])
async def test_without_descriptors_it_rests_instead_of_running_hot(poller, polled, monkeypatch, caplog, number, rests):
    monkeypatch.setattr(module, "REST", 0.05)
    accepted = Accepted()
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    with caplog.at_level(logging.ERROR, "proxyfleet.net"), socket.create_connection(sock.getsockname()):
        listening = listener(polled, poller, Exhausted(sock, OSError(number, "exhausted")), accepted)
        await until(lambda: "exhausted" in caplog.text)
        assert (listening._resting is not None) is rests
        assert bool(len(poller)) is (polled and not rests)
        await until(lambda: accepted.made)
    listening.close()
    await until(lambda: accepted.made[0].lost)


@PORTS
async def test_who_closes_while_resting_is_not_woken(poller, polled):
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    with socket.create_connection(sock.getsockname()):
        listening = listener(polled, poller, Exhausted(sock, OSError(errno.ENFILE, "full")), Accepted())
        await until(lambda: listening._resting)
        listening.close()
    assert listening._resting.cancelled()
    assert len(poller) == 0


@PORTS
async def test_a_protocol_that_cannot_be_made_stops_no_other(poller, polled, caplog):
    accepted = Accepted()
    failures = [LookupError("no")]

    def factory() -> Heard:
        if failures:
            raise failures.pop()
        return accepted()

    listening = await listen(factory, "127.0.0.1", 0, poller=poller if polled else None)
    first = socket.create_connection(listening.sockets[0].getsockname())
    first.setblocking(False)
    assert await received(first, 1) == b""
    with socket.create_connection(listening.sockets[0].getsockname()):
        await until(lambda: accepted.made)
        accepted.made[0].transport.abort()
    first.close()
    listening.close()
    assert "LookupError" in caplog.text
