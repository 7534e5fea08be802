"""Accounts as the settings have them, over real HTTP to the lab's seller; a lost answer is never asked for again (R22)."""

import stat
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.sellersite import quick

from proxyfleet.assembly.shopping import Shopping, calls, key_of, named_items, tag_for, tls_context
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.proxy import Secret
from proxyfleet.core.purchase import Money, PurchaseState, Wish
from proxyfleet.lab.clock import HandClock
from proxyfleet.lab.providers import Px6Site, Shop
from proxyfleet.services.accounts import BuyingFailed, listed
from proxyfleet.services.buying import Order
from proxyfleet.settings.schema_buying import ProviderSection
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

SECTION = ProviderSection(kind="px6", key=Secret("lab-key"), budget=Money(Decimal(20), "USD"))
WISH = Wish(2, 30, "DE")
AFTER = ("lost", "cut", "short", "empty", "error after", "html after", "types", "drift")
"""The order is taken, its answer is of no use. `stall` is the same and takes as long as the patience."""


class World:
    def __init__(self, site, store, clock):
        self.site, self.store, self.clock = site, store, clock
        self.events: list[Event] = []
        section = replace(SECTION, options={"address": site.url, "allow_private": "yes"})
        self.shopping = Shopping({"shop": section}, store, self.events.append, clock=clock, sleep=self.sleep)

    async def sleep(self, seconds):
        self.clock.advance(seconds)

    async def buy(self, tag="pf-1"):
        async with self.shopping.counters(["shop"]) as counters:
            return await counters["shop"].buying.buy(WISH, Order("ann", tag))

    async def sync(self):
        async with self.shopping.counters(["shop"]) as counters:
            there = await listed(counters["shop"].account, self.clock())
            settled = await counters["shop"].reconciling.settle_by(there)
            await counters["shop"].syncing.take_in(there)
            return settled

    async def count(self):
        return len([one async for page in self.store.proxies() for one in page])


@pytest.fixture
async def world(tmp_path, monkeypatch):
    quick(monkeypatch)
    clock = HandClock(1_800_000_000.0)
    store = await open_store(
        f"sqlite:{tmp_path}/fleet.db", keys=KeySource(default=tmp_path / "keys" / "key"), clock=clock
    )
    async with Px6Site(Shop(clock=clock)) as site:
        yield World(site, store, clock)
    await store.close()


@pytest.mark.parametrize("fault", AFTER)
async def test_an_order_whose_answer_is_lost_is_placed_once(world, fault):
    world.site.fault(fault, on="buy")
    with pytest.raises(BuyingFailed) as failed:
        await world.buy()
    assert failed.value.code == "unclear"
    world.site.heal()
    with pytest.raises(BuyingFailed, match="still open"):
        await world.buy("pf-2")
    assert (await world.buy("pf-1")).state is PurchaseState.UNCLEAR, "the same tag only tells what is known"
    [settled] = await world.sync()
    assert settled.state is PurchaseState.DONE
    assert (world.site.shop.spent(), world.site.calls.count("buy"), await world.count()) == (1, 1, 2)
    assert [one.what for one in world.events][:2] == [Happened.PURCHASE_UNCLEAR, Happened.PROXIES_BOUGHT]


@pytest.mark.parametrize("fault", ["500", "drop", "403"])
async def test_an_order_that_never_arrived_is_void_in_the_end(world, fault):
    world.site.fault(fault, on="buy", times=1)
    with pytest.raises(BuyingFailed):
        await world.buy()
    await world.sync()
    world.clock.advance(3_600.0)
    await world.sync()
    [purchase] = await world.store.purchase_book.purchases()
    assert purchase.state in (PurchaseState.VOID, PurchaseState.REFUSED)
    assert (await world.buy("pf-2")).state is PurchaseState.DONE
    assert (world.site.shop.spent(), await world.count()) == (1, 2)


async def test_a_lost_prolongation_is_settled_by_the_expiries(world):
    await world.buy()
    world.site.fault("lost", on="prolong")
    async with world.shopping.counters(["shop"]) as counters:
        there = await listed(counters["shop"].account, world.clock())
        with pytest.raises(BuyingFailed):
            await counters["shop"].buying.prolong(there.items, 30, Order("rule", "pf-2"))
    [settled] = await world.sync()
    assert (settled.verb, settled.state, world.site.shop.spent("prolong")) == ("prolong", PurchaseState.DONE, 1)
    [page] = [page async for page in world.store.proxies()]
    assert {round((one.expires_at - world.clock()) / 86_400) for one in page} == {60}


async def test_while_nobody_can_be_reached_nothing_is_written(world):
    world.site.go_away()
    with pytest.raises(BuyingFailed):
        await world.buy()
    assert await world.store.purchase_book.purchases() == []


async def test_secrets_are_in_nothing_that_was_kept(world):
    await world.buy()
    world.site.fault("lost", on="prolong")
    told = repr(await world.store.purchase_book.purchases()) + repr(world.events)
    assert "lab-key" not in told + repr(world.shopping.sections)
    assert "pass" not in told


async def test_proxies_are_named_by_selector(world):
    await world.buy()
    async with world.shopping.counters(["shop"]) as counters:
        there = await listed(counters["shop"].account, world.clock())
    assert len(await named_items(world.store, "", there.items, world.clock())) == 2
    assert len(await named_items(world.store, "id=1", there.items, world.clock())) == 1
    assert await named_items(world.store, "country=US", there.items, world.clock()) == []


async def test_what_is_not_set_up_is_told_with_its_remedy():
    empty = Shopping({"shop": replace(SECTION, kind="nothing")}, MemoryStore(), [].append)
    for names, told in ((["other"], "there is no provider 'other'; there is: shop"), (["shop"], "no kind 'nothing'")):
        with pytest.raises(FleetError, match=told):
            async with empty.counters(names):
                pass
    async with empty.counters([]) as none:
        assert none == {}
    async with calls(await tls_context()) as call:
        assert callable(call)


def test_keys_come_from_a_variable_or_a_private_file(tmp_path):
    assert key_of("shop", SECTION) == "lab-key"
    file = tmp_path / "key"
    file.write_text("from-file\n")
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert key_of("shop", ProviderSection(key_file=str(file))) == "from-file"
    file.chmod(0o644)
    with pytest.raises(FleetError, match="can be read by others"):
        key_of("shop", ProviderSection(key_file=str(file)))
    with pytest.raises(BuyingFailed, match="set PROXYFLEET_PROVIDERS_SHOP_KEY"):
        key_of("shop", ProviderSection())


def test_tags_repeat_with_their_key_only():
    assert tag_for("shop", "buy", "k") == tag_for("shop", "buy", "k") != tag_for("shop", "prolong", "k")
    assert tag_for("shop", "buy") != tag_for("shop", "buy")
    assert len(tag_for("shop", "buy")) == 19
