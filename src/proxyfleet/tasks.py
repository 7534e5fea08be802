"""The only place that starts asyncio tasks: each has a name, is referenced, and its crash is reported.

Nothing here knows what the tasks do. Everything else calls `spawn`; the linter bans `asyncio.create_task`.
"""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger("proxyfleet.tasks")


class Tasks:
    """A group of named tasks owned by one component; `close()` cancels and awaits what still runs."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()

    def spawn(self, coroutine: Coroutine[object, object, object], *, name: str) -> asyncio.Task[object]:
        """Start `coroutine` as a task called `name`; an exception that ends it is logged with that name."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s ended by %s: %s", task.get_name(), type(error).__name__, error)

    def __len__(self) -> int:
        return len(self._running)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended; errors of the tasks were logged as they happened."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
