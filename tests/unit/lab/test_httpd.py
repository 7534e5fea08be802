"""The little server: one request after the other, each answered as the reply says."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from proxyfleet.lab.httpd import Conversation, Reply, Request, chunks, json_reply, reply_bytes
from proxyfleet.lab.listener import Admission, Listener
from proxyfleet.tasks import Tasks

from .conftest import Talk

CLOSE = b"Connection: close\r\n\r\n"


def answer(_: Conversation, request: Request) -> Reply:
    replies = {
        "/silent": Reply(silent=True),
        "/drop": Reply(drop=True),
        "/late": Reply(body=b"late", delay=0.01),
        "/drip": Reply(body=b"drip", drip=0.001),
    }
    return replies.get(request.head.target) or Reply(body=request.body or request.head.target.encode())


@pytest.fixture
async def port() -> AsyncIterator[int]:
    tasks = Tasks()
    listener = Listener("127.0.0.1", 0, lambda: Admission(partial(Conversation, answer, listener.live)), tasks)
    yield listener.port
    listener.close()
    await tasks.close()


async def test_pipelined_requests_are_answered_in_order(port: int, talk: Talk) -> None:
    got = await talk(
        port, b"GET /a HTTP/1.1\r\n\r\nGET /late HTTP/1.1\r\n\r\nGET /drip HTTP/1.1\r\n\r\nGET /z HTTP/1.1\r\n" + CLOSE
    )
    assert [got.index(word) for word in (b"/a", b"late", b"drip", b"/z")] == sorted(
        got.index(word) for word in (b"/a", b"late", b"drip", b"/z")
    )
    assert got.count(b"HTTP/1.1 200 OK") == 4


async def test_a_body_comes_whole_in_either_framing(port: int, talk: Talk) -> None:
    by_length = b"POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    by_chunks = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE + chunks(b"world")
    got = await talk(port, by_length, by_chunks)
    assert got.count(b"hello") == got.count(b"world") == 1


async def test_a_client_that_asks_first_may_go_on(port: int, talk: Talk) -> None:
    head = b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + CLOSE
    got = await talk(port, head, b"hi")
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_silence_and_drops(port: int, talk: Talk) -> None:
    assert await talk(port, b"GET /drop HTTP/1.1\r\n\r\n") == b""
    assert await talk(port, b"GET /silent HTTP/1.1\r\n\r\n", quiet=0.05) == b""


async def test_nonsense_is_a_400_and_the_end(port: int, talk: Talk) -> None:
    assert (await talk(port, b"nonsense\r\n\r\nGET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    assert (await talk(port, b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_a_client_that_leaves_early_leaves_nothing_behind(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /drip HTTP/1.1\r\n\r\n")
    await writer.drain()
    writer.transport.abort()


def test_bytes_of_replies() -> None:
    assert b"Content-Length: 2\r\n" in reply_bytes(Reply(body=b"hi"), "GET", keep=True)
    assert reply_bytes(Reply(body=b"hi"), "HEAD", keep=True).endswith(b"\r\n\r\n")
    assert b"Content-Length" not in reply_bytes(Reply(204), "GET", keep=True)
    assert b"Connection: close" in reply_bytes(Reply(), "GET", keep=False)
    assert b"HTTP/1.1 525 Lab Status\r\n" in reply_bytes(Reply(525), "GET", keep=True)
    chunked = reply_bytes(Reply(body=b"x" * 1500, chunked=True), "GET", keep=True)
    assert (
        chunked.partition(b"\r\n\r\n")[2] == b"400\r\n" + b"x" * 1024 + b"\r\n1dc\r\n" + b"x" * 476 + b"\r\n0\r\n\r\n"
    )


def test_json() -> None:
    assert json_reply({"a": 1}, 401) == Reply(401, b'{"a": 1}\n')
