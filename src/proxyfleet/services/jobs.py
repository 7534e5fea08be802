"""Work that a fleet does by itself, once for all its nodes: taken by lock, jittered, bounded in time, and watched.

Every node runs this; a lock of the store decides which one does the work. State lies in the store, so that anybody can see
when a job ran last, what it said, and that it stalls. What the work is, is others' business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Protocol

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Event, Happened
from proxyfleet.ports import JobRun
from proxyfleet.tasks import Tasks

log = logging.getLogger("proxyfleet.jobs")

Work = Callable[[float, float | None], Coroutine[object, object, str]]
"""Gets the instant and when the last run that went well began; answers with a line for people."""
Sleep = Callable[[float], Awaitable[object]]

LOCK: Final = 60.0
"""Seconds that a lock lasts without being prolonged: a node that dies is replaced so much later."""
GRACE: Final = 120.0
"""Seconds after which a job that is due, or should have ended, is called stalled."""
JITTER: Final = 0.1
LOOK_EVERY: Final = 5.0
SOONEST: Final = 0.5
LONGEST_TEXT: Final = 300


class Board(Protocol):
    """The part of the journal that jobs need."""

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool: ...
    async def release_lock(self, name: str, holder: str) -> None: ...
    async def jobs(self) -> list[JobRun]: ...
    async def put_job(self, job: JobRun) -> None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """`every` seconds, up to a tenth later by chance; cancelled after `longest` seconds."""

    name: str
    every: float
    work: Work
    longest: float = 600.0


class Jobs:
    """`run` until cancelled. `holder` names this node; `clock` is UTC seconds; `note` gets what happened."""

    def __init__(
        self,
        board: Board,
        jobs: Sequence[Job],
        *,
        holder: str,
        clock: Clock,
        rng: Random,
        note: Callable[[Event], None],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._board = board
        self._jobs = {job.name: job for job in jobs}
        self._holder = holder
        self._clock = clock
        self._rng = rng
        self._note = note
        self._sleep = sleep
        self._since = self._looked = clock()
        self._running: dict[str, asyncio.Task[object]] = {}
        self._tasks = Tasks()

    async def run(self) -> None:
        """Start what is due, until cancelled; a store that is away costs a delay and one line in the log."""
        away = False
        while True:
            pause = LOOK_EVERY
            try:
                pause = await self.tick()
                away = False
            except FleetError as error:
                if not away:
                    log.warning("action=jobs error=%s", error)
                away = True
            await self._sleep(pause)

    async def tick(self) -> float:
        """Start what is due, tell what stalls; seconds until it is worth looking again."""
        now = self._clock()
        if now - self._looked > GRACE:  # this node was asleep or frozen: nobody was there to begin anything
            self._since = now
        self._looked = now
        states = {state.name: state for state in await self._board.jobs()}
        for job in self._jobs.values():
            state = await self._known(job, states.get(job.name), now)
            states[job.name] = state
            if state.next_run <= now and job.name not in self._running:
                self._running[job.name] = self._tasks.spawn(self._take(job), name=f"job {job.name}")
            await self._watch(state, now)
        soonest = min((states[name].next_run for name in self._jobs), default=now + LOOK_EVERY)
        return min(max(soonest - now, SOONEST), LOOK_EVERY)

    async def finish(self) -> None:
        """Wait for what runs."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def close(self) -> None:
        """Cancel what runs; its locks end by themselves."""
        await self._tasks.close()

    async def _known(self, job: Job, state: JobRun | None, now: float) -> JobRun:
        """The job as the store has it, set up or adapted to changed settings where necessary."""
        if state is None:
            first = now + min(job.every, LOCK) * JITTER * self._rng.random()
            state = JobRun(job.name, job.every, job.longest, first)
            await self._board.put_job(state)
        elif (state.every, state.longest) != (job.every, job.longest):
            soonest = min(state.next_run, now + job.every)
            state = replace(state, every=job.every, longest=job.longest, next_run=soonest)
            await self._board.put_job(state)
        return state

    # one run --------------------------------------------------------------------------------------------------------

    async def _take(self, job: Job) -> None:
        """Run the job unless another node has it, or was quicker."""
        try:
            if not await self._board.take_lock(_lock(job), self._holder, LOCK):
                return
            try:
                state = await self._state(job)
                if state is not None and state.next_run <= self._clock():
                    await self._do(job, state)
            finally:
                await self._board.release_lock(_lock(job), self._holder)
        except FleetError as error:
            log.warning("action=job name=%s error=%s", job.name, error)
        finally:
            self._running.pop(job.name, None)

    async def _state(self, job: Job) -> JobRun | None:
        return next((one for one in await self._board.jobs() if one.name == job.name), None)

    async def _do(self, job: Job, before: JobRun) -> None:
        began = self._clock()
        await self._board.put_job(replace(before, started=began, result="running", holder=self._holder))
        try:
            fine, told = await self._bounded(job, before)
        except asyncio.CancelledError:  # this node stops; the next one begins anew
            await self._board.put_job(before)
            raise
        now = self._clock()
        seen = await self._state(job) or before
        await self._board.put_job(
            replace(
                seen,
                started=began,
                took=now - began,
                result="ok" if fine else "failed",
                told=told[:LONGEST_TEXT],
                holder=self._holder,
                last_ok=began if fine else before.last_ok,
                next_run=now + job.every * (1.0 + JITTER * self._rng.random()),
            )
        )
        trouble = {before.result, seen.result} & {"failed", "stalled"}
        if fine and trouble:
            self._note(Event(Happened.JOB_RECOVERED, now, reason=told, subject=job.name))
        elif not fine and before.result != "failed":
            self._note(Event(Happened.JOB_FAILED, now, reason=told, subject=job.name))

    async def _bounded(self, job: Job, before: JobRun) -> tuple[bool, str]:
        """Whether the work went well, and what is to be told; it is ended after its time, or when the lock is lost."""
        tasks = Tasks()
        work = tasks.spawn(job.work(self._clock(), before.last_ok), name=f"work of {job.name}")
        tasks.spawn(self._prolong(job, work), name=f"lock of {job.name}")
        try:
            done, _ = await asyncio.wait({work}, timeout=job.longest)
        finally:
            await tasks.close()
        if not done:
            return False, f"took over {job.longest:g} s and was ended"
        if work.cancelled():
            return False, "another node has taken over"
        error = work.exception()
        if error is None:
            return True, str(work.result())
        return False, str(error) if isinstance(error, FleetError) else f"an error of proxyfleet: {type(error).__name__}"

    async def _prolong(self, job: Job, work: "asyncio.Task[object]") -> None:
        """Keep the lock while the work goes on. A node that was frozen may have lost it: then another one does the work."""
        while True:
            await self._sleep(LOCK / 3)
            try:
                ours = await self._board.take_lock(_lock(job), self._holder, LOCK)
            except FleetError as error:  # if the store comes back in time the lock is still ours
                log.warning("action=lock name=%s error=%s", job.name, error)
                continue
            if not ours:
                work.cancel()
                return

    # watching -------------------------------------------------------------------------------------------------------

    async def _watch(self, state: JobRun, now: float) -> None:
        """Tell once, whoever sees it first, that a job has not begun or not ended when it should have."""
        if not is_late(state, now, self._since) or state.result == "stalled":
            return
        if await self._board.take_lock(f"stall of {state.name}", self._holder, GRACE):
            await self._board.put_job(replace(state, result="stalled"))
            since = state.started if state.result == "running" else state.next_run
            what = "runs" if state.result == "running" else "has been due"
            reason = f"{what} for {now - (since or now):,.0f} s on {state.holder or 'no node'}"
            self._note(Event(Happened.JOB_STALLED, now, reason=reason, subject=state.name))


def is_late(state: JobRun, now: float, since: float) -> bool:
    """Whether a job should have ended, or begun, by now; `since` is when somebody was there to begin it."""
    if state.result == "running" and state.started is not None:
        return now > state.started + state.longest + GRACE
    return now > max(state.next_run, since) + GRACE


def _lock(job: Job) -> str:
    return f"job {job.name}"
