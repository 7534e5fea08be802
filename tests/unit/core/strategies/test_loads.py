"""`least_loaded` and `two_choices`: who carries least."""

from collections import Counter
from itertools import permutations

import pytest

from proxyfleet.core.columns import PENDING, USED, Columns
from proxyfleet.core.strategies.loads import MOST_COUNT, MOST_LOAD, LeastLoaded, TwoChoices

BETTER = [
    ({"leases": 1}, {"leases": 2}),
    ({"leases": 1}, {"leases": 1, "active": 1}),
    ({"failures": 9}, {"active": 1}),
    ({"failures": 9}, {"flags": USED | PENDING}),
    ({"leases": 1, "flags": USED}, {"leases": 1, "flags": USED | PENDING, "successes": 9}),
    ({"failures": 1}, {"failures": 2, "successes": 99}),
    ({"successes": 5}, {"successes": 4}),
    ({"successes": 4}, {"failures": 1, "successes": 5}),
]


@pytest.mark.parametrize(("better", "worse"), BETTER, ids=str)
@pytest.mark.parametrize("slots", [(1, 2), (2, 1)])
def test_load_then_proof_then_failures_then_successes(
    columns: Columns, made, draw, better: dict[str, int], worse: dict[str, int], slots: tuple[int, int]
) -> None:
    for slot, values in zip(slots, (better, worse), strict=True):
        for name, value in values.items():
            getattr(columns, name)[slot] = value
    strategy = made(LeastLoaded, 1, 2)
    assert strategy.first(draw, None) == strategy.among([1, 2], draw, None) == slots[0]
    assert list(strategy.following(draw, None)) == list(slots)


def test_load_spreads_evenly(columns: Columns, made, draw) -> None:
    strategy = made(LeastLoaded, *range(5))
    for _ in range(20):
        slot = strategy.first(draw, None)
        columns.leases[slot] += 1
        strategy.moved(slot)
    assert list(columns.leases[0:5]) == [4] * 5


def test_weights_saturate_within_a_key(columns: Columns, made) -> None:
    strategy = made(LeastLoaded)
    columns.leases[1] = columns.active[1] = columns.failures[1] = 2**31
    columns.flags[1] = USED | PENDING
    columns.successes[2] = 2**31
    assert strategy.weigh(1) < 2**64 - 1
    assert strategy.weigh(1) >> 43 == MOST_LOAD
    assert strategy.weigh(1) >> 21 & MOST_COUNT == MOST_COUNT
    assert strategy.weigh(2) == 0


def measured(columns: Columns, slot: int, peak: float, *, at: float = 0.0, leases: int = 0) -> None:
    columns.peak[slot], columns.peak_at[slot], columns.leases[slot] = peak, at, leases


@pytest.mark.parametrize(
    ("first", "second", "cheaper"),
    [
        ({"peak": 0.1}, {"peak": 0.2}, 1),
        ({"peak": 0.1, "leases": 2}, {"peak": 0.2}, 2),
        ({"peak": 0.1, "leases": 1}, {"peak": 0.21}, 1),
        ({"peak": 1.0, "at": -10.0}, {"peak": 0.5}, 1),
        ({"peak": 1.0, "at": -5.0}, {"peak": 0.5}, 2),
        ({"peak": -1.0}, {"peak": 0.01}, 1),
        ({"peak": -1.0, "leases": 1}, {"peak": 60.0, "leases": 9}, 2),
        ({"peak": -1.0, "leases": 1}, {"peak": -1.0, "leases": 2}, 1),
        ({"peak": 1.0, "at": -1e7}, {"peak": 0.001}, 1),
        ({"peak": 0.001}, {"peak": 1.0, "at": -1e7}, 2),
    ],
)
def test_the_cheaper_of_two(
    columns: Columns, made, first: dict[str, float], second: dict[str, float], cheaper: int
) -> None:
    measured(columns, 1, **first)
    measured(columns, 2, **second)
    strategy = made(TwoChoices)
    assert strategy.cheaper(1, 2) == strategy.cheaper(2, 1) == cheaper


def test_how_fast_peaks_fade_is_a_setting(columns: Columns, made) -> None:
    measured(columns, 1, 1.0, at=-10.0)
    measured(columns, 2, 0.5)
    strategy = made(TwoChoices)
    assert strategy.cheaper(1, 2) == 1
    columns.peak_tau = 100.0
    assert strategy.cheaper(1, 2) == 2


def test_the_unproven_one_of_two_loses(columns: Columns, made) -> None:
    columns.flags[1] = USED | PENDING
    measured(columns, 1, 0.01)
    measured(columns, 2, 9.0, leases=9)
    assert made(TwoChoices).cheaper(1, 2) == made(TwoChoices).cheaper(2, 1) == 2


def test_two_different_ones_are_drawn_each_pair_alike(columns: Columns, made, draw) -> None:
    for slot in range(4):
        measured(columns, slot, 1.0)
    for drawn in (lambda s: s.first(draw, None), lambda s: s.among(range(4), draw, None)):
        pairs: Counter[tuple[int, int]] = Counter()
        strategy = made(TwoChoices, *range(4))
        strategy.cheaper = lambda one, other, pairs=pairs: pairs.update([(one, other)]) or one
        for _ in range(6_000):
            drawn(strategy)
        assert set(pairs) == set(permutations(range(4), 2))
        assert all(400 < count < 600 for count in pairs.values())


def test_one_ready_proxy_wins_by_itself(made, draw) -> None:
    assert made(TwoChoices, 7).first(draw, None) == 7
    assert made(TwoChoices).among([7], draw, None) == 7
