"""use_proxy: the body never runs twice, the slot always comes back, the outcome follows how the body ended."""

import asyncio
from random import Random

import aiohttp
import httpx
import pytest
import requests
from playwright.async_api import Error as PlaywrightError

from proxyfleet import NoProxyAvailable, ProxyPool, use_proxy
from proxyfleet.core.outcome import Category
from proxyfleet.pool.use import category_of

SERVER = "http://a.example:1"


@pytest.fixture
def pool():
    return ProxyPool([SERVER], max_concurrent_per_proxy=1, rng=Random(1))


async def test_a_normal_end_is_a_success_that_took_as_long_as_the_body(pool):
    times = iter([10.0, 10.25])
    async with use_proxy(pool, clock=lambda: next(times)) as proxy:
        assert proxy.server == SERVER
    health = pool.get_proxy_health(SERVER)
    assert (health["successful_requests"], health["average_response_time"]) == (1, 0.25)
    assert pool.get_metrics()["active_requests"] == 0


async def test_an_outcome_recorded_in_the_body_is_not_recorded_again(pool):
    async with use_proxy(pool) as proxy:
        pool.record_failure(proxy, "timeout")
    assert pool.get_proxy_health(SERVER)["total_requests"] == 1


class ConnectTimeout(Exception):
    """As HTTP libraries name it."""


class ProxyError(Exception):
    """As HTTP libraries name it."""


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (ConnectionRefusedError(), Category.CONNECT),
        (TimeoutError(), Category.TIMEOUT),
        (ConnectTimeout(), Category.TIMEOUT),
        (ProxyError(), Category.CONNECT),
        (requests.exceptions.ConnectionError(), Category.CONNECT),
        (requests.exceptions.SSLError(), Category.CONNECT),
        (requests.exceptions.ChunkedEncodingError(), Category.PROTOCOL),
        (aiohttp.ClientOSError(104, "reset"), Category.CONNECT),
        (aiohttp.ClientPayloadError(), Category.PROTOCOL),
        (aiohttp.ClientHttpProxyError(None, (), status=407), Category.AUTHENTICATION),
        (httpx.ConnectTimeout(""), Category.TIMEOUT),
        (httpx.ProxyError(""), Category.CONNECT),
        (PlaywrightError("page.goto: net::ERR_PROXY_CONNECTION_FAILED at http://x/"), Category.CONNECT),
        (PlaywrightError("page.click: element is not visible"), None),
        (asyncio.CancelledError(), Category.CLIENT_ABORT),
        (KeyError("the body's own mistake"), None),
    ],
)
async def test_an_error_is_recorded_by_its_kind_and_raised_on(pool, error, category):
    assert category_of(error) is category
    runs = 0

    async def body():
        nonlocal runs
        async with use_proxy(pool, max_retries=3):
            runs += 1
            raise error

    with pytest.raises(type(error)):
        await body()
    health = pool.get_proxy_health(SERVER)
    assert runs == 1
    assert health["failed_requests"] == (0 if category is None else 1)
    assert health["consecutive_failures"] == (0 if category in (None, Category.CLIENT_ABORT) else 1)
    assert pool.get_metrics()["active_requests"] == 0


async def test_it_waits_for_a_proxy_and_gives_up_after_its_attempts(pool, monkeypatch):
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 4:
            pool.release_proxy(held)

    monkeypatch.setattr(asyncio, "sleep", pause)
    held = pool.get_proxy()
    with pytest.raises(NoProxyAvailable, match="3 attempts"):
        await use_proxy(pool, max_retries=3).__aenter__()
    assert pauses == [0.05, 0.1]
    async with use_proxy(pool, max_retries=3):
        assert len(pauses) == 4


def test_less_than_one_attempt_is_refused(pool):
    with pytest.raises(ValueError, match="use 1"):
        use_proxy(pool, max_retries=0)
