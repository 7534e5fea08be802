"""The reference store keeps no more than it was given; its contract is tested in tests/conformance."""

import asyncio

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.memory import BATCH, MemoryStore


async def test_holes_left_by_removed_proxies_do_not_end_the_stream() -> None:
    store = MemoryStore()
    stored = await store.put([Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(BATCH + 2)])
    await store.remove([answer.proxy.id for answer in stored[:-1]])
    assert [[proxy.host async for batch in store.proxies() for proxy in batch]] == [[f"h{BATCH + 1}"]]


async def test_a_change_wakes_who_waits_and_is_remembered_for_who_waits_later() -> None:
    store = MemoryStore()
    waiting = asyncio.ensure_future(store.wait_for_news(60.0))
    await asyncio.sleep(0)
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    await asyncio.wait_for(waiting, 5.0)
    await store.put([Proxy(Scheme.HTTP, "i", 1)])
    await asyncio.wait_for(store.wait_for_news(60.0), 5.0)
