"""Sessions (SPEC E7): N workers at once, each on its own leased slot, spread evenly over the proxies.

However a session ends (done, stopped, stopped while it starts, forced, a crash of a worker), every slot is given back;
if the process itself dies, the leases expire. What a worker does with its proxy is its own business.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from proxyfleet.clock import Clock, monotonic_clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import Holder
from proxyfleet.core.selector import Selector
from proxyfleet.services.leasing import Handout, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.tasks import Tasks

from .fleet import LOCAL, Fleet
from .leased import LeaseContext, LeasedProxy

Worker: TypeAlias = Callable[[LeasedProxy | None], Awaitable[None]]
"""What a worker runs; None is no proxy at all, where that was allowed."""
Told: TypeAlias = Callable[[str, int, str], None]
"""(started | ended | failed | retried | short, number of the worker, one readable line)."""
SESSION_TTL: Final = 600.0
MOST_FAILED_STARTS: Final = 3
RETRY_WAIT: Final = 5.0
"""Seconds that a worker whose start failed stands in line for another proxy."""


class SessionFailed(FleetError):
    """Starts failed on different proxies; the text is what the last worker said."""

    code = "session_failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session is to be. `capacity`: at most so many of its workers on one proxy. `exclusive`: nobody else's lease on it.

    A worker that fails before `grace` seconds have passed counts as a failed start.
    """

    size: int
    selector: Selector
    label: str = "session"
    capacity: int | None = None
    exclusive: bool = False
    allow_direct: bool = False
    ttl: float = SESSION_TTL
    grace: float = 5.0


class Ended(NamedTuple):
    """How one worker ended; `error` is None when it was done."""

    worker: int
    error: BaseException | None


class SessionManager:
    """`async with Fleet.open() as fleet: session = await SessionManager(fleet).start(size=5, worker=work)`."""

    def __init__(self, fleet: Fleet, *, timer: Clock = monotonic_clock) -> None:
        self._fleet = fleet
        self._timer = timer

    async def start(
        self, *, size: int, worker: Worker, selector: str = "", tell: Told | None = None, **options: object
    ) -> "Session":
        """Lease what there is and start a worker on each. `options` are the other fields of `Plan`.

        Raises `ClaimRefused` when there is nothing to run on, and the store's errors.
        """
        plan = Plan(size, Selector.parse(selector), **options)  # type: ignore[arg-type]  # checked by the record itself
        session = Session(self._fleet, plan, worker, tell or silent, self._timer)
        await session.begin()
        return session


def silent(_what: str, _worker: int, _line: str) -> None:
    """Tells nobody."""


