"""Files, standard input and URLs as streams of bytes; every URL is judged before anything is dialled."""

import asyncio
import io
import sys
from types import SimpleNamespace

import pytest

from proxyfleet.assembly import sources
from proxyfleet.assembly.sources import SourceError, chunks


def whole(source, **options):
    return b"".join(chunks(source, **options))


def test_files(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    assert len(whole(str(tmp_path / "a"))) == 100_000
    assert [len(one) for one in chunks(str(tmp_path / "a"))] == [65_536, 34_464]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abc")))
    assert whole("-") == b"abc"


@pytest.mark.parametrize("source", ["/nowhere/at/all", "/", "a\0b"])
def test_files_that_cannot_be_read(source):
    with pytest.raises(SourceError, match="cannot read"):
        whole(source)


@pytest.fixture
async def site():
    """A little web site: its address, and the requests that it has seen."""
    seen = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        path = head.split()[1].decode()
        body = b"1.1.1.1:80\n"
        status, fields = "200 OK", ""
        if path.startswith("/to/"):
            status, fields = "302 Found", f"Location: {path[3:]}\r\n"
        elif path.startswith("/away"):
            status, fields = "302 Found", "Location: http://169.254.169.254/latest\r\n"
        elif path == "/zip":
            fields = "Content-Encoding: gzip\r\n"
        elif path == "/gone":
            status = "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    server.close()


async def fetched(url, **options):
    return await asyncio.to_thread(whole, url, **{"allow_private": True} | options)


async def test_a_url_is_fetched_and_named_as_written(site):
    url, seen = site
    named = url.replace("127.0.0.1", "localhost")
    assert await fetched(f"{named}/list") == b"1.1.1.1:80\n"
    assert f"Host: {named.removeprefix('http://')}".encode() in seen[0]
    assert b"Accept-Encoding: identity" in seen[0]


async def test_redirects_are_followed_and_judged_again(site, monkeypatch):
    url, _ = site
    assert await fetched(f"{url}/to/to/list") == b"1.1.1.1:80\n"
    with pytest.raises(SourceError, match="redirects"):
        await fetched(f"{url}{'/to' * 8}/list")
    monkeypatch.setattr(sources, "is_global", lambda address: address == "127.0.0.1")
    with pytest.raises(SourceError, match=r"169\.254"):
        await fetched(f"{url}/away", allow_private=False)


@pytest.mark.parametrize(("path", "words"), [("/gone", "status 404"), ("/zip", "compressed")])
async def test_answers_that_are_no_list(site, path, words):
    with pytest.raises(SourceError, match=words):
        await fetched(site[0] + path)


async def test_limits_of_size_and_time(site, monkeypatch):
    with pytest.raises(SourceError, match="took over"):
        await fetched(f"{site[0]}/list", clock=iter([0.0, 1e9]).__next__)
    monkeypatch.setattr(sources, "LARGEST_ANSWER", 5)
    with pytest.raises(SourceError, match="longer than"):
        await fetched(f"{site[0]}/list")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://2130706433/", "http://0/"]
)
def test_private_addresses_are_not_dialled(url):
    with pytest.raises(SourceError, match="not a public address"):
        whole(url)


def test_secrets_of_a_url_are_not_told():
    with pytest.raises(SourceError) as told:
        whole("http://user:canary@127.0.0.1:1/path?token=canary", allow_private=True)
    assert "canary" not in str(told.value)
    assert "http://127.0.0.1:1/path" in str(told.value)


@pytest.mark.parametrize("url", ["http://", "http://no such host/", "http://name.invalid/"])
def test_addresses_that_are_none(url):
    with pytest.raises(SourceError):
        whole(url)
