"""Events, locks and jobs in memory: what the contract of `ports.Journal` means. Told in order, forgotten from the front."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.ports import JobRun
from proxyfleet.stores.memory_rows import MemoryRows


class MemoryEvents(MemoryRows):
    """One part of `MemoryStore`."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        super().__init__(clock)
        self._events: deque[Recorded] = deque()
        self._recorded = 0
        self._locks: dict[str, tuple[str, float]] = {}
        self._jobs: dict[str, JobRun] = {}

    async def record_events(self, events: Sequence[Event]) -> None:
        """Keep them, in this order."""
        self._check_open()
        for event in events:
            self._recorded += 1
            self._events.append(Recorded(self._recorded, event))

    async def events(
        self, after: int | None = None, *, limit: int = 1000, kinds: Collection[Happened] = ()
    ) -> list[Recorded]:
        """The next events behind number `after`, oldest first; without `after` the latest ones, oldest first."""
        self._check_open()
        if after is None:
            return list(islice(_of(reversed(self._events), kinds), limit))[::-1]
        later = (one for one in self._events if one.number > after)
        return list(islice(_of(later, kinds), limit))

    async def forget_events(self, before: float, most: int) -> int:
        """Drop those older than the instant `before`, and the oldest beyond `most`; how many."""
        self._check_open()
        count = len(self._events)
        kept = [one for one in self._events if one.event.at >= before]
        self._events = deque(kept[max(0, len(kept) - most) :])
        return count - len(self._events)

    async def take_lock(self, name: str, holder: str, ttl: float) -> bool:
        """Have the lock for `ttl` seconds from now; see `ports.Journal`."""
        self._check_open()
        now = self._now()
        owner, until = self._locks.get(name, ("", 0.0))
        if owner != holder and until > now:
            return False
        self._locks[name] = (holder, now + ttl)
        return True

    async def release_lock(self, name: str, holder: str) -> None:
        """Give it back; nothing happens when somebody else has it."""
        self._check_open()
        if self._locks.get(name, ("", 0.0))[0] == holder:
            del self._locks[name]

    async def jobs(self) -> list[JobRun]:
        """Every job that a node has set up, by name."""
        self._check_open()
        return [self._jobs[name] for name in sorted(self._jobs)]

    async def put_job(self, job: JobRun) -> None:
        """Add or replace."""
        self._check_open()
        self._jobs[job.name] = job


def _of(events: Iterator[Recorded], kinds: Collection[Happened]) -> Iterator[Recorded]:
    return (one for one in events if not kinds or one.event.what in kinds)
