"""How often a provider may be asked, and how long it wants us to wait. Time and sleep are given."""

import asyncio
from email.utils import parsedate_to_datetime

from proxyfleet.clock import Clock
from proxyfleet.providers.kind import Sleep


class Pace:
    """At least `gap` seconds between two calls, `paid_gap` before the call after an order. One account has one."""

    def __init__(self, clock: Clock, sleep: Sleep, gap: float = 0.0, paid_gap: float | None = None) -> None:
        self._clock = clock
        self._sleep = sleep
        self._gap = gap
        self._paid_gap = gap if paid_gap is None else paid_gap
        self._free_at = float("-inf")
        self._lock = asyncio.Lock()

    async def turn(self, *, paid: bool) -> None:
        """Wait for it. A clock that was set back makes nobody wait longer than the gap."""
        async with self._lock:
            wait = min(self._free_at - self._clock(), max(self._gap, self._paid_gap))
            if wait > 0:
                await self._sleep(wait)
            self._free_at = self._clock() + (self._paid_gap if paid else self._gap)


def retry_after(text: str, now: float) -> float | None:
    """Seconds, from a number or a date; None when it says nothing."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
