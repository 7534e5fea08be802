"""Fetches have bounds: redirects, bytes, and what a few compressed bytes may become."""

import asyncio
import gzip
import zlib

import httpx
import pytest

from proxyfleet.net.fetching import PIECE, TooLarge, bounded, following

LIST = b"1.1.1.1:80\n" * 20_000
BOMB = gzip.compress(bytes(64 << 20))
SQUEEZE = zlib.compressobj(wbits=-15)
RAW = SQUEEZE.compress(LIST) + SQUEEZE.flush()


class Answers(httpx.AsyncByteStream):
    """A body in pieces, and how many of them were asked for."""

    def __init__(self, *pieces):
        self.pieces, self.taken = pieces, 0

    async def __aiter__(self):
        for piece in self.pieces:
            self.taken += 1
            yield piece


async def unpacked(*pieces, encoding="gzip", most=1 << 30):
    body = Answers(*pieces)
    answer = httpx.Response(200, headers={"Content-Encoding": encoding}, stream=body)
    return b"".join([piece async for piece in bounded(answer, most)])


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", LIST),
        ("identity", LIST),
        ("gzip", gzip.compress(LIST)),
        ("GZIP", gzip.compress(LIST)),
        ("x-gzip", gzip.compress(LIST[:110]) + gzip.compress(LIST[110:])),
        ("gzip", gzip.compress(LIST) + bytes(512)),
        ("deflate", zlib.compress(LIST)),
        ("deflate", RAW),
    ],
)
async def test_what_is_unpacked(encoding, body):
    assert await unpacked(body, encoding=encoding) == LIST
    assert await unpacked(body[:50], body[50:999], body[999:], encoding=encoding) == LIST


async def test_an_empty_body_is_empty():
    assert await unpacked() == b""


async def test_a_bomb_is_put_out_at_the_limit():
    pieces = []
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Answers(BOMB))

    async def take():
        async for piece in bounded(answer, 1 << 20):
            pieces.append(len(piece))

    with pytest.raises(TooLarge):
        await take()
    assert sum(pieces) <= 1 << 20
    assert max(pieces) <= PIECE


async def test_an_endless_body_ends_at_the_limit():
    body = Answers(*[bytes(1000)] * 10_000)
    with pytest.raises(TooLarge):
        await anext(piece async for piece in bounded(httpx.Response(200, stream=body), 50_000) if not piece)
    assert body.taken < 200


async def test_compressed_bytes_that_become_nothing_count_too():
    squeeze = zlib.compressobj(wbits=31)
    endless = squeeze.compress(b"") + squeeze.flush(zlib.Z_FULL_FLUSH) + b"\0\0\0\xff\xff" * 100_000
    with pytest.raises(TooLarge):
        await unpacked(endless, most=100_000)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no gzip at all"),
        ("deflate", b"\xff\xff no deflate"),
        ("gzip", gzip.compress(LIST)[:-20]),
        ("gzip", gzip.compress(LIST)[:200] + b"????" + gzip.compress(LIST)[204:]),
        ("br", LIST),
        ("zstd", LIST),
        ("gzip, gzip", gzip.compress(gzip.compress(LIST))),
    ],
    ids=["no-gzip", "no-deflate", "cut", "damaged", "br", "zstd", "twice"],
)
async def test_what_is_broken_or_was_not_asked_for(encoding, body):
    with pytest.raises(httpx.DecodingError):
        await unpacked(body, encoding=encoding)


@pytest.fixture
async def site():
    """Answers `/to/X` by a redirect to X with an endless body, all else by its head; its URL and the heads."""
    heads = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        path = head.split()[1].decode()
        try:
            if not path.startswith("/to/"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))
                return
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {path[3:]}\r\nContent-Length: {1 << 40}\r\n\r\n".encode())
            while True:
                writer.write(bytes(1 << 16))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads
    server.close()


async def test_redirects_are_followed_and_their_bodies_left_unread(site):
    url, heads = site
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        async with following(client, f"{url}/to/to/to/list", {"X-Mine": "yes"}) as answer:
            assert b"GET /list" in await answer.aread()
        assert len(heads) == 4
        assert all(b"Accept-Encoding: gzip, deflate\r\n" in head and b"X-Mine: yes" in head for head in heads)
        with pytest.raises(httpx.TooManyRedirects):
            async with following(client, f"{url}{'/to' * 6}/list"):
                pass
