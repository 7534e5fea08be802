"""Dry runs of the store in memory; the contract is `tests/conformance/test_source_book.py`."""

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.memory_sources import MemorySources


async def test_a_dry_run_works_on_copies() -> None:
    store = MemorySources()
    await store.gather([Proxy(Scheme.HTTP, "a", 1)], "one", 1.0)
    before = (
        dict(store._proxies),
        dict(store._ids),
        dict(store._found),
        dict(store._entries),
        store._next,
        store._changes,
    )
    told = await store.gather([Proxy(Scheme.SOCKS5, "a", 1), Proxy(Scheme.HTTP, "b", 1)], "two", 2.0, dry_run=True)
    assert tuple(told) == (1, 1, 0)
    assert before == (store._proxies, store._ids, store._found, store._entries, store._next, store._changes)
