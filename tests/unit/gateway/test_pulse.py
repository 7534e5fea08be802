"""One beat for all deadlines, moved by what was lost; few dials in one turn of the loop."""

import asyncio
from functools import partial

from proxyfleet.gateway.pulse import AT_ONCE, BEAT, Pulse, Turns
from proxyfleet.lab import HandClock
from proxyfleet.tasks import Tasks


def test_who_has_run_out_of_time_is_told_once():
    clock, told = HandClock(0.0), []
    pulse = Pulse(clock)
    short, long, over = (partial(told.append, name) for name in ("short", "long", "over"))
    for one, seconds in ((long, 0.2), (short, 0.1), (over, 0.1)):
        pulse.begin(one, seconds)
    pulse.end(over)
    for _ in range(6):
        clock.advance(BEAT)
        pulse.beat()
    assert told == ["short", "long"]


def test_a_loop_that_stood_still_costs_nobody_his_time():
    clock, told = HandClock(0.0), []
    pulse = Pulse(clock)
    pulse.begin(lambda: told.append("late"), 2.0)
    clock.advance(3.0 + BEAT)
    pulse.beat()
    assert told == [], "three seconds were lost, and moved the deadline"
    for _ in range(39):
        clock.advance(BEAT)
        pulse.beat()
    assert told == []
    clock.advance(BEAT + 0.01)
    pulse.beat()
    assert told == ["late"]


async def test_few_dials_in_a_turn_and_first_come_first_served():
    turns, tasks, taken = Turns(), Tasks(), []

    async def dial(number):
        await turns.take()
        taken.append(number)

    running = [tasks.spawn(dial(number), name="dial") for number in range(3 * AT_ONCE)]
    running[AT_ONCE + 1].cancel()
    counts = []
    while not all(one.done() for one in running):
        before = len(taken)
        await asyncio.sleep(0)
        counts.append(len(taken) - before)
    assert max(counts) <= AT_ONCE
    assert taken == [number for number in range(3 * AT_ONCE) if number != AT_ONCE + 1]
    await turns.take()
