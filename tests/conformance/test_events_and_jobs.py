"""The contract of `ports.Journal` for events, locks and jobs, run against every store that keeps them."""

from dataclasses import replace
from typing import cast

import pytest
from tests.conformance.claimkit import World

from proxyfleet.core.events import Event, Happened
from proxyfleet.ports import JobRun, Store

NOW = 1_000.0
FULL = Event(Happened.PAIR_RESTED, NOW, 7, "shop.example", "banned", float("inf"), "subjéct", 3)


@pytest.fixture
def store(world: World) -> Store:
    return cast(Store, world.inventory)


def told(at: float, what: Happened = Happened.PROXY_PROVEN) -> Event:
    return Event(what, at)


async def instants(store: Store, after: int | None = None, **asked: object) -> list[float]:
    return [one.event.at for one in await store.events(after, **asked)]


async def test_an_event_comes_back_as_it_was(store: Store) -> None:
    assert await store.events() == []
    await store.record_events([FULL])
    (back,) = await store.events()
    assert back.event == FULL
    assert back.number > 0


async def test_events_are_read_on_from_a_number(store: Store) -> None:
    await store.record_events([told(1.0), told(3.0)])
    await store.record_events([told(2.0)])
    await store.record_events([])
    first, *rest = await store.events()
    assert [one.number for one in rest] == sorted({one.number for one in rest} - {first.number})
    assert await instants(store, first.number) == [3.0, 2.0]
    assert await instants(store, first.number, limit=1) == [3.0]
    assert await instants(store, rest[-1].number) == []
    assert await instants(store, limit=2) == [3.0, 2.0], "without a number the latest"
    assert await instants(store, 0, limit=2) == [1.0, 3.0]


async def test_events_of_some_kinds(store: Store) -> None:
    await store.record_events(
        [told(1.0), told(2.0, Happened.SOURCE_FAILED), told(3.0), told(4.0, Happened.JOB_STALLED)]
    )
    wanted = [Happened.SOURCE_FAILED, Happened.JOB_STALLED]
    assert await instants(store, kinds=wanted) == [2.0, 4.0]
    assert await instants(store, 0, kinds=wanted, limit=1) == [2.0]
    assert await instants(store, kinds=wanted, limit=1) == [4.0]


async def test_events_are_forgotten_by_age_and_by_number(store: Store) -> None:
    await store.record_events([told(float(at)) for at in range(10)])
    assert await store.forget_events(3.0, 100) == 3
    assert await store.forget_events(3.0, 100) == 0
    assert await store.forget_events(0.0, 4) == 3
    assert await instants(store) == [6.0, 7.0, 8.0, 9.0]
    last = (await store.events())[-1].number
    assert await store.forget_events(0.0, 0) == 4
    await store.record_events([told(20.0)])
    assert (await store.events())[-1].number > last, "numbers are never used twice"


async def test_a_lock_is_one_holders_until_it_ends(store: Store, world: World) -> None:
    assert await store.take_lock("job", "a", 10.0)
    assert not await store.take_lock("job", "b", 10.0)
    assert await store.take_lock("other", "b", 10.0)
    world.advance(9.0)
    assert await store.take_lock("job", "a", 10.0), "its holder may prolong it"
    world.advance(9.0)
    assert not await store.take_lock("job", "b", 10.0)
    world.advance(1.0)
    assert await store.take_lock("job", "b", 10.0)
    assert not await store.take_lock("job", "a", 10.0)


async def test_a_lock_is_given_back_by_its_holder_only(store: Store) -> None:
    await store.take_lock("job", "a", 10.0)
    await store.release_lock("job", "b")
    assert not await store.take_lock("job", "b", 10.0)
    await store.release_lock("job", "a")
    await store.release_lock("job", "a")
    assert await store.take_lock("job", "b", 10.0)


async def test_jobs_are_kept_by_name(store: Store) -> None:
    waiting = JobRun("retire", 60.0, 6.0, 10.0)
    done = JobRun("events", 5.0, 1.0, 11.0, 3.0, 0.25, "ok", "7 forgotten", "node-1", 3.0)
    await store.put_job(waiting)
    await store.put_job(done)
    assert await store.jobs() == [done, waiting]
    await store.put_job(replace(waiting, result="failed", told="the store is away"))
    assert (await store.jobs())[1].told == "the store is away"


async def test_none_of_it_is_told_to_other_nodes(store: Store) -> None:
    before = await store.inventory_news(None)
    await store.record_events([FULL])
    await store.take_lock("job", "a", 10.0)
    await store.put_job(JobRun("a", 1.0, 1.0, 1.0))
    news = await store.inventory_news(before.position)
    assert (news.ids, news.users) == (frozenset(), False)
