"""The poller: who is told what, and when."""

import asyncio
import logging
import os
import random
import select
import socket

import pytest
from tests.unit.net.conftest import Heard, received, socket_pair, until

from proxyfleet.net.poller import IN, OUT, Poller
from proxyfleet.net.transport import SocketTransport


class Noted:
    """Notes the events; `act` is what it does about the first one."""

    def __init__(self, act=None) -> None:
        self.events: list[int] = []
        self.aborted = 0
        self._act = act

    def ready(self, events: int) -> bool:
        self.events.append(events)
        if self._act is not None:
            act, self._act = self._act, None
            act()
        return False

    def abort(self) -> None:
        self.aborted += 1


async def test_only_what_was_asked_for_is_told(poller):
    here, there = socket_pair()
    noted = Noted()
    poller.watch(here.fileno(), IN, noted)
    for _ in range(5):
        await asyncio.sleep(0)
    assert noted.events == []
    there.send(b"x")
    await until(lambda: noted.events)
    assert set(noted.events) == {IN}
    poller.change(here.fileno(), OUT)
    noted.events.clear()
    await until(lambda: noted.events)
    assert set(noted.events) == {OUT}
    other = Noted()
    poller.hand_over(here.fileno(), other)
    await until(lambda: other.events)
    poller.ignore(here.fileno())
    poller.ignore(here.fileno())
    other.events.clear()
    there.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (other.events, len(poller)) == ([], 0)
    here.close()


async def test_a_descriptor_that_was_closed_can_be_taken_anew(poller):
    here, there = socket_pair()
    number = here.fileno()
    poller.watch(number, IN, Noted())
    poller.closing(number)
    here.close()
    with socket.socket() as another:
        again = socket.socket(fileno=os.dup2(another.fileno(), number))
    noted = Noted()
    poller.watch(number, OUT, noted)
    await until(lambda: noted.events)
    again.close()
    there.close()


async def test_soon_is_after_the_sockets_at_hand(poller):
    order: list[str] = []
    pairs = [socket_pair() for _ in range(2)]

    class Two(Noted):
        def ready(self, events):
            order.append("socket")
            poller.soon(lambda: order.append("soon"))
            poller.ignore(self.descriptor)

    for here, there in pairs:
        two = Two()
        two.descriptor = here.fileno()
        there.send(b"x")
        poller.watch(here.fileno(), IN, two)
    await until(lambda: len(order) == 4)
    assert order == ["socket", "socket", "soon", "soon"]
    for pair in pairs:
        for sock in pair:
            sock.close()


async def test_soon_without_sockets_is_the_next_turn_and_what_is_added_then_the_one_after(poller):
    order: list[int] = []

    def first() -> None:
        order.append(1)
        poller.soon(lambda: order.append(2))

    poller.soon(first)
    assert order == []
    await asyncio.sleep(0)
    assert order == [1]
    await until(lambda: order == [1, 2])


async def test_a_callback_that_fails_stops_no_other(poller, caplog):
    done: list[int] = []

    def fail() -> None:
        raise LookupError("no")

    with caplog.at_level(logging.ERROR, "proxyfleet.net"):
        poller.soon(fail)
        poller.soon(lambda: done.append(1))
        await until(lambda: done)
    assert "LookupError" in caplog.text


async def test_closing_ends_everybody_and_runs_what_waits():
    poller = Poller(asyncio.get_running_loop())
    here, there = socket_pair()
    noted, done = Noted(), []
    poller.watch(here.fileno(), IN, noted)
    poller.soon(lambda: poller.soon(lambda: done.append(1)))
    poller.close()
    assert (noted.aborted, done, len(poller)) == (1, [1], 0)
    await asyncio.sleep(0)
    here.close()
    there.close()


# Steps: all are read, then all is delivered, then all goes out.


class Relay(Heard):
    """Passes on what it hears, as a tunnel does."""

    other: "Relay"

    def data_received(self, data):
        super().data_received(data)
        self.other.transport.write(data)

    def pause_writing(self):
        self.other.transport.pause_reading()

    def resume_writing(self):
        self.other.transport.resume_reading()

    def eof_received(self):
        self.other.transport.write_eof()
        return True


