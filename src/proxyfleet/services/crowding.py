"""How many proxies are tried at the same time: more while answers keep coming as quickly, fewer when this machine is in trouble.

What is watched is ourselves: a machine or a line that is busy makes all answers slow, and then a healthy proxy would be
blamed for our own crowd. Knows nothing of what the work is.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from statistics import median
from typing import Final, Generic, TypeVar

from proxyfleet.tasks import Tasks

Item = TypeVar("Item")
START: Final = 50
"""Slower answers alone do not make fewer of it: they may be the proxies' own."""
LEAST: Final = 4
"""What is left of it when this machine itself is short of something."""
WINDOW: Final = 16
"""Answers after which it is thought again, at least; else as many as there are at a time."""
TELLING: Final = 5
"""Successes among them without which latencies say nothing."""
SLOWER: Final = 1.5
SLACK: Final = 0.1
"""A median that exceeds the best one by this factor, and by so many seconds, is no longer as quick."""


class Crowd:
    """`limit` at a time, never more than `most`; `note` every answer."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = min(START, most)
        self.peak = self.limit
        self._best = float("inf")
        self._doubling = True
        self._answers, self._took, self._trouble = 0, list[float](), False

    def note(self, seconds: float | None, *, ours: bool = False) -> None:
        """A success and how long it took, or None; `ours`: it failed for want of something of our own."""
        self._answers += 1
        self._trouble = self._trouble or ours
        if seconds is not None:
            self._took.append(seconds)
        if ours or self._answers >= max(self.limit, WINDOW):
            self._think()

    def _think(self) -> None:
        if self._trouble:
            self._fall(self.limit // 2, LEAST)
        elif len(self._took) < TELLING:
            self._rise(self.limit // 8)
        else:
            middle = median(self._took)
            self._best = min(self._best, middle)
            if middle <= self._best * SLOWER + SLACK:
                self._rise(self.limit if self._doubling else self.limit // 8)
            else:
                self._fall(self.limit * 3 // 4, START)
        self._answers, self._took, self._trouble = 0, [], False

    def _rise(self, more: int) -> None:
        self.limit = min(self.limit + max(more, 1), self.most)
        self.peak = max(self.peak, self.limit)

    def _fall(self, limit: int, least: int) -> None:
        self.limit, self._doubling = min(self.limit, max(limit, min(least, self.most))), False


class _Workers(Generic[Item]):
    """As many as `limit` says at any moment; `finished` is told when nothing waits and nobody works, or of the first error."""

    def __init__(
        self, items: Iterable[Item], work: Callable[[Item], Awaitable[None]], limit: Callable[[], int]
    ) -> None:
        self.waiting, self.tasks = deque(items), Tasks()
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._work, self._limit = work, limit
        self._running = 0

    def top_up(self) -> None:
        for _ in range(min(max(self._limit(), 1) - self._running, len(self.waiting))):
            self._running += 1
            self.tasks.spawn(self._worker(), name="check").add_done_callback(self._ended)

    async def _worker(self) -> None:
        while self.waiting and self._running <= max(self._limit(), 1):
            await self._work(self.waiting.popleft())
            self.top_up()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._running -= 1
        error = None if task.cancelled() else task.exception()
        if self.finished.done():
            return
        if error is not None:
            self.finished.set_exception(error)
        elif self.waiting:
            self.top_up()
        elif not self._running:
            self.finished.set_result(None)


async def crowded(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], limit: Callable[[], int]) -> None:
    """Work on every item, so many at a time as `limit` says at that moment. Raises the first error, and ends what runs."""
    workers = _Workers(items, work, limit)
    if not workers.waiting:
        return
    try:
        workers.top_up()
        await workers.finished
    finally:
        await workers.tasks.close()
