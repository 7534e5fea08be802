"""Due times: each slot is found at its time, not before, and out-of-date entries do not pile up."""

import random

from proxyfleet.core.columns import INFINITY, Columns
from proxyfleet.core.duetimes import SLACK, DueTimes


def test_a_slot_comes_exactly_at_its_time_and_once(columns: Columns) -> None:
    due = DueTimes(columns)
    due.at(3, 1000.0005)
    assert due.soonest <= 1000.0005
    assert due.come(1000.0004, 9) == []
    assert columns.due[3] == 1000.0005
    assert due.come(1000.0005, 9) == [3]
    assert columns.due[3] == INFINITY
    assert due.come(2000.0, 9) == []
    assert due.soonest == INFINITY


def test_an_earlier_time_wins_and_a_later_one_is_ignored(columns: Columns) -> None:
    due = DueTimes(columns)
    for when in (50.0, 30.0, 90.0):
        due.at(1, when)
    assert columns.due[1] == 30.0
    assert due.come(29.9, 9) == []
    assert due.come(100.0, 9) == [1]


def test_a_slot_that_was_settled_otherwise_does_not_come(columns: Columns) -> None:
    due = DueTimes(columns)
    due.at(1, 10.0)
    columns.due[1] = INFINITY
    due.at(1, 20.0)
    assert due.come(15.0, 9) == []
    assert due.come(20.0, 9) == [1]


def test_no_more_come_than_asked_and_the_rest_later(columns: Columns) -> None:
    due = DueTimes(columns)
    for slot in range(10):
        due.at(slot, float(slot))
    assert due.come(100.0, 4) == [0, 1, 2, 3]
    assert due.soonest <= 4.0
    assert due.come(100.0, 99) == [4, 5, 6, 7, 8, 9]


def test_it_agrees_with_a_plain_table(columns: Columns) -> None:
    due, plain, rng = DueTimes(columns), dict[int, float](), random.Random(4)
    now = 0.0
    for _ in range(3000):
        now += rng.random() / 50
        slot, when = rng.randrange(64), now + rng.choice([0.0004, 0.003, 1.0, 30.0])
        due.at(slot, when)
        plain[slot] = min(when, plain.get(slot, INFINITY))
        come = due.come(now, 1000)
        assert set(come) == {held for held, at in plain.items() if at <= now}
        for held in come:
            del plain[held]
        assert due.soonest <= min(plain.values(), default=INFINITY)


def test_far_times_asked_for_again_and_again_stay_bounded(columns: Columns) -> None:
    due = DueTimes(columns)
    for turn in range(50_000):
        columns.due[turn % 64] = INFINITY
        due.at(turn % 64, 1e9 + turn % 7)
    assert len(due) <= 2 * columns.size + SLACK
    assert sorted(due.come(2e9, 1000)) == list(range(64))
