"""What all client connections share: waiting, early bytes, leaving in the middle, both ways of a tunnel."""

import asyncio
from collections.abc import Callable

import pytest

from proxyfleet.lab import Lab
from proxyfleet.lab.client import MAX_EARLY, ClientSide

from .conftest import Talk

CONNECT = b"CONNECT shop.lab:80 HTTP/1.1\r\nHost: shop.lab:80\r\n\r\n"
GET = b"GET /bytes/5 HTTP/1.1\r\nHost: shop.lab\r\nConnection: close\r\n\r\n"


async def test_bytes_that_come_before_the_tunnel_are_kept_for_it(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(latency=0.01)
    got = await talk(lab["http-1"].port, CONNECT + GET)
    assert got.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
    assert got.endswith(b"01234")


async def test_latency_delays_the_answer(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(latency=0.05, jitter=0.01)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await talk(lab["http-1"].port, CONNECT + GET)
    assert 0.05 <= loop.time() - begun < 1.0


async def test_a_client_that_leaves_while_it_waits_asks_nothing(lab: Lab) -> None:
    lab["http-1"].behave(latency=0.05)
    _, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port)
    writer.write(CONNECT)
    await writer.drain()
    await _until(lambda: bool(lab["http-1"].live))
    writer.transport.abort()
    await _until(lambda: not lab["http-1"].live)
    await asyncio.sleep(0.06)
    assert lab["http-1"].requests == 0


@pytest.mark.parametrize("tunnel", [True, False])
async def test_a_client_that_talks_too_early_is_held_back_and_then_heard(lab: Lab, tunnel: bool) -> None:
    lab["http-1"].behave(latency=0.08)
    size = 20 * MAX_EARLY
    place = b"/echo" if tunnel else b"http://shop.lab/echo"
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port)
    writer.write(CONNECT if tunnel else b"")
    writer.write(b"POST " + place + b" HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    await _until(lambda: bool(lab["http-1"].live))
    await asyncio.sleep(0.02)
    (near,) = lab["http-1"].live
    early = near.get_protocol()
    assert isinstance(early, ClientSide)
    assert len(early.buffer) < 4 * MAX_EARLY
    if tunnel:
        await reader.readuntil(b"established\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    assert len(await asyncio.wait_for(reader.readexactly(size), 10)) == size
    writer.close()


async def test_a_target_that_refuses_is_a_502(lab: Lab, talk: Talk) -> None:
    lab.target.go_down("refuse")
    got = await talk(lab["http-1"].port, CONNECT)
    assert got.startswith(b"HTTP/1.1 502 Bad Gateway")
    assert lab["http-1"].tally.refused == {502: 1}


async def test_half_closed_tunnels_still_answer(lab: Lab) -> None:
    server = await asyncio.start_server(_echo_at_end, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port)
        writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"all of it")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b"all of it"
    writer.close()


async def _echo_at_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read())
    writer.close()


async def test_a_slow_reader_holds_the_target_back(lab: Lab) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port, limit=1024)
    size = 30_000_000
    writer.write(CONNECT + f"GET /bytes/{size} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await reader.readuntil(b"established\r\n\r\n")
    await asyncio.sleep(0.05)
    (near,) = lab["http-1"].live
    assert near.get_write_buffer_size() < 2_000_000
    await reader.readuntil(b"\r\n\r\n")
    assert len(await asyncio.wait_for(reader.readexactly(size), 10)) == size
    writer.close()


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never happened")
