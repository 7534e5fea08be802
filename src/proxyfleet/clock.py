"""The two clocks of the program; everything below the composition root takes `now` or a `Clock` as an argument.

Core judges only differences of `now`, so one clock serves health, leases and expiry alike: UTC epoch seconds.
"""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds as a float; tests pass one that is driven by hand."""


def wall_clock() -> float:
    """UTC seconds since 1970, as expiry dates are written."""
    return time.time()


def monotonic_clock() -> float:
    """Seconds that never go back; for deadlines and durations."""
    return time.monotonic()
