"""A site that stands in for all sources, and what it does on bad days."""

import asyncio
import gzip

import pytest

from proxyfleet.lab import Lab, some_listed
from proxyfleet.lab.source_site import FAULTS, bomb

from .conftest import Talk

TEXT = "/spys.me/proxy.txt"
JSON = "/proxylist.geonode.com/api/proxy-list?limit=100&page=1"


async def get(talk: Talk, site, target: str, **options: float) -> tuple[bytes, bytes]:
    message = f"GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()
    head, _, body = (await talk(int(site.url.rpartition(":")[2]), message, **options)).partition(b"\r\n\r\n")
    return head, body


async def test_it_lists_what_it_was_given_or_what_the_lab_has(lab: Lab, talk: Talk) -> None:
    site = lab.add_sources()
    _, body = await get(talk, site, "/databay.com/free-proxy-list.txt")
    listed = {f"{proxy.scheme}://{proxy.host}:{proxy.port}" for proxy in lab.proxies if proxy.scheme != "https"}
    assert set(body.decode().split()) == listed
    site.list("databay.com/*", some_listed(1))
    assert (await get(talk, site, "/databay.com/free-proxy-list.txt"))[1] == b"http://198.18.0.0:1024\n"
    assert list(site.requests) == ["databay.com/free-proxy-list.txt"] * 2
    assert lab.sites == [site]


async def test_faults_hold_for_a_while_or_until_they_are_healed(lab: Lab, talk: Talk) -> None:
    site = lab.add_sources(some_listed(10))
    site.fault("spys.me/*", "429", times=1, retry_after=7)
    head, _ = await get(talk, site, TEXT)
    assert head.startswith(b"HTTP/1.1 429")
    assert b"Retry-After: 7" in head
    assert (await get(talk, site, TEXT))[0].startswith(b"HTTP/1.1 200")
    site.fault("*", "500")
    assert (await get(talk, site, JSON))[0].startswith(b"HTTP/1.1 500")
    site.heal()
    assert (await get(talk, site, JSON))[0].startswith(b"HTTP/1.1 200")
    with pytest.raises(ValueError, match="there is no fault 'odd'"):
        site.fault("*", "odd")


@pytest.mark.parametrize("kind", ["silent", "drop"])
async def test_no_answer_at_all(lab: Lab, talk: Talk, kind: str) -> None:
    site = lab.add_sources(some_listed(10))
    site.fault("*", kind)
    assert await get(talk, site, TEXT, quiet=0.1) == (b"", b"")


async def test_half_an_answer(lab: Lab, talk: Talk) -> None:
    site = lab.add_sources(some_listed(100))
    _, whole = await get(talk, site, TEXT)
    site.fault("*", "half")
    head, half = await get(talk, site, TEXT)
    assert f"Content-Length: {len(whole)}".encode() in head
    assert whole.startswith(half)
    assert len(half) == len(whole) // 2
    site.fault("*", "short")
    head, short = await get(talk, site, TEXT)
    assert f"Content-Length: {len(short)}".encode() in head
    assert short == half


async def test_answers_that_never_end(lab: Lab) -> None:
    site = lab.add_sources(some_listed(10))
    for kind, some in (("endless", b"198.18.0.1:80\n"), ("no newline", b"9999")):
        site.fault("*", kind)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
        writer.write(f"GET {TEXT} HTTP/1.1\r\n\r\n".encode())
        body = await asyncio.wait_for(reader.readexactly(1 << 20), 5)
        writer.transport.abort()
        assert body.count(some) > 1_000


async def test_a_bomb_is_small_and_becomes_large() -> None:
    assert len(bomb()) < 1 << 20
    assert len(gzip.decompress(bomb())) == 256 << 20


async def test_redirects(lab: Lab, talk: Talk) -> None:
    site = lab.add_sources(some_listed(1))
    for kind, place in (("loop", TEXT.encode()), ("away", b"http://169.254.169.254/latest/meta-data/")):
        site.fault("*", kind)
        assert b"Location: " + place in (await get(talk, site, TEXT))[0]


async def test_pages_that_move_and_pages_that_never_end(lab: Lab, talk: Talk) -> None:
    site = lab.add_sources(some_listed(400))
    for kind in ("shift", "for ever"):
        site.fault("*", kind)
        bodies = [(await get(talk, site, JSON))[1] for _ in range(3)]
        assert len(set(bodies)) == 3, kind
        assert all(body.startswith(b'{"data": [{') for body in bodies)


@pytest.mark.parametrize("kind", sorted(FAULTS.keys() - {"silent", "drop", "drip", "endless", "no newline", "bomb"}))
async def test_every_other_fault_answers_at_once(lab: Lab, talk: Talk, kind: str) -> None:
    site = lab.add_sources(some_listed(10))
    site.fault("*", kind)
    head, _ = await get(talk, site, JSON)
    assert head.startswith(b"HTTP/1.1 ")
