"""Keeps the time of many questions at once, so that a loop which stood still costs no proxy its good name.

One beat looks at all deadlines, instead of a timer for each; when it comes late itself, they all move by so much before anybody is
found late. And dials take turns: a burst of them would count as the latency of those that were dialled first. Knows no sockets.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from proxyfleet.clock import Clock

BEAT: Final = 0.05
NOTICED: Final = 0.05
"""Seconds by which a beat may be late before it counts."""
AT_ONCE: Final = 4
"""Dials in one turn of the loop; each takes some 50 us."""
RunOut = Callable[[], None]


class Pulse:
    """`begin` and `end` a question; its `RunOut` is called once it has run out of time."""

    def __init__(self, timer: Clock) -> None:
        self._timer = timer
        self._last = timer()
        self._running: dict[RunOut, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        self._last = self._timer()
        while True:
            await asyncio.sleep(BEAT)
            self.beat()

    def begin(self, run_out: RunOut, seconds: float) -> None:
        """From now on it has so long."""
        self._running[run_out] = self._timer() + seconds

    def end(self, run_out: RunOut) -> None:
        """It is over; nothing is called any more."""
        self._running.pop(run_out, None)

    def beat(self) -> None:
        """Move all deadlines by what was lost, then end what has run out."""
        now = self._timer()
        lost, self._last = now - self._last - BEAT, now
        if lost > NOTICED:
            self._running = {one: until + lost for one, until in self._running.items()}
        for run_out in [one for one, until in self._running.items() if until <= now]:
            self.end(run_out)
            run_out()


class Turns:
    """`await take()` before a dial. Made and used on one loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = AT_ONCE
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._scheduled = False

    async def take(self) -> None:
        """At once if this turn of the loop has seen few dials, else in one of the next, first come first served."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._next)
        if self._left and not self._waiting:
            self._left -= 1
            return
        mine: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(mine)
        await mine

    def _next(self) -> None:
        self._left = AT_ONCE
        while self._left and self._waiting:
            one = self._waiting.popleft()
            if not one.done():  # nobody gave up meanwhile
                self._left -= 1
                one.set_result(None)
        self._scheduled = self._left < AT_ONCE
        if self._scheduled:
            self._loop.call_soon(self._next)
