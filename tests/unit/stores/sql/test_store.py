"""The SQLite store beyond the contract: streaming while others write, and secrets kept out of logs."""

import asyncio
import logging
from pathlib import Path

import pytest

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.sql.inventory import PAGE
from proxyfleet.stores.sql.store import SqliteStore


def proxies(first: int, count: int) -> list[Proxy]:
    return [Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(first, first + count)]


async def test_the_stream_meets_what_is_added_meanwhile(store: SqliteStore, path: Path) -> None:
    assert store.path == path
    await store.put(proxies(0, PAGE + 1))
    seen = []
    async for batch in store.proxies():
        if not seen:
            await store.put(proxies(PAGE + 1, 5))
        seen += [proxy.host for proxy in batch]
    assert seen == [f"h{n}" for n in range(PAGE + 6)]


async def test_nothing_secret_is_logged(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (stored,) = await store.put([Proxy(Scheme.HTTP, "h", 1, "u", Secret("canary"))])
    with pytest.raises(Exception) as caught:
        await store.change([Proxy(Scheme.HTTP, "h", 1, "u", Secret("canary"), id=99)])
    assert "canary" not in caplog.text + str(caught.value) + repr(stored)


async def test_a_commit_wakes_who_waits(store: SqliteStore) -> None:
    await store.wait_for_news(60.0)
    waiting = asyncio.ensure_future(store.wait_for_news(60.0))
    await asyncio.sleep(0)
    await store.put(proxies(0, 1))
    await asyncio.wait_for(waiting, 5.0)
