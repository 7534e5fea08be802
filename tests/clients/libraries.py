"""Python's HTTP clients, each the way its users write it. Every function makes one `Ask` and tells what came of it."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request

import aiohttp
import curl_cffi.requests
import httpx
import requests
import urllib3
import urllib3.contrib.socks
from aiohttp_socks import ProxyConnector
from tests.clients.world import Ask, Told

PATIENCE = 10
EXTRA = {"X-Proxyfleet-Strategy": "random"}
"""A header for the gateway, which must not get any further. What is sent through a tunnel only the target reads."""
BODY = b"x" * 70_000


def extra(ask: Ask) -> dict[str, str]:
    return EXTRA if ask.url.startswith("http:") and not ask.scheme.startswith("socks") else {}


def echo(ask: Ask) -> str:
    return ask.url.rpartition("/")[0] + "/echo"


def by_requests(ask: Ask) -> Told:
    with requests.Session() as session:
        session.trust_env, session.verify = False, ask.ca
        session.proxies = {"http": ask.proxy, "https": ask.proxy}
        try:
            got = session.get(ask.url, headers=extra(ask), timeout=PATIENCE)
            if got.status_code == 200:
                assert session.post(echo(ask), data=BODY, timeout=PATIENCE).content == BODY
                assert session.post(echo(ask), data=iter([BODY, BODY]), timeout=PATIENCE).content == BODY * 2
        except requests.RequestException as error:
            return Told(0, repr(error))
        return Told(got.status_code, got.text)


def by_urllib3(ask: Ask) -> Told:
    common = {"ca_certs": ask.ca, "timeout": PATIENCE, "retries": False}
    if ask.scheme.startswith("socks"):
        manager = urllib3.contrib.socks.SOCKSProxyManager(ask.proxy, **common)
    else:
        login = urllib3.make_headers(proxy_basic_auth=":".join(ask.login)) if ask.login else {}
        trust = ssl.create_default_context(cafile=ask.ca)
        manager = urllib3.ProxyManager(ask.bare, proxy_headers=login, proxy_ssl_context=trust, **common)
    with manager:
        try:
            got = manager.request("GET", ask.url, headers=extra(ask))
            if got.status == 200:
                posted = manager.request("POST", echo(ask), body=BODY)
                assert posted.data == BODY
        except urllib3.exceptions.HTTPError as error:
            return Told(0, repr(error))
        return Told(got.status, got.data.decode())


def by_httpx(ask: Ask) -> Told:
    trust = ssl.create_default_context(cafile=ask.ca)
    proxy = httpx.Proxy(ask.bare, auth=ask.login, ssl_context=trust if ask.scheme == "https" else None)
    with httpx.Client(proxy=proxy, verify=trust, trust_env=False, timeout=PATIENCE) as client:
        try:
            got = client.get(ask.url, headers=extra(ask))
            if got.status_code == 200:
                assert client.post(echo(ask), content=iter([BODY, BODY])).content == BODY * 2
        except httpx.HTTPError as error:
            return Told(0, repr(error))
        return Told(got.status_code, got.text)


def by_httpx_async(ask: Ask) -> Told:
    async def visit() -> Told:
        trust = ssl.create_default_context(cafile=ask.ca)
        proxy = httpx.Proxy(ask.proxy, ssl_context=trust if ask.scheme == "https" else None)
        async with httpx.AsyncClient(proxy=proxy, verify=trust, trust_env=False, timeout=PATIENCE) as client:
            try:
                got = await client.get(ask.url, headers=extra(ask))
            except httpx.HTTPError as error:
                return Told(0, repr(error))
            return Told(got.status_code, got.text)

    return asyncio.run(visit())


def by_aiohttp(ask: Ask) -> Told:
    async def visit() -> Told:
        trust = ssl.create_default_context(cafile=ask.ca)
        auth = aiohttp.BasicAuth(*ask.login) if ask.login else None
        way = {"proxy": ask.bare, "proxy_auth": auth, "ssl": trust}
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(ask.url, headers=extra(ask), **way) as got:
                    told = Told(got.status, await got.text())
                if told.status == 200:
                    async with session.post(echo(ask), data=BODY, **way) as got:
                        assert await got.read() == BODY
            except aiohttp.ClientError as error:
                return Told(0, repr(error))
            return told

    return asyncio.run(visit())


def by_aiohttp_socks(ask: Ask) -> Told:
    async def visit() -> Told:
        trust = ssl.create_default_context(cafile=ask.ca)
        connector = ProxyConnector.from_url(ask.proxy.replace("socks5h:", "socks5:"), rdns=ask.scheme == "socks5h")
        async with aiohttp.ClientSession(connector=connector) as session:
            try:
                async with session.get(ask.url, ssl=trust) as got:
                    told = Told(got.status, await got.text())
                async with session.post(echo(ask), data=BODY, ssl=trust) as got:
                    assert await got.read() == BODY
            except (aiohttp.ClientError, OSError, Exception) as error:
                return Told(0, repr(error))
            return told

    return asyncio.run(visit())


def by_curl_cffi(ask: Ask) -> Told:
    with curl_cffi.requests.Session(verify=ask.ca, timeout=PATIENCE, trust_env=False) as session:
        session.proxies = {"http": ask.proxy, "https": ask.proxy}
        try:
            got = session.get(ask.url, headers=extra(ask))
            if got.status_code == 200:
                assert session.post(echo(ask), data=BODY).content == BODY
        except curl_cffi.requests.RequestsError as error:
            return Told(0, repr(error))
        return Told(got.status_code, got.text)


def by_urllib(ask: Ask) -> Told:
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ask.ca))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": ask.proxy, "https": ask.proxy}), trust)
    try:
        with opener.open(urllib.request.Request(ask.url, headers=extra(ask)), timeout=PATIENCE) as got:
            told = Told(got.status, got.read().decode())
        with opener.open(echo(ask), data=BODY, timeout=PATIENCE) as got:
            assert got.read() == BODY
    except urllib.error.HTTPError as error:
        return Told(error.code, error.read().decode())
    except urllib.error.URLError as error:
        return Told(0, repr(error))
    return told


def seen(told: Told) -> dict:
    """What the target says it saw."""
    return json.loads(told.text)
