"""Who is asked for another exit, how often, and what is forgotten; URLs are in no answer."""

import asyncio
from dataclasses import replace

import pytest

from proxyfleet.core.proxy import Details, Measured, Secret
from proxyfleet.lab import HandClock
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.rotating import Rotated, Rotating, Turn
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0
OLD = Measured("203.0.113.9", 7, "Net", ("http",), True, True, (("shop.example", "banned"),))


def with_url(number, url="http://modem.example/canary", measured=OLD):
    proxy = a_proxy(number, measured_country="DE", country="US")
    return replace(proxy, details=Details(refresh_url=Secret(url), measured=measured))


@pytest.fixture
async def world():
    clock = HandClock(NOW)
    store = MemoryStore(clock)
    await store.put([with_url(1), with_url(2), a_proxy(3), with_url(4, "http://other.example/canary")])
    return store, Rotating(store, clock, least=60.0), clock


class Calls:
    def __init__(self, **answers):
        self.answers, self.urls = answers, []

    async def __call__(self, url):
        self.urls.append(url)
        return self.answers.get("modem" if "modem" in url else "other")


async def test_one_answer_each_and_one_call_per_url(world):
    store, rotating, _ = world
    calls = Calls(other="it was answered with status 500")
    told = await rotating.rotate([4, 3, 2, 1], calls)
    assert [one.turn for one in told] == [Turn.ROTATED, Turn.ROTATED, Turn.NO_URL, Turn.FAILED]
    assert sorted(calls.urls) == ["http://modem.example/canary", "http://other.example/canary"]
    assert "canary" not in repr(told)
    one, _, other, failed = await store.some([1, 2, 3, 4])
    assert one.details.measured == Measured(protocols=("http",), tls=True, names=True, rotated_at=NOW)
    assert (one.labels.measured_country, one.labels.country) == (None, "US")
    assert failed.details.measured == replace(OLD, rotated_at=NOW)
    assert other.details is None


async def test_not_more_often_than_is_polite_also_after_a_failure(world):
    _, rotating, clock = world
    calls = Calls(other="no")
    await rotating.rotate([1, 4], calls)
    clock.advance(59.0)
    assert [one.turn for one in await rotating.rotate([1, 4], calls)] == [Turn.TOO_SOON] * 2
    clock.advance(1.0)
    assert [one.turn for one in await rotating.rotate([1], calls)] == [Turn.ROTATED]
    assert len(calls.urls) == 3


async def test_it_is_written_down_before_it_is_done(world):
    store, rotating, _ = world

    async def dies(url):
        assert (await store.some([1]))[0].details.measured.rotated_at == NOW
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await rotating.rotate([1], dies)
    assert (await rotating.rotate([1], Calls()))[0].turn is Turn.TOO_SOON


async def test_two_who_ask_at_once_make_one_call(world):
    _, rotating, _ = world
    calls = Calls()
    both = await asyncio.gather(rotating.rotate([1], calls), rotating.rotate([1], calls))
    assert sorted(told[0].turn for told in both) == [Turn.ROTATED, Turn.TOO_SOON]
    assert len(calls.urls) == 1


async def test_nobody_is_no_trouble(world):
    _, rotating, _ = world
    assert await rotating.rotate([99], Calls()) == []
    assert Rotated(1, "http://a:1", Turn.NO_URL).why is None
