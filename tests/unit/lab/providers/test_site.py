"""The server of a stand-in: calls and faults over a socket."""

import json

import pytest

from proxyfleet.lab.providers import RestSite
from proxyfleet.lab.providers.site import told

from .conftest import KEY

LIST = f"GET /api/v2/proxy?limit=5 HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()


async def get(talk, site, message=LIST, **options) -> tuple[bytes, bytes]:
    head, _, body = (await talk(int(site.url.split(":")[2].split("/")[0]), message, **options)).partition(b"\r\n\r\n")
    return head, body


async def test_it_answers_and_remembers(shop, talk):
    shop.buy(1, 1, "US")
    async with RestSite(shop) as site:
        assert site.url.endswith("/api/v2/")
        head, body = await get(talk, site)
        assert (head[:12], len(json.loads(body))) == (b"HTTP/1.1 200", 1)
        assert (site.calls, site.requests[0].query, site.requests[0].token) == (["list"], {"limit": "5"}, KEY)
        assert (await get(talk, site, LIST.replace(b"/api/v2", b"/other")))[0].startswith(b"HTTP/1.1 404")
    with pytest.raises(RuntimeError, match="not running"):
        _ = RestSite(shop).url


async def test_faults_come_and_go(shop, talk):
    async with RestSite(shop) as site:
        site.fault("429", on="list", times=1, retry_after=7)
        site.fault("html", on="buy")
        assert site.faults == ["html", "429"]
        assert b"Retry-After: 7" in (await get(talk, site))[0]
        assert site.faults == ["html"]
        assert (await get(talk, site))[0].startswith(b"HTTP/1.1 200")
        site.fault("lost")
        assert await get(talk, site) == (b"", b"")
        site.heal()
        assert (await get(talk, site))[0].startswith(b"HTTP/1.1 200")
        with pytest.raises(ValueError, match="there is no fault 'odd'"):
            site.fault("odd")


async def test_it_can_be_away_and_hooks_run_before_each_call(shop, talk):
    async with RestSite(shop) as site:
        url = site.url
        site.go_away()
        with pytest.raises(ConnectionRefusedError):
            await get(talk, site)
        site.come_back()
        site.before.append(lambda name: shop.buy(1, 1, "US"))
        assert len(json.loads((await get(talk, site))[1])) == 1
        assert site.url == url


def test_only_what_json_knows_is_told():
    assert told({"a": 1}).body == b'{"a": 1}'
    with pytest.raises(TypeError):
        told({"a": {1}})
