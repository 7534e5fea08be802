"""One process of many on one fleet: a node that leases, reserves, assigns and changes capacities at random, until it is killed.

Half of its callers go through the services, as every face does; the others send batches of their own straight to the port,
with tokens that may be stale, wrong or made up, as a node would whose memory is behind.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

from tests.history.recording import History, RecordedClaims
from tests.history.stores import opened

from proxyfleet.clock import monotonic_clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Granted, Order, Reassign, Release, Renew, Sweep, Take
from proxyfleet.core.rules import Rules
from proxyfleet.ports import Store
from proxyfleet.services.assigning import Assigning
from proxyfleet.services.following import Follower
from proxyfleet.services.leasing import Leasing, Wanted
from proxyfleet.stores.errors import StoreAway
from proxyfleet.tasks import Tasks

CALLERS: Final = 8
"""Of each kind."""
RESOURCES: Final = ("site", "shop", "mail")
MOST: Final = 4
"""The highest capacity that a proxy is given."""
TTLS: Final = (1.0, 1.0, 1.0, 1.2, 3.0)


@dataclass(frozen=True)
class Task:
    """Which worker of how many, on which store, with which seed; `number` counts its incarnations."""

    url: str
    claims: str
    directory: Path
    worker: int
    number: int
    workers: int
    seed: int
    share_exits: bool = False

    @property
    def history(self) -> Path:
        """Its own file."""
        return self.directory / f"history-{self.worker}-{self.number}.jsonl"


async def work(task: Task) -> None:
    """Until killed; a server that is away at the start is waited for."""
    while True:
        try:
            async with opened(task.url, task.claims, task.directory) as store:
                worker = Worker(task, store)
                await worker.begin()
                await worker.run()
        except StoreAway:
            await asyncio.sleep(0.1)


async def nobody() -> None:
    """Users are nobody's business here."""


