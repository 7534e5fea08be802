"""A month of a fleet that lives on free lists: it grows no further, keeps what works, and its events tell the story."""

from random import Random

from proxyfleet.assembly.caring import Care
from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.outcome import Outcome
from proxyfleet.lab import HandClock, Lab, some_listed
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import JobsSection, SourcesSection
from proxyfleet.stores.memory import MemoryStore

DAY = 86_400.0
LISTED, FRESH = 100, 20
"""Proxies on a list at once, and how many of them are new each day."""
LIVES = 10
"""Days that one in five works after it was first listed; the others never do."""
DAYS = 30


class Month:
    """One node whose clock is moved by hand, and a site whose list moves on every day."""

    def __init__(self, site):
        self.site = site
        self.clock = HandClock(2_000_000_000.0)
        self.store = MemoryStore(self.clock)
        self.fleet = FleetState(rng=Random(1))
        settings = Settings(
            sources=SourcesSection(base_url=site.url, allow_private=True, tries=1, give_up=5),
            jobs=JobsSection(keep_events=100 * DAY),
        )
        self.care = Care(settings, self.store, LeaseTable(self.fleet), holder="n", clock=self.clock, rng=Random(1))
        self.numbers = {one.place: nth for nth, one in enumerate(some_listed(FRESH * DAYS + LISTED))}

    async def six_hours(self, day):
        self.clock.advance(DAY / 4)
        for _ in range(3):
            await self.care.jobs.tick()
            await self.care.jobs.finish()
        await self._follow()
        for proxy_id in list(self.fleet):
            works = self._works(self.fleet.get(proxy_id), day)
            outcome = Outcome.succeeded(0.2) if works else Outcome.failed("timeout")
            self.fleet.record(proxy_id, outcome, self.clock())
        await self.care.keep()

    def _works(self, proxy, day):
        number = self.numbers[f"{proxy.host}:{proxy.port}"]
        return number % 5 == 0 and day < number // FRESH + LIVES

    async def _follow(self):
        """What the node's follower does: take over what the store has."""
        stored = {proxy.id: proxy async for batch in self.store.proxies() for proxy in batch}
        for proxy_id in set(self.fleet) - stored.keys():
            self.fleet.remove(proxy_id, self.clock())
        for proxy_id in stored.keys() - set(self.fleet):
            self.fleet.add(stored[proxy_id], self.clock())

    async def events(self, *kinds):
        return [one.event for one in await self.store.events(0, kinds=kinds, limit=100_000)]


async def test_a_month_of_free_lists():
    async with Lab() as lab:
        site = lab.add_sources([])
        site.fault("*geonode*", "500")
        month = Month(site)
        for name in ("databay.com", "geonode"):
            await month.store.switch_source(name, True)
        sizes = []
        for day in range(DAYS):
            everything = some_listed(FRESH * DAYS + LISTED)
            site.list("databay.com/*", everything[day * FRESH : day * FRESH + LISTED])
            for _ in range(4):
                await month.six_hours(day)
            sizes.append(len(month.fleet))

        assert max(sizes[10:]) <= max(sizes[:10]) * 1.3, f"it grows on: {sizes}"
        held = {month.numbers[f"{p.host}:{p.port}"] for p in map(month.fleet.get, month.fleet)}
        alive = {n for n in range(FRESH * (DAYS - 1) + LISTED) if n % 5 == 0 and n // FRESH + LIVES > DAYS}
        assert alive <= held, "nothing that works was taken out"
        added = sum(event.count for event in await month.events(Happened.PROXIES_ADDED))
        retired = sum(event.count for event in await month.events(Happened.PROXIES_RETIRED))
        assert added - retired == len(month.fleet)
        assert retired > added / 2
        ledgers = {entry.name: entry for entry in await month.store.sources()}
        assert ledgers["databay.com"].ledger.total_new == added
        works_ever = len([n for n in range(FRESH * (DAYS - 1) + LISTED) if n % 5 == 0])
        assert works_ever * 0.9 <= ledgers["databay.com"].ledger.alive <= works_ever
        assert ledgers["geonode"].switched is False
        kinds = [event.what for event in await month.events(Happened.SOURCE_FAILED, Happened.SOURCE_DISABLED)]
        assert kinds == [Happened.SOURCE_FAILED, Happened.SOURCE_DISABLED]
        assert await month.events(Happened.JOB_STALLED, Happened.JOB_FAILED) == []