class Session:
    """Running workers. `wait` until all have ended, `stop` them, or `force_stop`."""

    def __init__(self, fleet: Fleet, plan: Plan, worker: Worker, tell: Told, timer: Clock) -> None:
        self._fleet = fleet
        self._plan = plan
        self._worker = worker
        self._tell = tell
        self._timer = timer
        self._tasks = Tasks()
        self._running: dict[int, asyncio.Task[object]] = {}
        self._allocations: dict[int, LeasedProxy | None] = {}
        self._unused: set[Handout] = set()
        """Leased for workers that have not begun."""
        self._failed_on: set[int] = set()
        self.failure: SessionFailed | None = None
        self.ended: list[Ended] = []
        self.missing = 0

    def allocations(self) -> dict[int, LeasedProxy | None]:
        """Worker to proxy, of those that run."""
        return dict(self._allocations)

    # starting -----------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Lease, then start every worker; cancelled in between, everything is given back."""
        handouts, refusal = await self._lease(self._plan.size)
        self.missing = self._plan.size - len(handouts)
        if not handouts and not self._plan.allow_direct:
            raise refusal or ClaimRefused("none_eligible")
        if self.missing:
            why = refusal or ClaimRefused("capacity")
            self._tell("short", 0, f"{self.missing} of {self._plan.size} workers have no proxy: {why}")
        self._unused.update(handouts)
        spare: list[Handout | None] = [None] * self.missing if self._plan.allow_direct else []
        for number, handout in enumerate([*handouts, *spare], start=1):
            self._running[number] = self._tasks.spawn(self._run(number, handout), name=f"worker {number}")

    async def _lease(self, count: int) -> tuple[list[Handout], ClaimRefused | None]:
        plan = self._plan
        if plan.exclusive:
            return await self._lease_whole(count)
        grant = await self._fleet.leasing.acquire(self._wanted(count, frozenset()))
        return list(grant.handouts), grant.refusal

    def _wanted(self, count: int, exclude: frozenset[int]) -> Wanted:
        plan, selector = self._plan, self._plan.selector
        for one in exclude:
            selector = selector.without(one)
        wait = RETRY_WAIT if exclude else 0.0
        return Wanted(Holder(LOCAL, plan.label), selector, count, plan.ttl, wait, strategy=None, each=plan.capacity)

    async def _lease_whole(self, count: int) -> tuple[list[Handout], ClaimRefused | None]:
        """Every slot of proxies that nobody uses, one proxy a worker; the first slot is the worker's."""
        state, found = self._fleet.leasing.fleet, list[Handout]()
        refusal: ClaimRefused | None = None
        for one in self._fleet.matching(self._plan.selector):
            slots = state.get(one).slots
            if len(found) == count or state.leases(one):
                continue
            wanted = Wanted(
                Holder(LOCAL, self._plan.label),
                count=slots,
                ttl=self._plan.ttl,
                all_or_nothing=True,
                proxies=(one,) * slots,
            )
            grant = await self._fleet.leasing.acquire(wanted)
            refusal = grant.refusal
            found += grant.handouts[:1]
            self._unused.update(grant.handouts[1:])
            for extra in grant.handouts[1:]:
                self._tasks.spawn(self._guard(extra), name="exclusive slot")
        return found, None if len(found) == count else refusal or ClaimRefused("none_eligible")

    async def _guard(self, handout: Handout) -> None:
        """Keep a slot that nobody is to use."""
        async with self._context(handout):
            self._unused.discard(handout)
            await asyncio.Event().wait()

    def _context(self, handout: Handout) -> LeaseContext:
        wanted = self._wanted(1, frozenset())
        return LeaseContext(
            self._fleet.leasing, wanted, self._timer, self._fleet.leased, learn=wall_clock, handout=handout
        )

    # running ------------------------------------------------------------------------------------------------------

    async def _run(self, number: int, handout: Handout | None) -> None:
        """One worker from its first start to its end."""
        error: BaseException | None = None
        try:
            while True:
                began = self._timer()
                try:
                    await self._work(number, handout)
                    return
                except Exception as problem:
                    if self._timer() - began >= self._plan.grace or handout is None:
                        raise
                    handout = await self._start_again(number, handout, problem)
        except asyncio.CancelledError:
            error = asyncio.CancelledError()
        except Exception as problem:  # noqa: BLE001 - whatever a worker raises is told, and ends this worker only
            error = problem
        finally:
            self._allocations.pop(number, None)
            self._running.pop(number, None)
            self.ended.append(Ended(number, error))
            self._tell("ended" if error is None else "failed", number, _line(error))

    async def _work(self, number: int, handout: Handout | None) -> None:
        if handout is None:
            self._allocations[number] = None
            self._tell("started", number, "without a proxy")
            await self._worker(None)
            return
        async with self._context(handout) as proxy:
            self._unused.discard(handout)
            self._allocations[number] = proxy
            self._tell("started", number, f"on {proxy.server}, lease {proxy.token}")
            await self._worker(proxy)

    async def _start_again(self, number: int, handout: Handout, problem: Exception) -> Handout:
        """Another proxy for a worker whose start failed; three different ones, or no other, end the session."""
        self._failed_on.add(handout.lease.proxy_id)
        self._tell("retried", number, f"start failed: {problem}")
        if len(self._failed_on) >= MOST_FAILED_STARTS:
            self._give_up(problem)
        grant = await self._fleet.leasing.acquire(self._wanted(1, frozenset(self._failed_on)))
        if not grant.handouts:
            self._give_up(problem)
        return grant.handouts[0]

    def _give_up(self, problem: Exception) -> None:
        where = (
            f"{len(self._failed_on)} different proxies"
            if len(self._failed_on) > 1
            else "its proxy, and there is no other"
        )
        self.failure = self.failure or SessionFailed(f"workers failed to start on {where}: {problem}")
        for task in list(self._running.values()):
            if task is not asyncio.current_task():
                task.cancel()
        raise self.failure

    # ending -------------------------------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Until every worker has ended and every slot was given back."""
        while self._running:
            await asyncio.wait(list(self._running.values()))
        await self._close()

    async def _close(self) -> None:
        await self._tasks.close()
        self._fleet.leasing.committer.give_back(handout.lease for handout in self._unused)
        self._unused.clear()
        await self._fleet.leasing.committer.idle()

    async def wait(self) -> list[Ended]:
        """Until every worker has ended; how each did. Raises `SessionFailed`."""
        await self.settled()
        if self.failure is not None:
            raise self.failure
        return self.ended

    async def stop(self, grace: float = 10.0) -> None:
        """Ask every worker to end by cancelling it; after `grace` seconds it is cancelled again, which ends the patience."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=grace)
        await self.force_stop()

    async def force_stop(self) -> None:
        """Cancel whatever still runs, and wait until every slot was given back."""
        for task in list(self._running.values()):
            task.cancel()
        await self._close()
        self._running.clear()


def _line(error: BaseException | None) -> str:
    if error is None:
        return "done"
    return "stopped" if isinstance(error, asyncio.CancelledError) else str(error) or type(error).__name__
