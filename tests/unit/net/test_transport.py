"""The contract of a transport, held against those of the loops: what they do, ours must do alike. Then what only ours promises."""

import asyncio
import random
import socket
import struct

import pytest
from tests.unit.net.conftest import Heard, received, socket_pair, until

from proxyfleet.net.transport import LARGE_READ, SocketTransport

BIG = random.Random(1).randbytes(8_000_000)


def reset(sock: socket.socket) -> None:
    """Close with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


# The contract.


async def test_bytes_go_both_ways(begin):
    heard = Heard()
    transport, there = await begin(heard)
    there.send(b"to us")
    transport.write(b"to ")
    transport.write(b"")
    transport.writelines([b"the", memoryview(b" other"), bytearray(b" end")])
    assert await received(there, 16) == b"to the other end"
    await until(lambda: heard.data == b"to us")
    assert (heard.told, transport.is_closing(), transport.is_reading()) == (["made"], False, True)


async def test_what_does_not_fit_waits_and_the_protocol_is_told(begin):
    heard = Heard()
    transport, there = await begin(heard)
    transport.write(BIG)
    assert heard.told == ["made", "pause"]
    waiting = transport.get_write_buffer_size()
    assert 0 < waiting <= len(BIG)
    transport.write(b"more")
    assert transport.get_write_buffer_size() == waiting + 4
    assert await received(there, len(BIG) + 4) == BIG + b"more"
    await until(lambda: "resume" in heard.told)
    assert (heard.told, transport.get_write_buffer_size()) == (["made", "pause", "resume"], 0)


async def test_limits_of_the_buffer(begin):
    if begin.uvloops:
        return  # its low limit is another one
    transport, _ = await begin(Heard())
    assert transport.get_write_buffer_limits() == (16_384, 65_536)
    transport.set_write_buffer_limits(1000)
    assert transport.get_write_buffer_limits() == (250, 1000)
    transport.set_write_buffer_limits(low=5)
    assert transport.get_write_buffer_limits() == (5, 20)
    with pytest.raises(ValueError):
        transport.set_write_buffer_limits(1, 2)


async def test_a_lower_limit_counts_at_once(begin):
    heard = Heard()
    transport, _ = await begin(heard)
    transport.set_write_buffer_limits(100_000_000)
    transport.write(BIG)
    assert "pause" not in heard.told
    transport.set_write_buffer_limits(0)
    assert "pause" in heard.told


async def test_a_bytearray_may_change_after_it_was_written(begin):
    if begin.uvloops:
        return  # it keeps the bytearray itself
    transport, there = await begin(Heard())
    data = bytearray(BIG)
    transport.write(data)
    data[:] = bytes(len(data))
    assert await received(there, len(BIG)) == BIG


async def test_reading_can_be_paused_even_from_connection_made(begin):
    if begin.uvloops:
        return  # it reads all the same
    heard = Heard(on_made=lambda protocol: protocol.transport.pause_reading())
    transport, there = await begin(heard)
    there.send(b"early")
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert (heard.data, transport.is_reading()) == (b"", False)
    transport.resume_reading()
    transport.resume_reading()
    await until(lambda: heard.data == b"early")
    assert transport.is_reading()


async def test_the_end_of_the_other_side_closes(begin):
    heard = Heard()
    _, there = await begin(heard)
    there.send(b"last words")
    there.shutdown(socket.SHUT_WR)
    await until(lambda: heard.lost)
    assert (heard.data, heard.told, heard.lost) == (b"last words", ["made", "eof", "lost"], [None])
    assert await received(there, 1) == b""


async def test_or_leaves_our_side_open(begin):
    heard = Heard(stays=True)
    transport, there = await begin(heard)
    there.shutdown(socket.SHUT_WR)
    await until(lambda: "eof" in heard.told)
    transport.write(b"still here")
    assert await received(there, 10) == b"still here"
    assert not transport.is_closing()
    transport.close()
    await until(lambda: heard.lost)
    assert heard.told == ["made", "eof", "lost"]


async def test_our_end_comes_after_all_that_was_written(begin):
    heard = Heard()
    transport, there = await begin(heard)
    transport.write(BIG)
    transport.write_eof()
    transport.write_eof()
    with pytest.raises(RuntimeError):
        transport.write(b"x")
    assert await received(there, len(BIG) + 1) == BIG
    there.send(b"answer")
    await until(lambda: heard.data == b"answer")
    assert transport.can_write_eof()
    assert not transport.is_closing()


async def test_close_sends_what_is_left_and_hears_no_more(begin):
    heard = Heard()
    transport, there = await begin(heard)
    transport.write(BIG)
    transport.close()
    transport.close()
    transport.pause_reading()
    transport.resume_reading()
    assert transport.is_closing()
    assert not heard.lost
    assert await received(there, len(BIG) + 1) == BIG
    await until(lambda: heard.lost)
    assert (heard.data, heard.lost, heard.told.count("lost")) == (b"", [None], 1)


async def test_what_comes_after_close_is_not_heard(begin):
    heard = Heard()
    transport, there = await begin(heard)
    transport.write(BIG)
    transport.close()
    there.send(b"too late")
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert (heard.data, heard.lost) == (b"", [])
    transport.abort()
    await until(lambda: heard.lost)


async def test_abort_drops_what_is_left(begin):
    if begin.uvloops:
        return  # it sends what the socket takes
    heard = Heard()
    transport, there = await begin(heard)
    transport.write(BIG)
    transport.abort()
    transport.abort()
    assert heard.lost == [], "never from inside a call"
    assert transport.get_write_buffer_size() == 0
    await until(lambda: heard.lost)
    assert heard.lost == [None]
    assert len(await received(there, len(BIG))) < len(BIG)
    transport.write(b"ignored")
    transport.close()
    assert heard.told.count("lost") == 1


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_an_end_from_inside_a_call_comes_later(begin, how):
    class Ender(Heard):
        def data_received(self, data):
            getattr(self.transport, how)()
            self.told.append("asked")

    heard = Ender()
    _, there = await begin(heard)
    there.send(b"x")
    await until(lambda: heard.lost)
    assert heard.told == ["made", "asked", "lost"]


async def test_a_reset_is_told_to_who_reads(begin):
    heard = Heard()
    transport, there = await begin(heard)
    reset(there)
    await until(lambda: heard.lost)
    assert isinstance(heard.lost[0], ConnectionResetError)
    assert "eof" not in heard.told
    assert transport.is_closing()


async def test_a_reset_is_told_to_who_writes(begin):
    heard = Heard()
    transport, there = await begin(heard)
    transport.pause_reading()
    transport.write(BIG)
    reset(there)
    await until(lambda: heard.lost)
    assert isinstance(heard.lost[0], ConnectionError)


async def test_the_protocol_can_be_changed(begin):
    first, second = Heard(), Heard()
    transport, there = await begin(first)
    transport.set_protocol(second)
    assert transport.get_protocol() is second
    there.send(b"x")
    await until(lambda: second.data)
    transport.close()
    await until(lambda: second.lost)
    assert (first.data, first.told) == (b"", ["made"])


async def test_who_is_on_the_other_side(begin):
    transport, there = await begin(Heard())
    assert transport.get_extra_info("peername") == there.getsockname()
    assert transport.get_extra_info("sockname") == there.getpeername()
    assert transport.get_extra_info("socket").fileno() >= 0
    assert transport.get_extra_info("nonsense", 5) == 5


@pytest.mark.parametrize("where", ["data_received", "eof_received"])
async def test_a_protocol_that_fails_is_reported_and_cut_off(begin, where):
    class Broken(Heard):
        def data_received(self, data):
            raise LookupError("data_received")

        def eof_received(self):
            raise LookupError("eof_received")

    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    heard = Broken()
    _, there = await begin(heard)
    there.send(b"x") if where == "data_received" else there.shutdown(socket.SHUT_WR)
    await until(lambda: heard.lost)
    assert str(heard.lost[0]) == str(reported[0]["exception"]) == where
    assert len(reported) == 1


@pytest.mark.parametrize("where", ["pause_writing", "resume_writing"])
async def test_one_that_fails_at_flow_control_is_only_reported(begin, where):
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    heard = Heard()

    def fail() -> None:
        raise LookupError(where)

    setattr(heard, where, fail)
    transport, there = await begin(heard)
    transport.write(BIG)
    assert await received(there, len(BIG)) == BIG
    await until(lambda: reported)
    assert str(reported[0]["exception"]) == where
    assert not transport.is_closing()


@pytest.mark.parametrize("seed", range(5))
async def test_a_stream_arrives_whole_however_it_is_cut(begin, seed):
    """A slow reader, pieces of all sizes, pauses in between: every byte once and in order, in both directions."""
    rng, heard = random.Random(seed), Heard()
    transport, there = await begin(heard)
    there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    written, read, sent = b"", b"", b""
    for _ in range(100):
        piece = rng.randbytes(rng.choice([1, 100, 5_000, 70_000]))
        written += piece
        transport.write(piece)
        if rng.random() < 0.5:
            read += await received(there, 1)
        if rng.random() < 0.3:
            try:
                sent += piece[: there.send(piece)]
            except BlockingIOError:
                transport.resume_reading()
        if rng.random() < 0.2:
            rng.choice([transport.pause_reading, transport.resume_reading])()
    transport.resume_reading()
    read += await received(there, len(written) - len(read))
    assert read == written
    await until(lambda: len(heard.data) == len(sent))
    assert heard.data == sent


# Ours.


async def test_a_paused_connection_that_was_hung_up_costs_nothing(poller):
    """epoll tells of a hang-up again and again, asked or not; a loop would run hot."""
    served = 0
    original = poller._epoll

    class Counting:
        def __getattr__(self, name):
            return getattr(original, name)

        def poll(self, *arguments):
            nonlocal served
            served += 1
            return original.poll(*arguments)

    poller._epoll = Counting()
    for pause_first in (True, False):
        here, there = socket_pair()
        heard = Heard(stays=True)
        transport = SocketTransport(poller, here, heard, None)
        transport.begin()
        if pause_first:
            transport.pause_reading()
            reset(there)
        else:
            there.shutdown(socket.SHUT_WR)
            await until(lambda heard=heard: "eof" in heard.told)
            transport.write_eof()
            there.close()
        served = 0
        for _ in range(200):
            await asyncio.sleep(0)
        assert served < 10
        assert not heard.lost
        if pause_first:
            transport.resume_reading()
        else:
            transport.close()
        await until(lambda heard=heard: heard.lost)
    poller._epoll = original


async def test_bulk_is_read_in_large_pieces(poller):
    here, there = socket_pair()
    sizes: list[int] = []

    class Sizes(Heard):
        def data_received(self, data):
            sizes.append(len(data))

    SocketTransport(poller, here, Sizes(), None).begin()
    await asyncio.get_running_loop().sock_sendall(there, BIG)
    await until(lambda: sum(sizes) == len(BIG))
    assert max(sizes) == LARGE_READ
    there.close()


async def test_an_end_frees_its_descriptor_and_knows_nobody_any_more(poller):
    here, there = socket_pair()
    heard = Heard()
    transport = SocketTransport(poller, here, heard, ("192.0.2.1", 1))
    transport.begin()
    assert len(poller) == 1
    transport.abort()
    await until(lambda: heard.lost)
    assert (here.fileno(), len(poller)) == (-1, 0)
    assert transport.get_protocol() is not heard
    assert transport.get_extra_info("peername") == ("192.0.2.1", 1)
    assert transport.get_extra_info("sockname") is None
    there.close()


async def test_a_protocol_that_fails_at_the_start_is_cut_off(poller):
    def fail(heard: Heard) -> None:
        raise LookupError("no")

    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    here, there = socket_pair()
    heard = Heard(on_made=fail)
    SocketTransport(poller, here, heard, None).begin()
    await until(lambda: heard.lost)
    assert len(reported) == 1
    there.close()
