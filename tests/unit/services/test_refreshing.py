"""Many sources at once: what is stored, what ledgers say, who is switched off, what is told; on a real store in memory."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest

from proxyfleet.core.events import Happened
from proxyfleet.core.proxy import Labels, Proxy, Scheme
from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.lab import HandClock
from proxyfleet.ports import Fetched
from proxyfleet.services.persisting import Patience, Persistence
from proxyfleet.services.refreshing import Asked, Refresh
from proxyfleet.sources.reading import rows
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.memory import MemoryStore

DOWN = Fetched("failed", problem="answered 503")
LIST = b"198.18.0.1:80\n198.18.0.2:80\n"
OTHER = b"198.18.0.2:80\n198.18.0.3:80\n"


class World:
    """Sources by name, each with one feed; answers may be changed between rounds."""

    def __init__(self, longest=600.0, **settings):
        self.clock = HandClock(1_000_000.0)
        self.store = MemoryStore(self.clock)
        self.answers, self.asked, self.events = {}, [], []
        persistence = Persistence(self.fetch, Patience(tries=1, longest=longest), asyncio.sleep, Random(1))
        read = partial(rows, allow_private=True)
        clocks = (self.clock, self.clock, lambda: 0.0)
        self.refresh = Refresh(self.store, persistence, read, *clocks, self.events.append, **settings)

    @asynccontextmanager
    async def fetch(self, url, *, etag=None, modified=None):
        self.asked.append((url, etag))
        told = self.answers[url.removeprefix("http://").rstrip("/")]
        if isinstance(told, Exception):
            raise told
        if isinstance(told, bytes):
            told = Fetched("unchanged") if etag == str(hash(told)) else Fetched("ok", iter([told]), str(hash(told)))
        yield told

    async def run(self, *names, dry_run=False, tell=None, **about):
        entries = {entry.name: entry for entry in await self.store.sources()}
        sources = [Source(name, "k", (Feed(f"http://{name}/"),), **about) for name in names]
        asked = [Asked(source, entries.get(source.name, SourceEntry(source.name))) for source in sources]
        return await self.refresh.run(asked, dry_run=dry_run, tell=tell)

    async def entry(self, name):
        return next(entry for entry in await self.store.sources() if entry.name == name)

    async def proxies(self):
        return [proxy async for batch in self.store.proxies() for proxy in batch]

    @property
    def told(self):
        return [(event.what, event.subject) for event in self.events]


async def test_what_sources_name_is_stored_once_and_is_to_be_checked_first():
    world = World()
    world.answers = {"a": LIST, "b": OTHER}
    round_ = await world.run("a", "b")
    assert [(look.source, look.outcome, look.valid) for look in round_.looks] == [("a", "ok", 2), ("b", "ok", 2)]
    assert round_.added == 3
    found = await world.proxies()
    assert {proxy.host for proxy in found} == {"198.18.0.1", "198.18.0.2", "198.18.0.3"}
    assert all(proxy.require_check for proxy in found)
    assert {proxy.labels.source for proxy in found} == {"a", "b"}
    told = [event for event in world.events if event.what is Happened.PROXIES_ADDED]
    assert sum(event.count for event in told) == 3
    assert (await world.entry("a")).ledger.total_new + (await world.entry("b")).ledger.total_new == 3


async def test_a_check_may_be_left_out_for_all():
    world = World(checked_only=False)
    world.answers = {"a": LIST}
    await world.run("a")
    assert not any(proxy.require_check for proxy in await world.proxies())


async def test_own_proxies_are_stored_as_an_import_would():
    world = World()
    world.answers = {"a": b"http://u:p@198.18.0.1:80\nhttps://198.18.0.2:80\n"}
    await world.store.put([Proxy(Scheme.HTTP, "198.18.0.1", 80, "u", labels=Labels(country="DE"))])
    round_ = await world.run("a", free=False)
    assert (round_.looks[0].updated, round_.looks[0].added) == (1, 1)
    known, fresh = await world.proxies()
    assert (known.password.reveal(), known.labels.country, known.require_check) == ("p", "DE", False)
    assert fresh.scheme is Scheme.HTTPS
    assert await world.store.idle(1e12, 10) == [], "nothing of it will be retired"


async def test_what_has_not_changed_is_not_read_again_unless_its_proxies_are_gone():
    world = World()
    world.answers = {"a": LIST}
    await world.run("a")
    again = await world.run("a")
    assert again.looks[0].outcome == "unchanged"
    assert (await world.entry("a")).ledger.read == 2, "figures are those of the last answer that was read"
    await world.store.remove([proxy.id for proxy in await world.proxies()])
    third = await world.run("a")
    assert (third.looks[0].outcome, third.added) == ("ok", 2)


async def test_a_dead_source_costs_its_line_and_keeps_its_last_good_set():
    world = World()
    world.answers = {"a": LIST, "b": OTHER}
    await world.run("a", "b")
    world.answers = {"a": DOWN, "b": OTHER}
    world.events.clear()
    before = await world.proxies()
    round_ = await world.run("a", "b")
    assert [look.outcome for look in round_.looks] == ["failed", "unchanged"]
    assert await world.proxies() == before
    ledger = (await world.entry("a")).ledger
    assert (ledger.failures, ledger.last_error, ledger.read) == (1, "answered 503", 2)
    assert world.told == [(Happened.SOURCE_FAILED, "a")]


async def test_what_was_stored_before_a_look_failed_stays_and_is_told():
    world = World(longest=1.0)
    world.answers = {"a": b"".join(b"198.18.%d.%d:80\n" % (n // 250, n % 250 + 1) for n in range(2_000)), "b": LIST}
    gather, times = world.store.gather, []

    async def slower(*args, **about):
        times.append(args)
        if len(times) > 1:
            await asyncio.sleep(5)
        return await gather(*args, **about)

    world.store.gather = slower
    round_ = await world.run("a")
    assert round_.looks[0].outcome == "failed"
    assert 0 < round_.added == len(await world.proxies()) < 2_000
    told = [event for event in world.events if event.what is Happened.PROXIES_ADDED]
    assert [(event.subject, event.count) for event in told] == [("a", round_.added)]


async def test_failures_are_told_at_the_first_one_and_when_they_end():
    world = World()
    world.answers = {"a": DOWN, "b": LIST}
    for _ in range(3):
        await world.run("a", "b")
    assert [what for what, name in world.told if name == "a"] == [Happened.SOURCE_FAILED]
    world.answers["a"] = OTHER
    await world.run("a", "b")
    assert (Happened.SOURCE_RECOVERED, "a") in world.told
    assert (await world.entry("a")).ledger.failures == 0


async def test_who_fails_too_often_is_switched_off_with_the_reason():
    world = World(give_up=3)
    world.answers = {"a": DOWN, "b": LIST}
    for _ in range(3):
        await world.run("a", "b")
    entry = await world.entry("a")
    assert entry.switched is False
    assert entry.because == "failed 3 times in a row, at last: answered 503"
    assert world.told.count((Happened.SOURCE_DISABLED, "a")) == 1
    await world.run("a", "b")
    assert world.told.count((Happened.SOURCE_DISABLED, "a")) == 1, "once is enough"


async def test_when_everybody_fails_it_is_nobodys_fault():
    world = World(give_up=1)
    world.answers = {"a": DOWN, "b": DOWN}
    round_ = await world.run("a", "b")
    assert round_.ours
    assert [entry.switched for entry in await world.store.sources()] == [None, None]
    assert [(await world.entry(name)).ledger.failures for name in "ab"] == [0, 0]
    assert world.told == [(Happened.SOURCE_FAILED, "all")]
    alone = await world.run("a")
    assert not alone.ours
    assert (await world.entry("a")).switched is False


async def test_an_error_of_our_own_is_a_line_too(caplog):
    world = World()
    world.answers = {"a": RuntimeError("canary"), "b": LIST}
    round_ = await world.run("a", "b")
    assert [look.outcome for look in round_.looks] == ["failed", "ok"]
    assert "an error of proxyfleet itself" in round_.looks[0].problems[0]
    assert "canary" not in round_.looks[0].problems[0]


async def test_a_dry_run_tells_the_same_and_remembers_nothing():
    world = World()
    world.answers = {"a": LIST, "b": OTHER}
    await world.run("a")
    before = (await world.proxies(), await world.store.sources())
    world.events.clear()
    dry = await world.run("a", "b", dry_run=True)
    assert (await world.proxies(), await world.store.sources(), world.events) == (*before, [])
    assert [etag for _, etag in world.asked[1:]] == [None, None], "it asks as if for the first time"
    wet = await world.run("b")
    assert dry.looks[1].added == wet.looks[0].added == 1


async def test_a_dry_run_counts_a_place_once_whoever_names_it():
    world = World()
    world.answers = {"a": LIST, "b": LIST, "c": OTHER}
    dry = await world.run("a", "b", "c", dry_run=True)
    assert dry.added == 3
    assert sum(look.valid for look in dry.looks) == 6


async def test_each_look_is_told_as_it_ends():
    world, told = World(), []
    world.answers = {"a": LIST, "b": DOWN}
    await world.run("a", "b", tell=told.append)
    assert sorted(look.source for look in told) == ["a", "b"]


async def test_a_store_that_is_away_ends_the_round():
    world = World()
    world.answers = {"a": LIST, "b": LIST}
    asked = [Asked(Source(name, "k", (Feed(f"http://{name}/"),)), SourceEntry(name)) for name in "ab"]
    await world.store.close()
    with pytest.raises(StoreClosed):
        await world.refresh.run(asked)


async def test_a_round_of_nothing():
    assert (await World().refresh.run([])).looks == []


async def test_ledgers_say_when_it_is_due_again():
    world = World()
    world.answers = {"a": LIST}
    await world.run("a", interval=600.0)
    ledger: Ledger = (await world.entry("a")).ledger
    assert 600.0 <= ledger.next_due - world.clock() <= 660.0
