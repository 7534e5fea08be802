"""The PostgreSQL store beyond the contract: streams, secrets kept out of logs, tidying, waking other nodes."""

import asyncio
import logging

import pytest

from proxyfleet.core.lease import FOREVER, Holder
from proxyfleet.core.orders import Candidate, Claim
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.postgres import feed
from proxyfleet.stores.postgres import store as module
from proxyfleet.stores.postgres.store import PAGE, PostgresStore


def proxies(first: int, count: int) -> list[Proxy]:
    return [Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(first, first + count)]


async def test_a_stream_shows_one_instant_and_others_write_meanwhile(store: PostgresStore) -> None:
    await store.put(proxies(0, PAGE + 1))
    seen = []
    async for batch in store.proxies():
        if not seen:
            await store.put(proxies(PAGE + 1, 5))
            await store.remove([PAGE + 1])
        seen += [proxy.host for proxy in batch]
    assert seen == [f"h{n}" for n in range(PAGE + 1)]


async def test_a_stream_that_is_left_lets_go_of_its_connection(store: PostgresStore) -> None:
    await store.put(proxies(0, PAGE + 1))
    stream = store.proxies()
    await anext(stream)
    await stream.aclose()
    streams = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM proxies ORDER BY id%' AND state <> 'idle' "
    left = await store.database.reads.run(lambda one: one.fetchval(streams + "AND pid <> pg_backend_pid()"))
    assert left == 0


async def test_old_keys_are_dropped_however_many_there_are(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "AT_ONCE", 3)
    await store.put(proxies(0, 1))
    for n in range(10):
        await store.decide([Claim(Holder("ann"), (Candidate(1, 0, 1, 99, FOREVER),), 5.0, key=f"k{n}")], "n")
        store.database.shift += 10.0
    shift = store.database.shift + 700.0
    await store.database.writes.run(lambda one: feed.tidy(one, shift, 1.0))
    assert await store.database.reads.run(lambda one: one.fetchval("SELECT count(*) FROM claim_keys")) == 0


async def test_nothing_secret_is_logged(store: PostgresStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (stored,) = await store.put([Proxy(Scheme.HTTP, "h", 1, "u", Secret("canary"))])
    with pytest.raises(Exception) as caught:
        await store.change([Proxy(Scheme.HTTP, "h", 1, "u", Secret("canary"), id=99)])
    assert "canary" not in caplog.text + str(caught.value) + repr(stored)


async def test_other_nodes_wake_up(store: PostgresStore, other: PostgresStore) -> None:
    await asyncio.wait_for(other.wait_for_news(60.0), 10.0)
    waiting = asyncio.ensure_future(other.wait_for_news(60.0))
    await store.put(proxies(0, 1))
    await asyncio.wait_for(waiting, 10.0)
    waiting = asyncio.ensure_future(other.wait_for_news(60.0))
    await store.decide([Claim(Holder("ann"), (Candidate(1, 0, 1, 5, FOREVER),), 60.0)], "n")
    await asyncio.wait_for(waiting, 10.0)


async def test_what_nobody_asks_for_any_more_is_thrown_away(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIDY_EVERY", 3)
    monkeypatch.setattr(feed, "FEED", 2)
    await store.put(proxies(0, 1))
    claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 5, FOREVER),), 5.0, key="k")
    await store.decide([claim], "n")
    store.database.shift += 700.0
    await store.put(proxies(1, 1))

    async def left() -> tuple[int, int]:
        rows = await store.database.reads.run(
            lambda one: one.fetchrow("SELECT (SELECT count(*) FROM feed), (SELECT count(*) FROM claim_keys)")
        )
        assert rows is not None
        return rows[0], rows[1]

    for _ in range(100):
        if await left() == (2, 0):
            break
        await asyncio.sleep(0.05)
    assert await left() == (2, 0)
