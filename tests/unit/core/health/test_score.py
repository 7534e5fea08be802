"""The two scores: the tables of SPEC C1 and C2 with rule 10."""

import pytest

from proxyfleet.core.columns import CLOSED, HALF_OPEN, OPEN, UNKNOWN
from proxyfleet.core.health.score import (
    health,
    quickness,
    recency,
    recency_changes,
    reputation,
    speed_points,
)


@pytest.mark.parametrize(
    ("rate", "response", "streak", "uses", "points"),
    [
        (UNKNOWN, UNKNOWN, 0, 0, 50),
        (1.0, 0.2505, 0, 1, 95),
        (1.0, 0.2505, 0, 50, 100),
        (1.0, 0.1, 0, 10_000, 100),
        (0.5, UNKNOWN, 0, 0, 50),
        (0.5, 0.4999, 0, 0, 65),
        (0.5, 0.5, 0, 0, 65),
        (0.5, 1.25, 0, 0, 57),
        (0.5, 2.0, 0, 0, 50),
        (0.5, 2.0001, 0, 0, 35),
        (0.5, 60.0, 0, 0, 35),
        (0.0, UNKNOWN, 1, 1, 15),
        (0.0, UNKNOWN, 4, 4, 0),
        (0.0, 3.0, 60_000, 60_000, 0),
        (1.0, UNKNOWN, 0, 9, 80),
        (1.0, UNKNOWN, 0, 10, 81),
        (1.0, UNKNOWN, 0, 100, 90),
        (1.0, UNKNOWN, 0, 1_000, 90),
        (0.8, 0.2, 1, 2, 78),
        (UNKNOWN, UNKNOWN, 0, 3, 50),
    ],
)
def test_reputation(rate: float, response: float, streak: int, uses: int, points: int) -> None:
    assert reputation(rate, response, streak, uses) == points


@pytest.mark.parametrize(
    ("rate", "age", "response", "circuit", "score"),
    [
        (UNKNOWN, None, UNKNOWN, CLOSED, 0.5),
        (1.0, 0.0, 0.5, CLOSED, 1.0),
        (1.0, 300.0, 0.1, CLOSED, 1.0),
        (1.0, 300.1, 0.1, CLOSED, 0.96),
        (1.0, 3_600.0, 0.1, CLOSED, 0.8),
        (1.0, 0.0, 5.0, CLOSED, 0.8),
        (1.0, 0.0, 2.75, CLOSED, 0.9),
        (1.0, None, UNKNOWN, CLOSED, 0.8),
        (0.0, 9_999.0, 9.0, CLOSED, 0.0),
        (1.0, 0.0, 0.5, OPEN, 0.1),
        (1.0, 0.0, 0.5, HALF_OPEN, 0.5),
        (UNKNOWN, None, UNKNOWN, OPEN, 0.05),
    ],
)
def test_health(rate: float, age: float | None, response: float, circuit: int, score: float) -> None:
    now = 1_000_000.0
    last = UNKNOWN if age is None else now - age
    assert health(rate, last, response, circuit, now) == pytest.approx(score)


@pytest.mark.parametrize(
    ("age", "level"),
    [
        (-5.0, 1.0),
        (0.0, 1.0),
        (300.0, 1.0),
        (300.001, 0.8),
        (1_124.9, 0.8),
        (1_125.0, 0.6),
        (1_949.9, 0.6),
        (1_950.0, 0.4),
        (2_774.9, 0.4),
        (2_775.0, 0.2),
        (3_599.9, 0.2),
        (3_600.0, 0.0),
        (1e9, 0.0),
    ],
)
def test_recency_falls_in_five_levels(age: float, level: float) -> None:
    assert recency(age) == pytest.approx(level)


@pytest.mark.parametrize(
    ("age", "next_age"),
    [
        (0.0, 300.001),
        (300.0, 300.001),
        (301.0, 1_125.0),
        (1_125.0, 1_950.0),
        (2_775.0, 3_600.0),
        (3_600.0, float("inf")),
    ],
)
def test_when_recency_changes_next(age: float, next_age: float) -> None:
    assert recency_changes(1_000.0, 1_000.0 + age) == pytest.approx(1_000.0 + next_age)


@pytest.mark.parametrize(("seconds", "share"), [(0.0, 1.0), (0.5, 1.0), (2.75, 0.5), (5.0, 0.0), (50.0, 0.0)])
def test_quickness_falls_from_half_a_second_to_five(seconds: float, share: float) -> None:
    assert quickness(seconds) == pytest.approx(share)


@pytest.mark.parametrize(("seconds", "points"), [(0.1, 15.0), (0.5, 15.0), (1.25, 7.5), (2.0, 0.0), (2.01, -15.0)])
def test_speed_points(seconds: float, points: float) -> None:
    assert speed_points(seconds) == pytest.approx(points)
