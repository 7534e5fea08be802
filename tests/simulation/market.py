"""A month of buying: a provider that forgets to answer, nodes that die in the middle, free proxies that die by the day."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from random import Random

from tests.seller import DAY, Fault, Seller

from proxyfleet.assembly.provisioning import Provisioning
from proxyfleet.assembly.shopping import Counter
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Event
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.proxy import Labels, Proxy, Scheme
from proxyfleet.core.purchase import Item, Placed, Wish
from proxyfleet.lab.clock import HandClock
from proxyfleet.ports import Store
from proxyfleet.services.accounts import Account
from proxyfleet.services.buying import Buying
from proxyfleet.services.reconciling import Reconciling
from proxyfleet.services.syncing import Syncing
from proxyfleet.settings.schema import Settings

FAULTS: tuple[Fault, ...] = ("lost", "unheard", "refused", "away", "broken", "late")


class Killed(BaseException):
    """The node's process ends at this instruction."""


class Market(Seller):
    """`trouble` is the chance that a call goes wrong, one way or another; `done` counts what really happened."""

    def __init__(self, clock: Callable[[], float], rng: Random, name: str = "shop", *, notes: bool = True) -> None:
        super().__init__(clock, name, notes=notes)
        self.rng = rng
        self.trouble = 0.7
        self.deaths = 0
        self.done: list[str] = []
        self.too_early: list[float] = []
        self.window = float("inf")

    async def items(self) -> AsyncIterator[Sequence[Item]]:
        await asyncio.sleep(0)
        self.blind = self.rng.random() < self.trouble / 4
        async for page in super().items():
            yield page

    async def buy(self, wish: Wish, tag: str) -> Placed:
        return await self._happen(lambda: super(Market, self).buy(wish, tag), f"buy {tag}")

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        late = max(one.proxy.expires_at or 0.0 for one in items) - self._clock()
        self.too_early += [late / DAY] * (late > self.window)
        return await self._happen(lambda: super(Market, self).prolong(items, days), "prolong")

    async def _happen(self, call: Callable[[], "asyncio.Future[Placed] | object"], what: str) -> Placed:
        """With bad luck the node dies before the call has arrived, or before its answer has."""
        await asyncio.sleep(0)
        luck = self.rng.random()
        if luck < self.trouble / 4:
            self.deaths += 1
            raise Killed
        if luck < self.trouble:
            self.faults = [self.rng.choice(FAULTS if what != "prolong" else FAULTS[:-1])]
        before = self.revenue
        try:
            placed: Placed = await call()  # type: ignore[misc] - one of the two above
        finally:
            self.faults = []
            self.done += [what] * (self.revenue != before)
        if luck > 1 - self.trouble / 4:
            self.deaths += 1
            raise Killed
        return placed


class Stalls:
    """What `Shopping` is to a node, with a market at the other end."""

    def __init__(self, settings: Settings, market: Market, node: "Node") -> None:
        self._settings = settings
        self._market = market
        self._node = node

    @asynccontextmanager
    async def counters(self, names: Collection[str]) -> AsyncIterator[dict[str, Counter]]:
        yield {name: self._counter(name) for name in names}

    def _counter(self, name: str) -> Counter:
        section, node = self._settings.providers[name], self._node
        account = Account(self._market, section.budget)
        buying = Buying(account, node.store.purchase_book, node.store, node.clock, node.events.append)
        syncing = Syncing(account, node.store, node.store, node.does.holdings, node.events.append)
        return Counter(section, account, buying, Reconciling(buying), syncing)


class Node:
    """One process: what it knows it has read from the store; what it was doing when it dies nobody finishes."""

    def __init__(self, settings: Settings, store: Store, market: Market, clock: HandClock, fetch: object) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self.events: list[Event] = []
        self.deaths = 0
        self._market, self._fetch = market, fetch

    def born(self, table: LeaseTable) -> None:
        """A process that knows this fleet."""
        stalls = Stalls(self.settings, self._market, self)
        self.does = Provisioning(
            self.settings,
            self.store,
            table,
            self.events.append,
            self.clock,
            fetch=self._fetch,
            shopping=stalls,
        )

    async def work(self) -> list[str]:
        """Each job once; what goes wrong is a line, as in the list of jobs, unless the process dies of it."""
        told: list[str] = []
        try:
            for job in (self.does.sync, self.does.renew, self.does.scale):
                try:
                    told.append(await job())
                except FleetError as error:
                    told.append(f"failed: {error}")
                await self.keep()
        except Killed:  # in the middle of a call, which takes longer than the second after which events are kept
            await self.keep()
            told.append("killed")
        return told

    async def keep(self) -> None:
        """Write down what was noted."""
        await self.store.record_events(self.events)
        self.events.clear()


class FreeLists:
    """Free proxies: some are found every time anybody looks, and each day a part of them dies."""

    def __init__(self, store: Store, rng: Random) -> None:
        self._store, self._rng, self._found = store, rng, 0

    async def fetch(self, most: int = 3) -> str:
        """A few new ones."""
        count = self._rng.randint(0, most)
        made = [
            Proxy(Scheme.HTTP, f"free{self._found + n}.example", 80, labels=Labels(source="free")) for n in range(count)
        ]
        self._found += count
        await self._store.put(made)
        return f"1 sources, 0 failed, {count} new proxies"

    async def die(self, share: float) -> None:
        """Retired, as proxies are that have not worked for long."""
        ids = [one.id async for page in self._store.proxies() for one in page if one.labels.source == "free"]
        await self._store.remove([one for one in ids if self._rng.random() < share])
