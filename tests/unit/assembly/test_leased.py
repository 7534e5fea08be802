"""The context of a lease: renewed while it is held, lost loudly, blamed when the proxy is to blame."""

import asyncio
from random import Random

import pytest

from proxyfleet.assembly import leased
from proxyfleet.assembly.leased import LeaseContext, LeasedProxy
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder
from proxyfleet.core.orders import Sweep
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.leasing import Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.stores.memory import MemoryStore


class World:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.fleet = FleetState(Rules(), rng=Random(1))

    async def start(self) -> None:
        for one in await self.store.put(some_proxies(1, capacity=1)):
            self.fleet.add(one.proxy, self.clock())
        self.leasing = Leasing(self.fleet, self.store, node="n", clock=self.clock, timer=self.clock)

    def lease(self, ttl: float = 60.0) -> LeaseContext:
        def make(handout: object) -> LeasedProxy:
            return LeasedProxy(self.fleet.get(1), handout, lambda _: None)

        return LeaseContext(self.leasing, Wanted(Holder("ann"), ttl=ttl), self.clock, make, learn=self.clock)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.start()
    return made


async def test_it_is_renewed_while_the_body_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leased, "EARLY", 0.0)
    async with world.lease() as proxy:
        first = proxy.lease.expires
        world.clock.advance(30.0)
        while proxy.lease.expires == first:  # noqa: ASYNC110 - the turns of the loop are what is waited for
            await asyncio.sleep(0)
        assert proxy.lease.expires == first + 30.0
        assert proxy.gateway_url is None
    assert world.fleet.leases(1) == 0


async def test_a_lease_that_was_taken_away_ends_the_body(world: World) -> None:
    with pytest.raises(ClaimRefused) as lost:  # noqa: PT012 - the body has to wait
        async with world.lease():
            await world.leasing.sweep(Sweep(proxy_id=1))
            await asyncio.sleep(60)
    assert lost.value.code == "lease_ended"
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_store_that_stays_away_ends_it_at_the_deadline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leased, "EARLY", 0.0)
    monkeypatch.setattr(leased, "AGAIN", 0.0)
    with pytest.raises(FleetError, match="open it again"):  # noqa: PT012 - the body has to wait
        async with world.lease():
            await world.store.close()
            await asyncio.sleep(0)
            world.clock.advance(58.0)
            await asyncio.sleep(60)


async def test_an_exception_that_blames_the_proxy_is_recorded(world: World) -> None:
    with pytest.raises(ConnectionError):
        async with world.lease():
            raise ConnectionError
    assert world.fleet.health(1, world.clock()).failures == 1
    with pytest.raises(ValueError, match="mine"):
        async with world.lease():
            raise ValueError("mine")
    assert world.fleet.health(1, world.clock()).attempts == 1
    assert world.fleet.leases(1) == 0


async def test_a_cancelled_body_gives_back(world: World) -> None:
    entered = asyncio.Event()

    async def body() -> None:
        async with world.lease():
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(body())
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert world.fleet.leases(1) == 0
    assert world.fleet.health(1, world.clock()).failures == 0
