"""What a fleet with accounts at providers does by itself: reads their lists, prolongs, refills (SPEC B4 to B6).

Tells the services what this node knows of its proxies. Each method is the work of one job; a command asks for the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Wish
from proxyfleet.core.settling import identity_of
from proxyfleet.ports import Store
from proxyfleet.services.accounts import BuyingFailed, listed
from proxyfleet.services.read_models import matching
from proxyfleet.services.renewing import RenewalRule, Renewed, Renewing
from proxyfleet.services.scaling import Scaling, ScalingRule, Supply
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_buying import ProviderSection

from .shopping import Counter, Note, Shopping, tag_for

Fetch = Callable[[], Awaitable[str]]
SLICE: Final = 200
"""Looks at proxies between two turns of the loop."""
HIGHER: Final = 1.5


class Provisioning:
    """`fetch` looks at the sources of the settings; `shopping` opens the accounts."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        table: LeaseTable,
        note: Note,
        clock: Clock,
        *,
        fetch: Fetch | None = None,
        shopping: Shopping | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._table = table
        self._clock = clock
        self._fetch = fetch
        sections = dict(settings.providers)
        self._shopping = shopping or Shopping(sections, store, note, clock=clock, holdings=self.holdings)

    @property
    def buys(self) -> bool:
        """Whether there is any account."""
        return bool(self._settings.providers)

    @property
    def renews(self) -> bool:
        """Whether any account has a rule for prolonging."""
        return any(one.renew_within for one in self._settings.providers.values())

    @property
    def scales(self) -> bool:
        """Whether the fleet is to be refilled."""
        return self._settings.scaling.below > 0

    @property
    def _fleet(self) -> FleetState:
        return self._table.fleet

    # the jobs' work -------------------------------------------------------------------------------------------------

    async def sync(self) -> str:
        """Read every list, settle by it, take it in; one that fails costs the others nothing. Raises `BuyingFailed`."""
        told, failed = [], []
        for name in self._settings.providers:
            try:
                told.append(await self._synced(name))
            except FleetError as error:
                failed.append(str(error))
        if failed:
            raise BuyingFailed("lists", "; ".join([*failed, *told]))
        return "; ".join(told)

    async def _synced(self, name: str) -> str:
        async with self._open(name) as counter:
            there = await listed(counter.account, self._clock())
            settled = await counter.reconciling.settle_by(there)
            synced = await counter.syncing.take_in(there)
        parts = [f"{name}: {len(there.items)} listed, {synced.added} new"]
        parts += [f"{len(synced.vanished)} vanished"] * bool(synced.vanished)
        return ", ".join([*parts, *(f"{one.tag} is {one.state}" for one in settled)])

    async def renew(self) -> str:
        """Prolong what the rules want. Raises `BuyingFailed`."""
        told, failed = [], []
        for name, section in self._settings.providers.items():
            if section.renew_within:
                try:
                    told.append(f"{name}: {(await self.renewed(name)).told}")
                except FleetError as error:
                    failed.append(str(error))
        if failed:
            raise BuyingFailed("renewal", "; ".join([*failed, *told]))
        return "; ".join(told)

    async def renewed(self, name: str, *, dry_run: bool = False) -> Renewed:
        """Of one account, by the rule of its section. Raises `BuyingFailed`."""
        async with self._open(name) as counter:
            there = await listed(counter.account, self._clock())
            if not dry_run:
                await counter.reconciling.settle_by(there)
            section = counter.section
            renewing = Renewing(
                counter.buying,
                counter.reconciling,
                self._store,
                RenewalRule(section.renew_within, section.renew_days),
                partial(self._worth, name, section),
                partial(tag_for, name, "prolong"),
            )
            return await renewing.run(there, dry_run=dry_run)

    async def scale(self, *, dry_run: bool = False) -> str:
        """Do the next thing for more free slots, if they are too few; a line for people."""
        told = self._settings.scaling
        async with self._shopping.counters(told.providers) as counters:
            rule = ScalingRule(told.below, told.until or round(told.below * HIGHER), told.cool_down)
            supplies = [self._supply(name, counters[name]) for name in told.providers]
            fetch = self._fetch if told.sources else None
            scaling = Scaling(self._store, rule, self.free, fetch, supplies, partial(tag_for, "", "scale"))
            return await scaling.run(self._clock(), dry_run=dry_run)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Counter]:
        async with self._shopping.counters([name]) as counters:
            yield counters[name]

    def _supply(self, name: str, counter: Counter) -> Supply:
        section = counter.section

        def wish(count: int) -> Wish:
            return Wish(count, section.days, section.country, section.terms)

        async def held() -> int:
            now = self._clock()
            return sum(not one.expired(now) for one in await self.holdings(name))

        return Supply(counter.buying, counter.reconciling, wish, held, section.most, section.most_at_once)

    # what this node knows -------------------------------------------------------------------------------------------

    async def holdings(self, name: str) -> list[Proxy]:
        """The proxies of a provider, as this node has them."""
        found = []
        for nth, proxy_id in enumerate(list(self._fleet), 1):
            if nth % SLICE == 0:
                await asyncio.sleep(0)
            if proxy_id in self._fleet and (proxy := self._fleet.get(proxy_id)).labels.provider == name:
                found.append(proxy)
        return found

    async def free(self) -> int:
        """Slots that are free of the proxies that count, those in a hard state left out."""
        room = self._fleet.empty_room()
        for nth, proxy_id in enumerate(matching(self._fleet, self._settings.scaling.selector, self._clock()), 1):
            if nth % SLICE == 0:
                await asyncio.sleep(0)
            self._fleet.count_usable(proxy_id, room)
        return room.free

    async def _worth(self, name: str, section: ProviderSection) -> set[str]:
        """Identities of the account's proxies that its rule for prolonging wants."""
        now = self._clock()
        meant = set(matching(self._fleet, section.renew_selector, now))
        kept = {"any": meant, "used": meant & set(self._used(meant)), "held": meant & self._held()}[section.renew_only]
        return {identity_of(one) for one in await self.holdings(name) if one.id in kept}

    def _used(self, ids: set[int]) -> Iterator[int]:
        """Those that have worked, as this node or all together know."""
        now = self._clock()
        for proxy_id in ids:
            seen = self._fleet.fleet_health(proxy_id, now)
            if self._fleet.health(proxy_id, now).last_success is not None or (seen and seen["success_rate"]):
                yield proxy_id

    def _held(self) -> set[int]:
        now = self._clock()
        leased = {proxy_id for lease in self._table.leases(now) for proxy_id in (lease.proxy_id, lease.pool)}
        return leased | {hold.proxy_id for hold in self._table.holds(now)}
