"""The reference store keeps no more than it was given; its contract is tested in tests/conformance."""

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.memory import BATCH, MemoryStore


async def test_holes_left_by_removed_proxies_do_not_end_the_stream() -> None:
    store = MemoryStore()
    stored = await store.put([Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(BATCH + 2)])
    await store.remove([answer.proxy.id for answer in stored[:-1]])
    assert [[proxy.host async for batch in store.proxies() for proxy in batch]] == [[f"h{BATCH + 1}"]]
