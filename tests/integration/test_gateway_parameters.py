"""Targeting by user name and by header fields (G4), with real curl: the same over HTTP, CONNECT, TLS and SOCKS."""

import asyncio

import pytest
from tests.integration.gatewaykit import Peer
from tests.integration.labkit import KEY, USERS, basic, serving

from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.ports import GatewayUser

SCHEMES = ("http", "socks4a", "socks5h")
PLACES = ("http://shop.lab/", "https://shop.lab/")


@pytest.fixture
async def lab():
    async with Lab(http=4, username="lab", password="lab-secret") as lab:
        yield lab


def fleet(lab):
    """US cheap, US premium, DE premium, and one without labels."""
    labels = ({"country": "US"}, {"country": "US", "tags": {"premium"}}, {"country": "DE", "tags": {"premium"}}, {})
    return [proxy_of(proxy, **each) for proxy, each in zip(lab.proxies, labels, strict=True)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("asked", "proxy"),
    [
        ("country-us-tag-premium", "http-2"),
        ("country-de", "http-3"),
        ("id-4-strategy-random", "http-4"),
        ("country-us-exclude-2", "http-1"),
    ],
)
async def test_the_same_grammar_everywhere(lab, scheme, asked, proxy):
    async with serving(lab, proxies=fleet(lab)) as served:
        for place in PLACES:
            for _ in range(2):
                assert (await served.visit(place, scheme=scheme, login=f"alice-{asked}:{KEY}"))["proxy"] == proxy


@pytest.mark.parametrize("users", [None, "some"])
async def test_with_and_without_users(lab, users):
    changes = {"users": None} if users is None else {}
    async with serving(lab, proxies=fleet(lab), **changes) as served:
        for scheme in ("http", "socks5h"):
            assert (await served.visit(PLACES[1], scheme=scheme, login=f"alice-country-de:{KEY}"))["proxy"] == "http-3"


async def test_nobody_fits(lab):
    async with serving(lab, proxies=fleet(lab)) as served:
        _, out = await served.curl(PLACES[0], "-i", login=f"alice-country-fr:{KEY}")
        assert "503 Service Unavailable" in out
        assert "no_proxy" in out
        code, _ = await served.curl(PLACES[0], scheme="socks5h", login=f"alice-country-fr:{KEY}")
        assert code == 97
    assert not lab.target.requests


@pytest.mark.parametrize("asked", ["canary-us", "country-canary", "country-us-country-de"])
async def test_what_cannot_be_read_is_400_and_says_nothing_back(lab, asked):
    async with serving(lab, proxies=fleet(lab)) as served:
        for place, code in ((PLACES[0], 0), (PLACES[1], 56)):
            returned, out = await served.curl(place, "-i", login=f"alice-{asked}:{KEY}")
            assert returned == code
            assert "400 Bad Request" in out
            assert "canary" not in out.lower()
        returned, _ = await served.curl(PLACES[0], scheme="socks5h", login=f"alice-{asked}:{KEY}")
        assert returned == 97
        _, out = await served.curl(PLACES[0], "-i", login=f"alice-{asked}:wrong")
        assert "407" in out, "who may not come in is told nothing else"
    assert not lab.target.requests


async def test_header_fields_count_and_go_no_further(lab):
    async with serving(lab, proxies=fleet(lab)) as served:
        fields = ("-H", "X-Proxyfleet-Country: de", "-H", "X-Proxyfleet-Min-Score: 0.1")
        assert (await served.visit(PLACES[0], *fields, login=f"alice-country-us:{KEY}"))["proxy"] == "http-3"
        over = ("--proxy-header", "X-Proxyfleet-Country: de")
        assert (await served.visit(PLACES[1], *over))["proxy"] == "http-3"
        _, out = await served.curl(PLACES[0], "-i", "-H", "X-Proxyfleet-Canary: 1")
        assert "parameter_unknown" in out
        code, out = await served.curl(
            PLACES[0], "-H", "X-Proxyfleet-Country: de", "--next", "-x", proxy(served), PLACES[0]
        )
        assert code == 0, out
    sent = [name.lower() for visit in lab.target.requests for name, _ in visit.headers]
    assert not [name for name in sent if name.startswith("x-proxyfleet")]


def proxy(served):
    return f"http://alice:{KEY}@127.0.0.1:{served.port}"


async def test_parameters_hold_for_one_connection_and_fields_for_one_request(lab):
    """Kept-alive: the second request of a connection is not served on the terms of the first one's fields."""
    async with serving(lab, proxies=fleet(lab)) as served:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", served.port))
        seen = []
        for login, field in (
            (f"alice:{KEY}", "X-Proxyfleet-Country: de\r\n"),
            (f"alice-id-4:{KEY}", ""),
            (f"alice-id-1:{KEY}", ""),
            (f"alice-id-4:{KEY}", "X-Proxyfleet-Id: 2\r\n"),
            (f"alice-id-4:{KEY}", ""),
        ):
            peer.send(
                f"GET http://shop.lab/ HTTP/1.1\r\nHost: shop.lab\r\nProxy-Authorization: {basic(login)}\r\n{field}\r\n".encode()
            )
            _, head, _ = await peer.answer()
            port = next(
                line.rsplit(b":", 1)[1] for line in head.split(b"\r\n") if line.startswith(b"X-Proxyfleet-Proxy")
            )
            seen.append(next(one.name for one in lab.proxies if one.port == int(port)))
        assert seen == ["http-3", "http-4", "http-1", "http-2", "http-4"]
        peer.close()


async def test_a_user_is_served_from_its_own_part_of_the_fleet(lab):
    users = {"alice": GatewayUser("alice", USERS["alice"].key_hash, selector="tag=premium")}
    async with serving(lab, proxies=fleet(lab), users=users) as served:
        for asked, wanted in (
            ("", {"http-2", "http-3"}),
            ("-country-us", {"http-2"}),
            ("-selector-country%3DUS", {"http-2"}),
        ):
            for _ in range(4):
                seen = await served.visit(PLACES[0], login=f"alice{asked}:{KEY}")
                assert seen["proxy"] in wanted
        _, out = await served.curl(PLACES[0], "-i", login=f"alice-id-1:{KEY}")
        assert "no_proxy" in out
