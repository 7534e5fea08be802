"""How a crowd grows and shrinks, and that every item is worked on once, whatever the limit does meanwhile."""

import asyncio

import pytest

from proxyfleet.services.crowding import LEAST, START, Crowd, crowded


def generation(crowd, seconds, ours=False):
    for _ in range(max(crowd.limit, 16)):
        crowd.note(seconds, ours=ours)


def test_it_rises_while_latencies_hold_and_never_above_its_bound():
    crowd = Crowd(500)
    assert crowd.limit == START
    for _ in range(20):
        generation(crowd, 0.2)
    assert crowd.limit == crowd.peak == 500


def test_it_falls_when_everything_takes_longer_and_rises_slowly_afterwards():
    crowd = Crowd(1_000)
    for _ in range(3):
        generation(crowd, 0.2)
    high = crowd.limit
    generation(crowd, 0.9)
    low = crowd.limit
    assert low < high
    generation(crowd, 0.2)
    assert low < crowd.limit < high


def test_trouble_of_our_own_halves_it_at_once_and_some_are_always_left():
    crowd = Crowd(200)
    crowd.note(None, ours=True)
    assert crowd.limit == START // 2
    for _ in range(50):
        crowd.note(None, ours=True)
    assert crowd.limit == LEAST
    small = Crowd(2)
    small.note(None, ours=True)
    assert small.limit == 2


def test_the_dead_say_nothing_of_latency():
    crowd = Crowd(200)
    for _ in range(200):
        crowd.note(None)
    assert crowd.limit > START


async def test_each_item_once_and_no_more_at_a_time_than_the_limit():
    seen, now, most, limit = [], 0, 0, 3

    async def work(item):
        nonlocal now, most, limit
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        seen.append(item)
        now -= 1
        limit = 1 if len(seen) == 20 else 5 if len(seen) == 40 else limit

    await crowded(range(100), work, lambda: limit)
    assert sorted(seen) == list(range(100))
    assert most == 5


async def test_an_error_ends_it_and_what_runs():
    async def work(item):
        if item == 3:
            raise ValueError("three")
        await asyncio.sleep(60)

    with pytest.raises(ValueError, match="three"):
        await crowded(range(10), work, lambda: 4)


async def test_nothing_to_do_is_done():
    await crowded([], None, lambda: 1)
