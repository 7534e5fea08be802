"""What comes round by itself: expiry told once, events forgotten, useless finds taken out and nothing else."""

import asyncio
from random import Random

import pytest

from proxyfleet.core.events import Event, Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Status
from proxyfleet.lab import HandClock
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.housekeeping import (
    DAY,
    MOST_TOLD,
    forget_events,
    retire,
    spare_the_useful,
    tell_capacity,
    tell_expiry,
)
from proxyfleet.services.inventory import fill
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0
WEEK = 7 * DAY


class World:
    """A store of finds that came `days` ago, and a node that has loaded them."""

    def __init__(self):
        self.clock = HandClock(NOW)
        self.store = MemoryStore(self.clock)
        self.fleet = FleetState(rng=Random(1))
        self.events = []

    async def find(self, days, *numbers):
        await self.store.gather([a_proxy(n, status=Status.PENDING) for n in numbers], "s", NOW - days * DAY)

    async def load(self):
        await fill(self.fleet, self.store, NOW)

    async def retire(self, held=()):
        return await retire(self.store, self.fleet, lambda: held, self.events.append, NOW, WEEK)

    async def left(self):
        return [proxy.id async for batch in self.store.proxies() for proxy in batch]


@pytest.fixture
def world():
    return World()


def fleet_of(*expiries):
    fleet = FleetState(rng=Random(1))
    for number, expires_at in enumerate(expiries, 1):
        fleet.add(a_proxy(number, expires_at=expires_at), NOW - 100 * DAY)
    return fleet


async def test_each_expiry_is_told_once_however_often_it_is_looked():
    expiries = [NOW + hours * 3_600 for hours in (-1, 1, 30, 80, 200)] + [None]
    fleet, told = fleet_of(*expiries), []
    line = await tell_expiry(fleet, told.append, NOW, None, 3 * DAY)
    assert line == "0 expired, 2 more will within 3 days"
    assert [(e.what, e.proxy_id, e.until) for e in told] == [
        (Happened.PROXY_EXPIRING, 2, expiries[1]),
        (Happened.PROXY_EXPIRING, 3, expiries[2]),
    ]
    told.clear()
    before = NOW
    for hours in (2, 9, 31, 40, 81, 150, 300):
        await tell_expiry(fleet, told.append, NOW + hours * 3_600, before, 3 * DAY)
        before = NOW + hours * 3_600
    seen = [(e.what, e.proxy_id) for e in told]
    assert sorted(seen) == sorted(set(seen))
    assert {n for what, n in seen if what is Happened.PROXY_EXPIRED} == {2, 3, 4, 5}
    assert {n for what, n in seen if what is Happened.PROXY_EXPIRING} == {4, 5}


async def test_many_that_expire_together_are_summed_up():
    told = []
    await tell_expiry(fleet_of(*[NOW + 60] * (MOST_TOLD + 70)), told.append, NOW, None, DAY)
    assert len(told) == MOST_TOLD + 1
    assert (told[-1].count, told[-1].reason, told[-1].proxy_id) == (70, "and 70 more", 0)


async def test_a_proxy_that_goes_meanwhile_is_no_trouble():
    fleet = fleet_of(*[NOW + 60] * 5_000)
    work = asyncio.create_task(tell_expiry(fleet, lambda _: None, NOW, None, DAY))
    await asyncio.sleep(0)
    for proxy_id in range(2_000, 5_001):
        fleet.remove(proxy_id, NOW)
    assert await work == "0 expired, 1999 more will within 1 days"


async def test_events_are_forgotten_by_age_and_number(world):
    await world.store.record_events([Event(Happened.PROXY_PROVEN, NOW - days * DAY) for days in (9, 8, 1, 0)])
    assert await forget_events(world.store, NOW, WEEK, 1) == "3 events forgotten"
    assert len(await world.store.events()) == 1


async def test_finds_of_no_use_for_a_week_are_taken_out(world):
    await world.find(8, 1, 2)
    await world.find(6, 3)
    await world.load()
    assert await world.retire() == "2 retired, 0 spared"
    assert await world.left() == [3]
    assert [(e.what, e.count) for e in world.events] == [(Happened.PROXIES_RETIRED, 2)]


async def test_what_this_node_has_seen_working_or_holds_is_spared(world):
    await world.find(8, 1, 2, 3, 4)
    await world.load()
    world.fleet.record(1, Outcome.succeeded(0.1), NOW - DAY)
    world.fleet.record(2, Outcome.succeeded(0.1), NOW - 8 * DAY)
    world.fleet.record(3, Outcome.failed("timeout"), NOW - DAY)
    assert await world.retire(held=[4]) == "2 retired, 2 spared"
    assert await world.left() == [1, 4]


async def test_own_proxies_never_go(world):
    await world.store.put([a_proxy(9)])
    await world.load()
    assert await world.retire() == "0 retired, 0 spared"
    assert world.events == []


async def test_each_node_stamps_what_only_it_knows_to_be_of_use(world):
    await world.find(6.5, 1, 2)
    await world.load()
    world.fleet.record(1, Outcome.succeeded(0.1), NOW - 60)
    assert await spare_the_useful(world.store, world.fleet, NOW, WEEK) == 1
    elsewhere = FleetState(rng=Random(1))
    await fill(elsewhere, world.store, NOW)
    world.clock.advance(DAY)
    await retire(world.store, elsewhere, lambda: (), world.events.append, NOW + DAY, WEEK)
    assert await world.left() == [1]
    assert [entry.ledger.alive for entry in await world.store.sources()] == [1]


async def test_short_capacity_is_told_once_until_there_is_enough_again(world):
    fleet = fleet_of(None, None)
    for number in (1, 2):
        fleet.replace(a_proxy(number, capacity=10), NOW)

    async def look():
        world.events.clear()
        line = await tell_capacity(fleet, world.store, world.events.append, NOW, 0.2)
        await world.store.record_events(world.events)
        return line, [event.what for event in world.events]

    assert await look() == ("20 of 20 slots free", [])
    for nth in range(17):
        fleet.take(1 + nth // 10, NOW)
    assert await look() == ("3 of 20 slots free", [Happened.CAPACITY_LOW])
    assert await look() == ("3 of 20 slots free", [])
    fleet.give(1, NOW)
    fleet.give(1, NOW)
    assert await look() == ("5 of 20 slots free", []), "it hovers around the mark"
    fleet.give(1, NOW)
    assert await look() == ("6 of 20 slots free", [Happened.CAPACITY_RECOVERED])
    fleet.disable(1, NOW)
    fleet.disable(2, NOW)
    assert await look() == ("0 of 0 slots free", [Happened.CAPACITY_LOW])


async def test_an_empty_fleet_is_not_short_and_zero_never_tells(world):
    await tell_capacity(fleet_of(), world.store, world.events.append, NOW, 0.2)
    full = fleet_of(None)
    for _ in range(5):
        full.take(1, NOW)
    await tell_capacity(full, world.store, world.events.append, NOW, 0.0)
    assert world.events == []
