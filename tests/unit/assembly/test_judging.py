"""A judge on a real port: answers what it saw, stays up whatever is sent to it, closes at the end."""

import asyncio

import pytest

from proxyfleet.assembly import judging
from proxyfleet.assembly.judging import judge_running
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.wire.judge import read_echo

ANYWHERE = ("127.0.0.1", 0)


async def send(url, data):
    """The whole answer."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_it_answers_with_what_it_saw():
    async with judge_running(ANYWHERE) as url:
        answer = await send(url, b"GET /?check=7 HTTP/1.1\r\nHost: judge\r\nVia: 1.1 x\r\n\r\n")
        client, headers = read_echo(answer.partition(b"\r\n\r\n")[2])
        assert (client, headers) == ("127.0.0.1", {"host": "judge", "via": "1.1 x"})
        assert b"/?check=7" in answer


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"\x05\x01\x00\x00\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 20_000 + b"\r\n\r\n", b"4"),
    ],
)
async def test_strangers_do_it_no_harm(sent, status):
    async with judge_running(ANYWHERE) as url:
        assert (await send(url, sent)).startswith(b"HTTP/1.1 " + status)
        assert b"200 OK" in await send(url, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")


async def test_whoever_says_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(judging, "PATIENCE", 0.05)
    async with judge_running(ANYWHERE) as url:
        assert await send(url, b"GET") == b""


async def test_the_crowd_is_bounded(monkeypatch):
    monkeypatch.setattr(judging, "MOST_CONNECTIONS", 0)
    async with judge_running(ANYWHERE) as url:
        assert await send(url, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == b""


async def test_a_taken_port_is_told():
    async with judge_running(ANYWHERE) as url:
        with pytest.raises(CannotListen, match="--listen"):
            async with judge_running(("127.0.0.1", int(url.rpartition(":")[2]))):
                pass
