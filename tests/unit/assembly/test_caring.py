"""What a node does besides serving: its jobs and events, on a real store and a real fleet."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from proxyfleet.assembly.caring import Care
from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder, Lease
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Status
from proxyfleet.lab import HandClock, Lab, some_listed
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.inventory import fill
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_buying import ProviderSection, ScalingSection
from proxyfleet.settings.schema_care import JobsSection, SourcesSection
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0
DAY = 86_400.0


class World:
    """One node's care, its clock moved by hand."""

    def __init__(self, **settings):
        self.clock = HandClock(NOW)
        self.store = MemoryStore(self.clock)
        self.fleet = FleetState(rng=Random(1))
        self.table = LeaseTable(self.fleet)
        self.care = Care(Settings(**settings), self.store, self.table, holder="n1", clock=self.clock, rng=Random(1))

    async def run_jobs(self):
        await self.care.jobs.tick()
        self.clock.advance(20.0)
        await self.care.jobs.tick()
        await self.care.jobs.finish()
        await self.care.keep()

    async def told(self):
        return [one.event for one in await self.store.events(0)]

    async def result(self, name):
        return next(job for job in await self.store.jobs() if job.name == name)


async def test_every_job_runs_and_says_what_it_did():
    world = World()
    await world.run_jobs()
    told = {job.name: (job.result, job.told) for job in await world.store.jobs()}
    assert told == {
        "capacity": ("ok", "0 of 0 slots free"),
        "events": ("ok", "0 events forgotten"),
        "expiry": ("ok", "0 expired, 0 more will within 3 days"),
        "retirement": ("ok", "0 retired, 0 spared"),
        "sources": ("ok", "none due"),
        "warming": ("ok", "no judge is named (checks.judge)"),
    }


async def test_accounts_at_providers_bring_jobs_of_their_own():
    account = ProviderSection(kind="px6", renew_within=3)
    world = World(providers={"shop": account}, scaling=ScalingSection(below=1))
    await world.run_jobs()
    told = {name: (await world.result(name)).told for name in ("providers", "renewal", "scaling")}
    assert told["providers"] == told["renewal"]
    assert told["renewal"].startswith("the key of provider shop is not known; set PROXYFLEET_PROVIDERS_SHOP_KEY")
    assert told["scaling"] == "0 slots free: no source and no provider is named; say some in [scaling]"
    assert [event.subject for event in await world.told()] == ["providers", "renewal"]


async def test_sources_that_are_switched_on_are_looked_at():
    async with Lab() as lab:
        site = lab.add_sources(some_listed(10))
        sources = SourcesSection(base_url=site.url, allow_private=True)
        world = World(sources=sources)
        await world.store.switch_source("geonode", True)
        await world.run_jobs()
        assert (await world.result("sources")).told == "1 sources, 0 failed, 10 new proxies"
        assert [(event.what, event.subject) for event in await world.told()] == [(Happened.PROXIES_ADDED, "geonode")]


async def test_finds_that_are_held_are_not_retired():
    world = World()
    await world.store.gather([a_proxy(n, status=Status.PENDING) for n in (1, 2)], "s", NOW - 8 * DAY)
    await fill(world.fleet, world.store, NOW)
    world.table.learn(Lease(1, 0, 1, 1, Holder("ann"), None, "", NOW, NOW + 900.0), NOW)
    await world.run_jobs()
    assert [proxy.id async for batch in world.store.proxies() for proxy in batch] == [1]
    assert (await world.result("retirement")).told == "1 retired, 1 spared"


async def test_what_the_core_tells_is_kept_and_expiry_only_once_for_all_nodes():
    world = World()
    await world.store.gather([a_proxy(1, status=Status.PENDING)], "s", NOW)
    await fill(world.fleet, world.store, NOW)
    world.fleet.add(a_proxy(2, expires_at=NOW + 5.0), NOW)
    world.fleet.record(1, Outcome.succeeded(0.1), NOW)
    world.fleet.advance(NOW + 6.0)
    await world.care.keep()
    assert [event.what for event in await world.told()] == [Happened.PROXY_PROVEN]
    assert [entry.ledger.alive for entry in await world.store.sources()] == [1]
    alone = World(jobs=JobsSection(run=False))
    alone.fleet.add(a_proxy(2, expires_at=NOW + 5.0), NOW)
    alone.fleet.advance(NOW + 6.0)
    await alone.care.keep()
    assert [event.what for event in await alone.told()] == [Happened.PROXY_EXPIRED]


async def test_a_store_that_is_away_loses_no_event_and_is_one_line(caplog):
    world = World()
    await world.store.gather([a_proxy(1, status=Status.PENDING)], "s", NOW)
    await fill(world.fleet, world.store, NOW)
    world.fleet.record(1, Outcome.succeeded(0.1), NOW)
    world.store._closed = True
    for _ in range(3):
        await world.care.keep()
    assert caplog.text.count("action=events") == 1
    world.store._closed = False
    await world.care.keep()
    assert [event.what for event in await world.told()] == [Happened.PROXY_PROVEN]
    assert [entry.ledger.alive for entry in await world.store.sources()] == [1]


@pytest.mark.parametrize("run", [True, False])
async def test_it_starts_and_stops(run):
    world = World(jobs=replace(JobsSection(), run=run))
    world.care.start()
    for _ in range(50):
        await asyncio.sleep(0)
    await world.care.stop()
    assert bool(await world.store.jobs()) is run
