"""Refilling: free things first, inside limits and budget, one thing at a time, and never while an order is on its way."""

from itertools import count

import pytest
from tests.unit.services.buying_bench import Bench

from proxyfleet.core.events import Happened
from proxyfleet.core.purchase import PurchaseState, Wish
from proxyfleet.core.settling import VOID_AFTER
from proxyfleet.services.scaling import AGAIN, Scaling, ScalingRule, Supply

RULE = ScalingRule(below=10, until=20, cool_down=600.0)


class World(Bench):
    """`used` slots are taken; each proxy has five."""

    def __init__(self, **seller: bool) -> None:
        super().__init__(**seller)
        self.used = 0
        self.fetched = 0
        self.tags = count()

    async def free(self) -> int:
        return 5 * len(await self.proxies()) - self.used

    async def fetch(self) -> str:
        self.fetched += 1
        return "2 sources, 0 failed, 0 new proxies"

    async def held(self) -> int:
        return len(await self.proxies())

    def scaling(self, *, most: int = 0, at_once: int = 10, sources: bool = False) -> Scaling:
        supply = Supply(self.buying, self.reconciling, lambda n: Wish(n, 30), self.held, most, at_once)
        fetch = self.fetch if sources else None
        return Scaling(self.store, RULE, self.free, fetch, [supply], lambda: f"pf-{next(self.tags)}")

    async def run(self, seconds: float = 600.0, **options: object) -> str:
        self.clock.advance(seconds)
        told = await self.scaling(**options).run(self.clock())
        await self.store.record_events(self.events)
        self.events.clear()
        return told


@pytest.fixture
def world() -> World:
    return World()


async def test_it_buys_what_is_missing_and_stops(world):
    assert await world.run() == "0 slots free: 4 bought from shop for 6.00 USD"
    assert await world.run() == "20 slots free: enough"
    world.used = 10
    assert await world.run() == "10 slots free: enough", "between the marks nothing begins"
    assert world.seller.asked == ["buy 4"]


async def test_what_was_done_last_gets_time_to_show(world):
    await world.run(at_once=2)
    world.used = 5
    assert await world.run(10.0) == "5 slots free: waits for what was done 10 s ago to show"
    assert await world.run(600.0) == "5 slots free: 3 bought from shop for 4.50 USD"


async def test_sources_come_first(world):
    assert await world.run(sources=True) == "0 slots free: 2 sources, 0 failed, 0 new proxies"
    assert await world.run(sources=True) == "0 slots free: 4 bought from shop for 6.00 USD"
    assert world.fetched == 1


async def test_while_an_order_is_provisioned_it_waits(world):
    world.seller.faults = ["late"]
    assert "4 bought" in await world.run()
    assert await world.run() == "0 slots free: waits for order pf-0 from shop, which is placed"
    world.seller.deliver()
    await world.settle()
    assert await world.run() == "20 slots free: enough"
    assert world.seller.asked == ["buy 4"]


async def test_after_a_lost_answer_it_waits_until_the_list_tells(world):
    world.seller.faults = ["unheard"]
    assert "it counts as spent" in await world.run()
    assert await world.run() == "0 slots free: waits for order pf-0 from shop, which is unclear"
    await world.settle(VOID_AFTER)
    assert await world.states() == [PurchaseState.VOID]
    assert "4 bought" in await world.run()


async def test_limits_and_budget(world):
    assert "3 bought" in await world.run(most=3)
    assert await world.run(most=3) == "15 slots free: the fleet holds 3 proxies of shop already, as many as it may"
    world.used = 15
    assert await world.run() == "0 slots free: 3 bought from shop for 4.50 USD", "7.00 are left, 4 would cost 6.00"


async def test_beyond_the_budget_it_tells_once_and_buys_nothing(world):
    world.used = 100
    assert "6 bought" in await world.run()
    for _ in range(2):
        assert "the month's budget of shop does not pay for another one" in await world.run()
    told = [one.event.what for one in await world.store.events()]
    assert told.count(Happened.BUDGET_REACHED) == 1
    assert world.seller.asked == ["buy 6"]


async def test_a_dry_run_changes_nothing(world):
    told = await world.scaling().run(world.clock(), dry_run=True)
    assert told == "0 slots free: would buy 4 from shop for 6.00 USD"
    assert await world.scaling(sources=True).run(world.clock(), dry_run=True) == "0 slots free: would look at sources"
    assert (world.seller.asked, await world.store.settings()) == ([], {})


async def test_a_provider_that_says_no_is_told(world):
    world.seller.faults = ["refused"]
    assert await world.run() == "0 slots free: provider shop: the account is empty; top it up"
    empty = Scaling(world.store, RULE, world.free, None, [], lambda: "pf-x")
    assert "no source and no provider is named" in await empty.run(world.clock() + 600.0)


async def test_one_that_cannot_be_reached_is_asked_again_before_anything_could_have_shown(world):
    world.seller.faults = ["away"]
    assert "it could not be reached" in await world.run()
    assert await world.run(10.0) == "0 slots free: waits for what was done 460 s ago to show"
    assert "4 bought" in await world.run(AGAIN * RULE.cool_down)
