"""Two nodes over one journal: each hears what the other has learnt; a journal that is away loses nothing."""

from random import Random

import pytest

from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.services import sharing
from proxyfleet.services.sharing import Sharing
from proxyfleet.stores.memory import MemoryStore


class World:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)

    async def node(self) -> tuple[FleetState, Sharing]:
        fleet = FleetState(rng=Random(1))
        for batch in [one async for one in self.store.proxies()]:
            for proxy in batch:
                fleet.add(proxy, self.clock())
        return fleet, Sharing(fleet, self.store, self.clock)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.store.put(some_proxies(3))
    return made


async def test_one_tells_and_the_other_hears(world: World) -> None:
    (mine, telling), (other, hearing) = await world.node(), await world.node()
    for _ in range(4):
        mine.record(1, Outcome.failed("connect"), world.clock())
    await telling.tell()
    await hearing.load()
    assert other.health(1, world.clock()).success_rate == 0.0
    assert other.health(2, world.clock()).success_rate is None
    told = other.fleet_health(1, world.clock())
    assert told is not None
    assert told["tries"] == 4.0


async def test_a_node_that_starts_again_remembers(world: World) -> None:
    mine, telling = await world.node()
    mine.record(2, Outcome.succeeded(0.25), world.clock())
    await telling.tell()
    again, hearing = await world.node()
    await hearing.load()
    assert again.health(2, world.clock()).response_time == pytest.approx(0.25)


async def test_what_the_store_did_not_take_is_told_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, telling = await world.node()
    mine.record(1, Outcome.succeeded(0.25), world.clock())
    taken = world.store.add_health
    fails = [True, True, False]

    async def add(sums: object) -> None:
        if fails.pop(0):
            raise FleetError("away; come back")
        await taken(sums)

    monkeypatch.setattr(world.store, "add_health", add)
    monkeypatch.setattr(sharing, "EVERY", 0.0)
    world.clock.advance(100.0)

    async def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(telling, "load", stop)
    with pytest.raises(KeyboardInterrupt):
        await telling.run()
    assert [one.tries for one in (await world.store.health_since(0.0))[1]] == [1.0]
