"""The two clocks: one tells the date, the other never goes back."""

import time
from datetime import UTC, datetime

from proxyfleet.clock import monotonic_clock, thread_clock, wall_clock


def test_the_wall_clock_is_utc_since_1970() -> None:
    assert abs(wall_clock() - datetime.now(UTC).timestamp()) < 5.0


def test_the_monotonic_clock_is_the_systems_and_never_goes_back() -> None:
    read = [time.monotonic(), *(monotonic_clock() for _ in range(1_000)), time.monotonic()]
    assert read == sorted(read)


def test_the_clock_of_effort_stands_still_while_others_work() -> None:
    began = thread_clock()
    sum(range(100_000))
    assert thread_clock() > began
