"""Calls keep their distance, whatever the clock does."""

from proxyfleet.lab import HandClock
from proxyfleet.providers.pacing import Pace, retry_after


async def test_calls_keep_their_distance_and_orders_a_larger_one():
    clock, waits = HandClock(), []

    async def sleep(seconds):
        waits.append(round(seconds, 6))
        clock.advance(seconds)

    pace = Pace(clock, sleep, 0.5, 2.0)
    await pace.turn(paid=False)
    await pace.turn(paid=True)
    clock.advance(1.5)
    await pace.turn(paid=False)
    clock.advance(9)
    await pace.turn(paid=False)
    assert waits == [0.5, 0.5]


async def test_a_clock_that_was_set_back_makes_nobody_wait_long():
    now, waits = [1000.0], []

    async def sleep(seconds):
        waits.append(seconds)

    pace = Pace(lambda: now[0], sleep, 0.5)
    await pace.turn(paid=False)
    now[0] = 0.0
    await pace.turn(paid=False)
    assert waits == [0.5]


def test_retry_after_is_a_number_or_a_date():
    assert retry_after("7", 0.0) == 7
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20.0) == 40
    assert retry_after("", 0.0) is None
    assert retry_after("soon", 0.0) is None
