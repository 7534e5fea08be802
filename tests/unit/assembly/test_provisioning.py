"""What a fleet with accounts does by itself, as a node knows its proxies; the rules' own tests are those of the services."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from tests.simulation.market import FreeLists, Market, Node

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.orders import Take
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.purchase import Money
from proxyfleet.core.selector import Selector
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.accounts import BuyingFailed
from proxyfleet.services.inventory import fill
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_buying import ProviderSection, ScalingSection
from proxyfleet.stores.memory import MemoryStore

SHOP = ProviderSection(kind="px6", budget=Money(Decimal(20), "USD"), renew_within=3, most=3, most_at_once=2)
SCALING = ScalingSection(below=10, providers=("shop",), cool_down=60.0)


class World:
    """One node, an account with five proxies that expire in one to five days."""

    def __init__(self, shop=SHOP, scaling=SCALING):
        self.clock = HandClock(1_800_000_000.0)
        self.store = MemoryStore(self.clock)
        self.market = Market(self.clock, Random(1))
        self.market.trouble = 0.0
        settings = Settings(providers={"shop": shop}, scaling=scaling)
        self.node = Node(settings, self.store, self.market, self.clock, FreeLists(self.store, Random(1)).fetch)
        self.fleet = FleetState(rng=Random(1))
        self.table = LeaseTable(self.fleet)
        self.node.born(self.table)

    async def stock(self):
        for days in range(1, 6):
            self.market.buy_by_hand(days)
        await self.node.does.sync()
        await self.read()
        return self

    async def read(self):
        self.fleet = FleetState(rng=Random(1))
        self.table = LeaseTable(self.fleet)
        await fill(self.fleet, self.store, self.clock())
        for hold in (await self.store.standing()).holds:
            self.table.learn(hold, self.clock())
        self.node.born(self.table)

    @property
    def does(self):
        return self.node.does


async def test_lists_are_taken_in_and_one_that_fails_is_told():
    world = await World().stock()
    assert await world.does.sync() == "shop: 5 listed, 0 new"
    world.market.trouble = 10.0
    with pytest.raises(BuyingFailed, match="shop: it does not answer"):
        await world.does.sync()


async def test_the_rule_prolongs_what_its_selector_names():
    world = await World(replace(SHOP, renew_selector=Selector.parse("id!=1"))).stock()
    assert len((await world.does.renewed("shop", dry_run=True)).due) == 2
    assert await world.does.renew() == "shop: 2 due, 2 prolonged, 1 not worth it"


async def test_only_those_that_have_worked():
    world = await World(replace(SHOP, renew_only="used")).stock()
    world.fleet.record(2, Outcome.succeeded(0.1), world.clock())
    assert [one.remote_id for one in (await world.does.renewed("shop")).due] == ["2"]


async def test_only_those_that_somebody_has():
    world = await World(replace(SHOP, renew_only="held")).stock()
    await world.store.decide([Take(3, "shop.example", Holder("ann"))], "n")
    await world.read()
    assert [one.remote_id for one in (await world.does.renewed("shop")).due] == ["3"]


async def test_refilling_counts_what_may_be_used_and_keeps_its_limit():
    world = World()
    assert await world.does.scale(dry_run=True) == "0 slots free: would buy 2 from shop for 3.00 USD"
    assert await world.does.scale() == "0 slots free: 2 bought from shop for 3.00 USD"
    await world.read()
    assert (await world.does.free(), len(await world.does.holdings("shop"))) == (10, 2)
    world.clock.advance(60.0)
    assert "1 bought" in await world.does.scale()
    await world.read()
    assert await world.does.scale() == "15 slots free: enough"


def test_only_who_has_rules_has_jobs():
    does = World().does
    assert (does.buys, does.renews, does.scales) == (True, True, True)
    plain = World(replace(SHOP, renew_within=0), ScalingSection()).does
    assert (plain.buys, plain.renews, plain.scales) == (True, False, False)
