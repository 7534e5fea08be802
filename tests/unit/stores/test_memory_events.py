"""Events of the store in memory; the contract is `tests/conformance/test_events_and_jobs.py`."""

from proxyfleet.core.events import Event, Happened
from proxyfleet.stores.memory_events import MemoryEvents


async def test_numbers_go_on_after_everything_was_forgotten() -> None:
    store = MemoryEvents()
    await store.record_events([Event(Happened.PROXY_PROVEN, 1.0)] * 3)
    assert await store.forget_events(2.0, 10) == 3
    await store.record_events([Event(Happened.PROXY_PROVEN, 3.0)])
    assert [one.number for one in await store.events()] == [4]