class Worker:
    """A node with callers."""

    def __init__(self, task: Task, store: Store) -> None:
        self._rng = Random(task.seed * 1_000 + task.worker * 100 + task.number)
        self._store = store
        self._task = task
        self._history = History(task.history)
        self._claims = RecordedClaims(store, self._history)
        self._node = f"w{task.worker}.{task.number}"
        self._fleet = FleetState(Rules(share_exits=task.share_exits), rng=self._rng)
        self._leasing = Leasing(self._fleet, self._claims, node=self._node, clock=wall_clock, timer=monotonic_clock)
        self._follower = Follower(
            self._leasing.table,
            self._leasing.committer,
            store,
            self._claims,
            node=self._node,
            clock=wall_clock,
            users_changed=nobody,
        )
        self._assigning = Assigning(self._leasing, wall_clock, lambda: f"s{self._rng.randrange(10**9)}")
        self._tasks = Tasks()
        self._known: list[Lease] = []
        """Leases that somebody here was granted, many of them long ended."""

    async def begin(self) -> None:
        """Take over what the store holds."""
        await self._follower.load()

    async def run(self) -> None:
        """Never returns unless something breaks that is no refusal."""
        self._tasks.spawn(self._follower.run(), name="following")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick())
            group.create_task(self._operate())
            for nth in range(CALLERS):
                group.create_task(self._call(Holder(f"p{self._task.worker}", f"{nth}")))
                group.create_task(self._ask(Holder(f"q{self._task.worker}", f"{nth}")))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            self._leasing.tick()

    # an operator --------------------------------------------------------------------------------------------------

    async def _operate(self) -> None:
        """Capacities of those proxies that are this worker's own go up and down."""
        while True:
            await asyncio.sleep(self._rng.uniform(0.05, 0.3))
            mine = [one for one in list(self._fleet) if one % self._task.workers == self._task.worker]
            with suppress(FleetError):
                for proxy in await self._store.some([self._rng.choice(mine)]):
                    after = replace(proxy, capacity=self._rng.randint(1, MOST))
                    number = self._history.begin("C", proxy.id, after.capacity)
                    await self._store.change([after])
                    self._history.end("D", number)

    # through the services -----------------------------------------------------------------------------------------

    async def _call(self, holder: Holder) -> None:
        while True:
            with suppress(FleetError):
                await self._rng.choices(
                    (self._lease, self._reserve, self._assign, self._return, self._sweep), (50, 20, 15, 14, 1)
                )[0](holder)
            await asyncio.sleep(0)

    async def _lease(self, holder: Holder) -> None:
        rng = self._rng
        key = f"k{rng.randrange(50)}" if rng.random() < 0.1 else None
        wanted = Wanted(
            holder, count=rng.choice((1, 1, 1, 2, 3)), ttl=rng.choice(TTLS), wait=rng.choice((0.0, 0.05)), key=key
        )
        grant = await self._leasing.acquire(replace(wanted, all_or_nothing=rng.random() < 0.2))
        for handout in grant.handouts:
            await self._use(handout.lease)

    async def _use(self, lease: Lease) -> None:
        """Renew it or not, release it or leave it to expire, and try once more what must fail."""
        rng, token = self._rng, Token(lease.pool, lease.slot, lease.fence)
        self._keep(lease)
        if rng.random() < 0.2:
            await asyncio.sleep(rng.choice((0.0, 0.01, 0.5)))
            await self._leasing.renew(token, lease.holder.principal, rng.choice(TTLS))
        if rng.random() < 0.95:
            await self._leasing.release(token, lease.holder.principal)
            if rng.random() < 0.1:
                await self._leasing.release(token, lease.holder.principal)

    async def _reserve(self, holder: Holder) -> None:
        resource = self._rng.choice(RESOURCES)
        grant = await self._assigning.reserve(
            holder, resource, count=self._rng.choice((1, 2)), ttl=self._rng.choice(TTLS)
        )
        for handout in grant.handouts:
            self._keep(handout.lease)
        if self._rng.random() < 0.5:
            await self._assigning.take(holder, resource, [one.lease.proxy_id for one in grant.handouts])
        else:
            await self._assigning.cancel(holder, self._rng.choice((resource, None)))

    async def _assign(self, holder: Holder) -> None:
        await self._assigning.take_some(holder, self._rng.choice(RESOURCES), self._rng.choice((1, 2)))

    async def _return(self, holder: Holder) -> None:
        held = self._assigning.assignments(holder=holder)
        for hold in self._rng.sample(held, min(len(held), 3)):
            cooling = self._rng.choice((0.0, 0.0, 0.3))
            await self._assigning.give_back(holder, hold.resource, [hold.proxy_id], reuse_after=cooling)

    async def _sweep(self, holder: Holder) -> None:
        await self._leasing.sweep(Sweep(holder.principal, holder.label))

    # straight to the port -----------------------------------------------------------------------------------------

    async def _ask(self, holder: Holder) -> None:
        while True:
            orders = [self._order(holder) for _ in range(self._rng.randint(1, 5))]
            with suppress(FleetError):
                for answer in (await self._claims.decide(orders, f"{self._node}+")).answers:
                    if isinstance(answer, Granted):
                        for lease in answer.leases:
                            self._keep(lease)
            await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.01)))

    def _order(self, holder: Holder) -> Order:
        rng = self._rng
        verb = rng.choices(
            ("claim", "release", "renew", "take", "back", "reassign", "sweep"), (30, 42, 10, 8, 12, 3, 1)
        )[0]
        if verb == "claim":
            resource = rng.choice((None, None, *RESOURCES[:1]))
            return Claim(
                holder,
                tuple(self._candidates()),
                rng.choice(TTLS),
                rng.choice((1, 1, 2)),
                rng.random() < 0.2,
                resource,
                share_exits=self._task.share_exits,
            )
        if verb in ("take", "back"):
            proxy_id, resource = rng.choice(list(self._fleet)), rng.choice(RESOURCES)
            force = rng.random() < 0.3
            return (
                Take(proxy_id, resource, holder)
                if verb == "take"
                else GiveBack(proxy_id, resource, holder, force=force)
            )
        if verb == "sweep":
            return rng.choice((Sweep(holder.principal, holder.label), Sweep(holder.principal, reservations_only=True)))
        token = self._token()
        if verb == "reassign":
            return Reassign(token, holder)
        principal = rng.choice((holder.principal, holder.principal, f"p{rng.randrange(self._task.workers)}"))
        return (
            Renew(token, principal, rng.choice(TTLS))
            if verb == "renew"
            else Release(token, rng.choice((principal, None)))
        )

    def _candidates(self) -> list[Candidate]:
        ids = list(self._fleet)
        return [
            Candidate(one, self._rng.randrange(MOST), one, MOST, FOREVER)
            for one in self._rng.choices(ids, k=self._rng.choice((1, 1, 2, 4)))
        ]

    def _token(self) -> Token:
        """Of a lease that this process has met, or one off."""
        if not self._known:
            return Token(1, 0, 1)
        lease = self._rng.choice(self._known[-self._rng.choice((5, 20, 100)) :])
        return Token(lease.pool, lease.slot, lease.fence + self._rng.choice((0, 0, 0, 0, 0, 0, 1, -1)))

    def _keep(self, lease: Lease) -> None:
        self._known.append(lease)
        if len(self._known) > 10_000:
            del self._known[:5_000]
