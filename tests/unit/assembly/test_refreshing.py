"""Sources, downloads and store together, against the lab over real HTTP."""

from dataclasses import replace
from random import Random

import pytest

from proxyfleet.assembly.refreshing import Refreshing, fetch_sources
from proxyfleet.core.events import Happened
from proxyfleet.core.source import Feed, Source
from proxyfleet.lab import HandClock, Lab, some_listed
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import SourcesSection
from proxyfleet.sources.registry import UnknownSource
from proxyfleet.stores.memory import MemoryStore

COUNT = 40


@pytest.fixture
async def site():
    async with Lab() as lab:
        yield lab.add_sources(some_listed(COUNT))


@pytest.fixture
def store():
    return MemoryStore(HandClock(1_000_000.0))


def settings_for(site, **sources):
    section = SourcesSection(base_url=site.url, allow_private=True, pause=0.0, longest=5.0)
    return Settings(sources=replace(section, **sources))


def refreshing(settings, store, **options):
    return Refreshing(settings, store, [].append, clock=HandClock(1_000_000.0), rng=Random(1), **options)


async def test_all_built_in_sources_fill_an_empty_fleet(site, store):
    told = await refreshing(settings_for(site), store).fetch([])
    assert [(look.source, look.problems) for look in told.looks if look.outcome != "ok"] == []
    assert len(told.looks) == len({look.source for look in told.looks}) > 30
    proxies = [proxy async for batch in store.proxies() for proxy in batch]
    assert len(proxies) == told.added == COUNT
    assert all(proxy.require_check for proxy in proxies)
    connect = {proxy.host for proxy in proxies if proxy.details and "https" in proxy.details.protocols}
    assert connect == {one.host for one in some_listed(COUNT) if one.connect and one.scheme == "http"}


async def test_names_and_unknown_ones(site, store):
    looking = refreshing(settings_for(site), store)
    assert [look.source for look in (await looking.fetch(["geonode", "spys.me"])).looks] == ["geonode", "spys.me"]
    with pytest.raises(UnknownSource):
        await looking.fetch(["nope"])


async def test_only_what_is_due_and_switched_on(site, store):
    looking = refreshing(settings_for(site), store)
    assert await looking.fetch_due() == "none due"
    await store.switch_source("geonode", True)
    assert await looking.fetch_due() == f"1 sources, 0 failed, {COUNT} new proxies"
    assert await looking.fetch_due() == "none due"


async def test_own_sources_are_where_they_are_whatever_stands_in_for_others(site, store):
    await store.put_source(Source("mine", "own", (Feed(f"{site.url}/spys.me/proxy.txt"),)))
    elsewhere = settings_for(site, base_url="http://127.0.0.1:1")
    told = await refreshing(elsewhere, store).fetch(["mine"])
    assert told.looks[0].outcome == "ok"


async def test_private_addresses_are_neither_asked_nor_believed(site, store):
    await store.put_source(Source("mine", "own", (Feed(f"{site.url}/spys.me/proxy.txt"),)))
    told = await refreshing(settings_for(site, allow_private=False), store).fetch(["mine"])
    assert told.looks[0].problems == [
        "the host '127.0.0.1' is not a public address; allow private addresses if that is wanted"
    ]
    assert list(site.requests) == []


async def test_a_node_never_asks_itself(site, store):
    port = int(site.url.rpartition(":")[2])
    await store.put_source(Source("mine", "own", (Feed(f"http://localhost:{port}/spys.me/proxy.txt"),)))
    own = refreshing(settings_for(site), store, own=lambda: [("127.0.0.1", port)])
    assert (await own.fetch(["mine"])).looks[0].outcome == "failed"
    assert list(site.requests) == []


async def test_outside_of_a_node_events_are_kept_and_progress_is_told(site, store):
    counts = []
    told = await fetch_sources(settings_for(site), store, ["geonode", "spys.me"], tell=counts.append)
    assert counts == [1, 2]
    kinds = {one.event.what for one in await store.events()}
    assert kinds == {Happened.PROXIES_ADDED}
    assert told.added == COUNT
    dry = await fetch_sources(settings_for(site), MemoryStore(), ["geonode"], dry_run=True)
    assert dry.added == COUNT