async def pumped(sock: socket.socket, data: bytes, rng: random.Random) -> None:
    """Write it all, in pieces, with pauses, then the end."""
    loop = asyncio.get_running_loop()
    while data:
        size = rng.choice([1, 700, 20_000, 300_000])
        await loop.sock_sendall(sock, data[:size])
        data = data[size:]
        if rng.random() < 0.3:
            await asyncio.sleep(0.001)
    sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("seed", range(4))
async def test_many_relays_at_once_mix_and_lose_nothing(poller, seed):
    rng = random.Random(seed)
    streams, work = [], []
    for _ in range(12):
        (here, client), (there, target) = socket_pair(), socket_pair()
        one, two = Relay(), Relay()
        one.other, two.other = two, one
        SocketTransport(poller, here, one, None).begin()
        SocketTransport(poller, there, two, None).begin()
        for near, far in ((client, target), (target, client)):
            data = rng.randbytes(rng.choice([10, 3_000, 900_000]))
            work.append(asyncio.ensure_future(pumped(near, data, rng)))
            streams.append((data, asyncio.ensure_future(received(far, len(data) + 1)), near))
    await asyncio.wait_for(asyncio.gather(*work), 20)
    for data, got, _ in streams:
        assert await asyncio.wait_for(got, 20) == data
    for _, _, sock in streams:
        sock.close()


async def test_what_was_read_before_a_pause_waits_for_the_end_of_it(poller):
    """The first one served pauses the second, whose bytes have been read already."""

    class Pausing(Heard):
        def data_received(self, data):
            super().data_received(data)
            self.victim.transport.pause_reading()

    pausing, victim = Pausing(), Heard()
    pausing.victim = victim
    (here, first), (there, second) = socket_pair(), socket_pair()
    SocketTransport(poller, here, pausing, None).begin()
    transport = SocketTransport(poller, there, victim, None)
    transport.begin()
    first.send(b"x")
    second.send(b"early ")
    await until(lambda: pausing.data)
    second.send(b"and late")
    for _ in range(10):
        await asyncio.sleep(0)
    assert victim.data in (b"", b"early "), "either of the two may have been first"
    transport.resume_reading()
    transport.pause_reading()
    transport.resume_reading()
    await until(lambda: victim.data == b"early and late")
    first.close()
    second.close()


@pytest.mark.parametrize("data", [b"last words", b""])
async def test_what_was_read_is_delivered_after_the_pause_though_nothing_follows(poller, data):
    here, there = socket_pair()
    heard = Heard()
    transport = SocketTransport(poller, here, heard, None)
    transport.begin()
    there.send(data) if data else there.shutdown(socket.SHUT_WR)
    assert select.select([here], [], [], 5)[0]
    assert transport.ready(IN)
    transport.pause_reading()
    transport.deliver()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (heard.told, heard.data) == (["made"], b"")
    transport.resume_reading()
    await until(lambda: heard.data == data if data else heard.lost)
    there.close()


@pytest.mark.parametrize("how", ["close", "write_eof", "abort"])
@pytest.mark.parametrize("sizes", [[3], [1, 2, 3], [5, 40_000, 7], [20_000, 5], [9_000, 9_000, 9_000], [8_000_000, 3]])
async def test_what_is_written_in_an_answer_keeps_its_order_and_comes_before_the_end(poller, how, sizes):
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]

    class Answering(Heard):
        def data_received(self, data):
            for piece in pieces:
                self.transport.write(piece)
            self.waiting = self.transport.get_write_buffer_size()
            self.held_back = self.transport._corked
            getattr(self.transport, how)()

    here, there = socket_pair()
    heard = Answering(stays=True)
    SocketTransport(poller, here, heard, None).begin()
    there.send(b"?")
    whole = b"".join(pieces)
    got = await received(there, len(whole) + 1)
    if how == "abort":
        assert whole.startswith(got)
    else:
        assert got == whole
    if sizes[0] > 1_000_000:
        assert heard.held_back == b"", "it would overtake what waits for the socket"
    if sum(sizes) <= 16_384:
        assert heard.waiting == sum(sizes), "small pieces wait for the others of this round"
    there.close()
    await until(lambda: heard.lost or how == "write_eof")
