"""What a node does besides serving: keeps the events of its fleet, and takes part in the jobs of all nodes."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from random import Random
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.ports import Store
from proxyfleet.services.housekeeping import forget_events, retire, spare_the_useful, tell_capacity, tell_expiry
from proxyfleet.services.jobs import Job, Jobs
from proxyfleet.services.recording import Recorder
from proxyfleet.settings.kinds import Address
from proxyfleet.settings.schema import Settings
from proxyfleet.tasks import Tasks

from .provisioning import Provisioning
from .refreshing import Refreshing
from .warming import Warming

log = logging.getLogger("proxyfleet.node")

KEEP_EVERY: Final = 1.0
"""Seconds between two times that events are written: whoever dies loses no more than that."""
SPARE_EVERY: Final = 3_600.0
RETIRE_EVERY: Final = 6 * 3_600.0
FORGET_EVERY: Final = 3_600.0


class Care:
    """`start`, then `stop`; both once. `holder` names this node; `own` gives the places that it listens on."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        table: LeaseTable,
        *,
        holder: str,
        clock: Clock,
        rng: Random,
        own: Callable[[], Collection[Address]] = tuple,
    ) -> None:
        self._settings = settings.jobs
        self._store = store
        self._table = table
        self._clock = clock
        self.recorder = Recorder(store)
        self.refreshing = Refreshing(settings, store, self.recorder.note, clock=clock, rng=rng, own=own)
        self._warming = Warming(settings, store, self._fleet, clock)
        self.provisioning = Provisioning(
            settings, store, table, self.recorder.note, clock, fetch=self.refreshing.fetching(settings.scaling.sources)
        )
        self.jobs = Jobs(store, self._jobs(), holder=holder, clock=clock, rng=rng, note=self.recorder.note)
        self._tasks = Tasks()
        self._proven: dict[int, float] = {}
        self._away = False

    @property
    def _fleet(self) -> FleetState:
        return self._table.fleet

    def start(self) -> None:
        """Keep events from now on, and take part in the jobs unless the settings say no."""
        self._tasks.spawn(self._keep_events(), name="events")
        if self._settings.run:
            self._tasks.spawn(self.jobs.run(), name="jobs")
        self._tasks.spawn(self._spare(), name="useful finds")

    async def stop(self) -> None:
        """End what runs, and keep what has happened until now."""
        await self._tasks.close()
        await self.jobs.close()
        await self.keep()

    def _jobs(self) -> Sequence[Job]:
        told = self._settings
        return (
            Job("sources", told.sources_every, self._refresh, longest=900.0),
            Job("expiry", told.expiry_every, self._expiry),
            Job("capacity", told.capacity_every, self._capacity),
            Job("events", FORGET_EVERY, self._forget),
            Job("retirement", RETIRE_EVERY, self._retire),
            Job("warming", self._warming.every, self._warm, longest=900.0),
            *self._jobs_of_money(),
        )

    def _jobs_of_money(self) -> Iterator[Job]:
        """Only for who has accounts at providers, or wants the fleet refilled."""
        told, does = self._settings, self.provisioning
        if does.buys:
            yield Job("providers", told.providers_every, self._sync, longest=900.0)
        if does.renews:
            yield Job("renewal", told.renewal_every, self._renew, longest=900.0)
        if does.scales:
            yield Job("scaling", told.scaling_every, self._scale, longest=900.0)

    # the jobs' work -------------------------------------------------------------------------------------------------

    async def _refresh(self, _: float, __: float | None) -> str:
        return await self.refreshing.fetch_due()

    async def _expiry(self, now: float, before: float | None) -> str:
        return await tell_expiry(self._fleet, self.recorder.note, now, before, self._settings.expiring_ahead)

    async def _capacity(self, now: float, _: float | None) -> str:
        return await tell_capacity(self._fleet, self._store, self.recorder.note, now, self._settings.capacity_low)

    async def _forget(self, now: float, _: float | None) -> str:
        return await forget_events(self._store, now, self._settings.keep_events, self._settings.most_events)

    async def _retire(self, now: float, _: float | None) -> str:
        note, after = self.recorder.note, self._settings.retire_after
        return await retire(self._store, self._fleet, self._held, note, now, after)

    async def _warm(self, now: float, _: float | None) -> str:
        return await self._warming.warm(now)

    async def _sync(self, _: float, __: float | None) -> str:
        return await self.provisioning.sync()

    async def _renew(self, _: float, __: float | None) -> str:
        return await self.provisioning.renew()

    async def _scale(self, _: float, __: float | None) -> str:
        return await self.provisioning.scale()

    def _held(self) -> set[int]:
        """Proxies with a lease or hold, as this node knows it; claims that the store keeps it looks at itself."""
        now = self._clock()
        leased = {proxy_id for lease in self._table.leases(now) for proxy_id in (lease.proxy_id, lease.pool)}
        return leased | {hold.proxy_id for hold in self._table.holds(now)}

    # events ---------------------------------------------------------------------------------------------------------

    async def _keep_events(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY)
            await self.keep()

    async def keep(self) -> None:
        """Take what the core has told and write what waits; a store that is away is tried again the next time."""
        told = self._fleet.take_events()
        if self._settings.run:  # then the job tells of expiries, once for all nodes
            told = [event for event in told if event.what is not Happened.PROXY_EXPIRED]
        self.recorder.note_all(told)
        self._proven |= {event.proxy_id: event.at for event in told if event.what is Happened.PROXY_PROVEN}
        try:
            await self._learn()
            await self.recorder.flush()
        except FleetError as error:
            if not self._away:
                log.warning("action=events error=%s", error)
            self._away = True
        else:
            self._away = False

    async def _learn(self) -> None:
        """Finds that have worked for the first time here count for the sources that named them."""
        if self._proven:
            await self._store.worked(self._proven)
            self._proven = {}

    async def _spare(self) -> None:
        """Each node for itself: only it knows what has worked through it."""
        while True:
            await asyncio.sleep(SPARE_EVERY)
            try:
                await spare_the_useful(self._store, self._fleet, self._clock(), self._settings.retire_after)
            except FleetError as error:
                log.warning("action=spare error=%s", error)
