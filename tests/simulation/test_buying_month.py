"""A month in which answers are lost and nodes die at the worst moment: the fleet keeps its size, and no money is spent twice."""

import asyncio
from collections import Counter as Tally
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from tests.simulation.market import DAY, FreeLists, Market, Node

from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.purchase import Money, PurchaseState
from proxyfleet.core.spending import month_of, summed
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.inventory import fill
from proxyfleet.services.reconciling import UNSETTLED
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_buying import ProviderSection, ScalingSection
from proxyfleet.stores.memory import MemoryStore

FIRST = 1_793_491_200.0
"""2026-11-01 00:00 UTC."""
STEP = 3 * 3_600.0
BUDGET = Money(Decimal(45), "USD")
SHOP = ProviderSection(kind="market", budget=BUDGET, days=6, renew_within=1, renew_days=6, most=60, most_at_once=2)
SETTINGS = Settings(
    providers={"shop": SHOP},
    scaling=ScalingSection(below=100, until=120, sources=("free",), providers=("shop",), cool_down=1_800.0),
)


class Month:
    """Two nodes without even the lock of their jobs, on one store, and one account."""

    def __init__(self, seed: int, *, notes: bool, settings: Settings = SETTINGS) -> None:
        self.clock, rng = HandClock(FIRST), Random(seed)
        self.store = MemoryStore(self.clock)
        self.market = Market(self.clock, rng, notes=notes)
        self.market.window = 1 * DAY
        self.free = FreeLists(self.store, rng)
        self.nodes = [Node(settings, self.store, self.market, self.clock, self.free.fetch) for _ in range(2)]
        self.sizes: list[int] = []
        self.killed = 0

    async def hours(self) -> None:
        """Both nodes do everything at the same time; what was ordered comes a little later."""
        told = await asyncio.gather(*(node.work() for node in self.nodes))
        self.killed += sum("killed" in one for one in told)
        self.clock.advance(STEP / 2)
        self.market.deliver()
        self.clock.advance(STEP / 2)
        self.sizes.append(await self.look())

    async def look(self) -> int:
        """What both nodes know from now on, as nodes that follow the store do; the free slots."""
        fleet = FleetState(rng=Random(1))
        await fill(fleet, self.store, self.clock())
        for node in self.nodes:
            node.born(LeaseTable(fleet))
        return await self.nodes[0].does.free()

    async def live(self, days: int) -> None:
        """Each day a part of the free ones dies, one now and one then: what goes at one stroke no rule can foresee."""
        await self.look()
        for _ in range(days * round(DAY / STEP)):
            await self.free.die(0.08 * STEP / DAY)
            await self.hours()

    async def calm(self) -> None:
        """Nothing goes wrong any more: what is open is settled."""
        self.market.trouble = 0.0
        for _ in range(5):
            await self.hours()


@pytest.mark.parametrize(("seed", "notes"), [(1, True), (2, False), (11, True), (19, False), (23, True), (30, False)])
async def test_a_month_of_lost_answers_and_dying_nodes(seed, notes):
    month = Month(seed, notes=notes)
    for _ in range(10):
        await month.free.fetch(4)
    await month.live(29)
    await month.calm()
    purchases = await month.store.purchase_book.purchases()
    states = Tally(one.state for one in purchases)
    print(states, month.killed, min(month.sizes[8:]), Tally(month.market.done).total(), month.market.revenue)
    assert month.killed > 5, "the month was too peaceful to prove anything"
    assert not [one for one in purchases if one.state in UNSETTLED], "the list has settled everything"

    paid = summed(one.price for one in purchases if one.state is PurchaseState.DONE)
    assert paid == [Money(month.market.revenue, "USD")], "the book and the provider tell the same"
    assert states[PurchaseState.DONE] == len(month.market.done), "each order once"
    assert month.market.too_early == [], "what is prolonged is not prolonged again"
    for until in (FIRST, month.clock()):
        assert sum(one.amount for one in await month.store.purchase_book.spent("shop", *month_of(until))) <= 45

    after = month.sizes[8:]
    assert sum(size >= 100 for size in after) > 0.9 * len(after)
    assert min(after) >= 75
    await tells_the_story(month, states)


async def tells_the_story(month: Month, states: Tally) -> None:
    """What happened to the money can be read from the events alone."""
    events = [one.event for one in await month.store.events(0, limit=100_000)]
    told = Tally(one.what for one in events)
    purchases = await month.store.purchase_book.purchases()
    bought = [one for one in purchases if one.state is PurchaseState.DONE and one.verb == "buy"]
    assert told[Happened.PROXIES_BOUGHT] == len(bought)
    assert sum(one.count for one in events if one.what is Happened.PROXIES_BOUGHT) == sum(
        one.wish.count for one in bought
    )
    assert told[Happened.PROXY_RENEWED] == sum(
        one.wish.count for one in purchases if one.state is PurchaseState.DONE and one.verb == "prolong"
    )
    assert told[Happened.PURCHASE_UNCLEAR] > 0
    assert told[Happened.PURCHASE_FAILED] >= states[PurchaseState.REFUSED]


async def test_a_budget_that_is_too_small_is_kept_and_told():
    poor = replace(SHOP, budget=Money(Decimal(8), "USD"))
    month = Month(3, notes=True, settings=replace(SETTINGS, providers={"shop": poor}))
    await month.live(6)
    await month.calm()
    assert month.market.revenue <= 8
    events = [one.event for one in await month.store.events(0, limit=100_000)]
    assert sum(one.what is Happened.BUDGET_REACHED for one in events) in (1, 2), "once, or once by each node at once"
