"""Events on a connection; the contract is `tests/conformance/test_events_and_jobs.py`."""

from proxyfleet.core.events import Event, Happened
from proxyfleet.stores.sql.store import SqliteStore


async def test_every_kind_of_event_can_be_kept(store: SqliteStore) -> None:
    told = [Event(kind, 1.0) for kind in Happened]
    await store.record_events(told)
    assert [one.event for one in await store.events()] == told


async def test_they_outlive_the_proxy_they_are_about(store: SqliteStore) -> None:
    await store.record_events([Event(Happened.PROXY_PROVEN, 1.0, 999)])
    await store.remove([999])
    assert (await store.events())[0].event.proxy_id == 999
