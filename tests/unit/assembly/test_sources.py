"""Files, standard input and URLs as streams of bytes; every URL is judged before anything is dialled."""

import asyncio
import gzip
import io
import sys
from types import SimpleNamespace

import pytest

from proxyfleet.assembly import sources
from proxyfleet.assembly.sources import SourceError, contents, is_url
from proxyfleet.net import policy


async def whole(source, **options):
    return b"".join(await contents(source, **options))


async def test_files(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    assert [len(one) for one in await contents(str(tmp_path / "a"))] == [65_536, 34_464]


async def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abc")))
    assert await whole("-") == b"abc"


@pytest.mark.parametrize("source", ["/nowhere/at/all", "/", "a\0b"])
async def test_files_that_cannot_be_read(source):
    with pytest.raises(SourceError, match="cannot read"):
        await whole(source)


@pytest.fixture
async def site():
    """A little web site: its address, and the requests that it has seen. /stall never answers, /drip never ends."""
    seen = []

    async def serve(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head)
            path = head.split()[1].decode()
            if path in ("/stall", "/drip"):
                if path == "/drip":
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n1.1.1.1:80\n")
                await reader.read()
                return
            body = PAGES.get(path, b"1.1.1.1:80\n")
            status, fields = "200 OK", ""
            if path.startswith("/to/"):
                status, fields = "302 Found", f"Location: {path[3:]}\r\n"
            elif path == "/away":
                status, fields = "302 Found", "Location: http://169.254.169.254/latest\r\n"
            elif path in PAGES:
                fields = f"Content-Encoding: {'br' if path == '/brotli' else 'gzip'}\r\n"
            elif path == "/gone":
                status = "404 Not Found"
            writer.write(
                f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
            )
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    server.close()


PAGES = {
    "/zip": gzip.compress(b"1.1.1.1:80\n"),
    "/bomb": gzip.compress(bytes(1 << 22)),
    "/brotli": b"??",
    "/broken": b"??",
}


async def fetched(url, **options):
    return await whole(url, **{"allow_private": True} | options)


async def test_a_url_is_fetched_and_named_as_written(site):
    url, seen = site
    named = url.replace("127.0.0.1", "localhost")
    assert await fetched(f"{named.replace('http', 'HTTP')}/list") == b"1.1.1.1:80\n"
    assert f"Host: {named.removeprefix('http://')}".encode() in seen[0]


async def test_compressed_lists_are_unpacked(site):
    assert await fetched(f"{site[0]}/zip") == b"1.1.1.1:80\n"


async def test_redirects_are_followed_and_judged_again(site, monkeypatch):
    url, _ = site
    assert await fetched(f"{url}/to/to/list") == b"1.1.1.1:80\n"
    with pytest.raises(SourceError, match="redirects"):
        await fetched(f"{url}{'/to' * 8}/list")
    monkeypatch.setattr(policy, "is_global", lambda address: address == "127.0.0.1")
    with pytest.raises(SourceError, match=r"169\.254"):
        await fetched(f"{url}/away", allow_private=False)


@pytest.mark.parametrize(
    ("path", "words"), [("/gone", "status 404"), ("/brotli", "DecodingError"), ("/broken", "DecodingError")]
)
async def test_answers_that_are_no_list(site, path, words):
    with pytest.raises(SourceError, match=words):
        await fetched(site[0] + path)


@pytest.mark.parametrize("path", ["/list", "/bomb"])
async def test_the_limit_of_size_counts_what_was_unpacked(site, monkeypatch, path):
    monkeypatch.setattr(sources, "LARGEST_ANSWER", 5)
    with pytest.raises(SourceError, match="longer than"):
        await fetched(site[0] + path)


@pytest.mark.parametrize("path", ["/stall", "/drip", "/to/stall"])
async def test_the_deadline_cuts_whatever_is_waited_for(site, monkeypatch, path):
    monkeypatch.setattr(sources, "LONGEST", 0.1)
    async with asyncio.timeout(10):
        with pytest.raises(SourceError, match=r"took over 0\.1 s"):
            await fetched(site[0] + path)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://2130706433/", "http://0/", "HTTP://0/"]
)
async def test_private_addresses_are_not_dialled(url):
    with pytest.raises(SourceError, match="not a public address; --allow-private"):
        await whole(url)


async def test_secrets_of_a_url_are_not_told():
    with pytest.raises(SourceError) as told:
        await whole("http://user:canary@127.0.0.1:1/path?token=canary", allow_private=True)
    assert "canary" not in str(told.value)
    assert "http://127.0.0.1:1/path" in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://", "http://no such host/", "http://name.invalid/", "http://[", "http://a:99999/"]
)
async def test_addresses_that_are_none(url):
    with pytest.raises(SourceError):
        await whole(url)


def test_urls_are_told_from_files():
    assert is_url("HTTPS://example.com/list")
    assert not is_url("ftp://example.com/list")
