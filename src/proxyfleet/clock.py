"""The two clocks of the program; everything below the composition root takes `now` or a `Clock` as an argument.

Core judges only differences of `now`, so one clock serves health, leases and expiry alike: UTC epoch seconds.
"""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds as a float; tests pass one that is driven by hand."""


wall_clock: Clock = time.time
"""UTC seconds since 1970, as expiry dates are written. The function itself, because it is read several times per request."""

monotonic_clock: Clock = time.monotonic
"""Seconds that never go back; for deadlines and durations."""

thread_clock: Clock = time.thread_time
"""Seconds of CPU that this thread has used; for sharing a thread out fairly, however busy the machine is."""
