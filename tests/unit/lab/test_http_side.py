"""The HTTP face: forwarding, tunnels, refusals, and what the target gets to see."""

import asyncio
from base64 import b64encode

import pytest

from proxyfleet.lab import Lab
from proxyfleet.lab.http_side import basic_credentials, refusal_bytes
from proxyfleet.lab.httpd import chunks
from proxyfleet.lab.judging import Refusal

from .conftest import Talk

CLOSE = b"Connection: close\r\n\r\n"
AUTH = b"Proxy-Authorization: Basic " + b64encode(b"lab:p:w") + b"\r\n"


def get(path: str, host: str = "shop.lab") -> bytes:
    return f"GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n".encode()


async def test_one_connection_carries_requests_to_several_targets(lab: Lab) -> None:
    other = lab.add_target("other", "other.lab")
    both = get("/bytes/1") + b"\r\n", get("/bytes/2", "other.lab") + CLOSE
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["http-1"].port)
    for request, size in zip(both, (1, 2), strict=True):
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(size)
    writer.close()
    assert [len(lab.target.requests), len(other.requests), lab["http-1"].connections] == [1, 1, 1]


async def test_pipelined_requests_to_one_target(lab: Lab, talk: Talk) -> None:
    got = await talk(lab["http-1"].port, get("/bytes/3") + b"\r\n" + get("/bytes/4") + CLOSE)
    assert got.count(b"200 OK") == 2
    assert got.endswith(b"0123")


async def test_no_credentials_reach_the_target(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(username="lab", password="p:w")
    await talk(lab["http-1"].port, get("/") + AUTH + b"Proxy-Connection: keep-alive\r\nX-A: 1\r\n" + CLOSE)
    (visit,) = lab.target.requests
    assert (visit.proxy, visit.path, visit.header("x-a")) == ("http-1", "/", "1")
    assert not [name for name, _ in visit.headers if name.lower().startswith("proxy-")]


async def test_bodies_pass_in_both_framings(lab: Lab, talk: Talk) -> None:
    post = b"POST http://a.lab/echo HTTP/1.1\r\nHost: a.lab\r\n"
    got = await talk(
        lab["http-1"].port,
        post + b"Content-Length: 5\r\n\r\nhel",
        b"lo" + post + b"Transfer-Encoding: chunked\r\n" + CLOSE + chunks(b"world"),
    )
    assert got.count(b"hello") == got.count(b"world") == 1


async def test_wrong_credentials_get_a_challenge_and_may_try_again_on_the_connection(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(username="lab", password="p:w")
    got = await talk(lab["http-1"].port, get("/") + b"\r\n" + get("/bytes/3") + AUTH + CLOSE)
    assert got.startswith(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
    assert b'Proxy-Authenticate: Basic realm="lab"\r\n' in got
    assert got.endswith(b"012")


async def test_a_refused_connect_closes(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(username="lab", password="p:w")
    connect = b"CONNECT a.lab:443 HTTP/1.1\r\nHost: a.lab:443\r\n\r\n"
    got = await talk(lab["http-1"].port, connect + connect)
    assert got.count(b"HTTP/1.1 407 ") == 1
    assert b"Connection: close" in got


async def test_a_refused_post_closes_because_its_body_is_on_the_way(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(banned=["a.lab"])
    got = await talk(lab["http-1"].port, b"POST http://a.lab/echo HTTP/1.1\r\nHost: a.lab\r\nContent-Length: 5\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 403 ")
    assert b"Connection: close" in got


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a.lab HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET https://a.lab/ HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_proxy_request_is_a_400(lab: Lab, talk: Talk, sent: bytes) -> None:
    assert (await talk(lab["http-1"].port, sent)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("anonymity", "via", "forwarded"),
    [("elite", None, None), ("anonymous", "1.1 http-1", None), ("transparent", "1.1 http-1", "127.0.0.1")],
)
async def test_anonymity(lab: Lab, talk: Talk, anonymity: str, via: str | None, forwarded: str | None) -> None:
    lab["http-1"].behave(anonymity=anonymity)
    await talk(lab["http-1"].port, get("/") + CLOSE)
    assert (lab.target.requests[-1].header("via"), lab.target.requests[-1].header("x-forwarded-for")) == (
        via,
        forwarded,
    )


async def test_old_clients_connect_without_host(lab: Lab, talk: Talk) -> None:
    got = await talk(lab["http-1"].port, b"CONNECT a.lab:80 HTTP/1.0\r\n\r\nGET /bytes/3 HTTP/1.0\r\n\r\n")
    assert got.endswith(b"012")


def test_refusals_as_bytes() -> None:
    sent = refusal_bytes(Refusal(429, "slow", headers=(("Retry-After", "3"),)), keep=True)
    assert sent.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"Retry-After: 3\r\n" in sent
    assert sent.endswith(b"\r\n\r\nslow\n")
    assert refusal_bytes(Refusal(525, ""), keep=False).startswith(b"HTTP/1.1 525 Lab Status\r\n")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Basic " + b64encode(b"a:b:c").decode(), ("a", "b:c")),
        ("basic " + b64encode("ä:ö".encode()).decode(), ("ä", "ö")),
        ("Basic !!!", (None, None)),
        ("Basic " + b64encode(b"nocolon").decode(), (None, None)),
        ("Basic " + b64encode(b"\xff:\xff").decode(), (None, None)),
        ("Bearer x", (None, None)),
        (None, (None, None)),
    ],
)
def test_basic_credentials(header: str | None, found: tuple[str | None, str | None]) -> None:
    assert basic_credentials(header) == found
