"""R11: every client that people use, through the gateway, to plain and TLS targets, with right, wrong and no
credentials; and nothing that was meant for a proxy ever reaches a target.
"""

import asyncio
from functools import partial

import pytest
from tests.clients import libraries, programs
from tests.clients.world import KEY, LOGINS, SIMPLE, UPSTREAM_PASSWORD, Ask, world
from tests.integration.labkit import basic

pytestmark = [  # clients warn of their own next versions and of TLS to a proxy
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
    pytest.mark.filterwarnings("ignore::curl_cffi.utils.CurlCffiWarning"),
]
IN_ONE_GO = {"scrapy", "scrapy httpx", "crawlee", "undici", "undici 7"}
BY_HTTPX = "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler"
HTTP = ("http", "https")
"""Schemes of the gateway: plain, and TLS to it."""

CLIENTS = {
    "curl": (programs.by_curl, (*HTTP, "socks4", "socks4a", "socks5", "socks5h")),
    "wget": (programs.by_wget, ("http",)),
    "requests": (libraries.by_requests, (*HTTP, "socks4", "socks4a", "socks5", "socks5h")),
    "urllib3": (libraries.by_urllib3, (*HTTP, "socks4", "socks4a", "socks5", "socks5h")),
    "httpx": (libraries.by_httpx, (*HTTP, "socks5", "socks5h")),
    "httpx async": (libraries.by_httpx_async, (*HTTP, "socks5", "socks5h")),
    "aiohttp": (libraries.by_aiohttp, HTTP),
    "aiohttp_socks": (libraries.by_aiohttp_socks, ("http", "socks4", "socks5", "socks5h")),
    "curl_cffi": (libraries.by_curl_cffi, (*HTTP, "socks4", "socks4a", "socks5", "socks5h")),
    "urllib": (libraries.by_urllib, ("http",)),
    "scrapy": (programs.by_scrapy, ("http",)),
    "scrapy httpx": (partial(programs.by_scrapy, handler=BY_HTTPX), ("http", "https", "socks5", "socks5h")),
    "crawlee": (programs.by_crawlee, HTTP),
    "undici": (partial(programs.by_undici, "undici"), HTTP),
    "undici 7": (partial(programs.by_undici, "undici-7"), (*HTTP, "socks5")),
}
PAIRS = [(name, scheme) for name, (_, schemes) in CLIENTS.items() for scheme in schemes]
TUNNELLING = {"aiohttp_socks", "undici", "undici 7"}
"""These ask for a tunnel to plain targets too, and tell of a refusal in an error."""
NUMBERLESS = {"crawlee": "ProxyError"}
"""What these say of a refused tunnel, without the number."""
CARELESS = {"wget": {"proxy-connection"}}
"""What a client sends to TLS targets by mistake, through a tunnel that nobody looks into; it tells no secret."""
SIMPLE_MINDED = {"scrapy httpx"}
"""Unquotes a key and does not quote it again."""
LOCAL_NAMES = {"socks4", "socks5"}
"""These resolve names themselves; the lab's names mean nothing to this machine."""
SENDS_NAMES = {"undici 7"}
"""Leaves names to the gateway by socks5 too."""
NODE_FOR_7 = (20, 18, 1)


@pytest.fixture
async def served(tmp_path):
    async with world(tmp_path) as running:
        yield running


def asks(served, name, scheme):
    """(login, whether TLS, ask) for each corner of the square."""
    lab, ca = served.lab, str(served.lab.ca_file)
    for login, credentials in (LOGINS | ({"right": SIMPLE} if name in SIMPLE_MINDED else {})).items():
        for tls in (False, True):
            named = f"http{'s' if tls else ''}://shop.lab"
            local = scheme in LOCAL_NAMES and name not in SENDS_NAMES
            place = (lab.target.tls_url if tls else lab.target.url) if local else named
            yield login, tls, Ask(f"{place}/hello-{login}", scheme, served.port, credentials, ca)


@pytest.mark.parametrize(("name", "scheme"), PAIRS, ids=lambda part: part)
async def test_a_client(served, name, scheme, request):
    corners = list(asks(served, name, scheme))
    client, _ = CLIENTS[name]
    if name == "undici 7" and programs.node_version() < NODE_FOR_7:
        pytest.skip(f"undici 7 needs Node {'.'.join(map(str, NODE_FOR_7))} or newer")
    if name.startswith("undici"):
        client = partial(client, request.config.cache.mkdir("undici"))
    if name in IN_ONE_GO:
        told = await asyncio.to_thread(client, [ask for *_, ask in corners])
    else:
        told = await programs.all_at_once(client, [ask for *_, ask in corners])
    wrong = [
        (login, "TLS" if tls else "plain", said)
        for (login, tls, _), said in zip(corners, told, strict=True)
        if not as_it_should_be(name, login, scheme, tls, said)
    ]
    assert not wrong
    reached(served, name)


def as_it_should_be(name, login, scheme, tls, said):
    if login == "right":
        return said.status == 200 and libraries.seen(said)["path"] == "/hello-right"
    if scheme.startswith("socks"):
        return said.status == 0 and bool(said.text)
    if tls or name in TUNNELLING:
        return said.status == 407 or NUMBERLESS.get(name, "407") in said.text
    return said.status == 407


def reached(served, name):
    """What came to the target, and that it is only what it should be."""
    visits = list(served.lab.target.requests)
    careless = CARELESS.get(name, set())
    assert {visit.path for visit in visits} <= {"/hello-right", "/echo"}
    assert {visit.tls for visit in visits if visit.path == "/hello-right"} == {False, True}
    assert {visit.proxy for visit in visits} <= {"http-1", "http-2"}
    logins = [*filter(None, LOGINS.values()), SIMPLE]
    secrets = [KEY, UPSTREAM_PASSWORD, *(basic(":".join(login)).split()[1] for login in logins)]
    secrets.append(basic(f"lab:{UPSTREAM_PASSWORD}").split()[1])
    for visit in visits:
        names = {name.lower() for name, _ in visit.headers}
        leaked = {name for name in names if name.startswith(("proxy-", "x-proxyfleet"))}
        assert leaked <= (careless if visit.tls else set()), visit
        assert not [secret for secret in secrets if secret in repr(visit)], visit
    assert all(proxy.tally.refused == {} for proxy in served.lab.proxies), (
        "the upstream proxies got their own credentials"
    )
