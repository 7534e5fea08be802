"""`best_reputation`, `best_health`, `fastest_response`: the best level, equals share, unproven ones last."""

from collections import Counter

import pytest

from proxyfleet.core.columns import PENDING, UNKNOWN, USED, Columns
from proxyfleet.core.strategies.ranked import BestHealth, BestReputation, FastestResponse, Ranked

KINDS = [(BestReputation, "reputation", (10, 90, 50)), (BestHealth, "health", (0.1, 0.9, 0.5))]
KINDS += [(FastestResponse, "response_time", (2.0, 0.1, 0.5))]
EACH = pytest.mark.parametrize(("kind", "column", "values"), KINDS)


@EACH
def test_the_best_comes_first_and_the_rest_in_order(
    columns: Columns, made, draw, kind: type[Ranked], column: str, values: tuple[float, ...]
) -> None:
    for slot, value in enumerate(values):
        getattr(columns, column)[slot] = value
    strategy = made(kind, 0, 1, 2)
    assert strategy.first(draw, None) == strategy.among([0, 1, 2], draw, None) == 1
    assert list(strategy.following(draw, None)) == [1, 2, 0]
    getattr(columns, column)[1] = values[0] * (3 if column == "response_time" else 0)
    strategy.moved(1)
    assert strategy.first(draw, None) == 2


@EACH
def test_equals_share_the_work(
    columns: Columns, made, draw, kind: type[Ranked], column: str, values: tuple[float, ...]
) -> None:
    for slot in range(4):
        getattr(columns, column)[slot] = values[1] if slot < 3 else values[0]
    strategy = made(kind, *range(4))
    for choose in (lambda: strategy.first(draw, None), lambda: strategy.among(range(4), draw, None)):
        counts = Counter(choose() for _ in range(3_000))
        assert set(counts) == {0, 1, 2}
        assert all(850 < count < 1150 for count in counts.values())


@EACH
def test_proxies_that_are_not_proven_rank_below_all_others(
    columns: Columns, made, draw, kind: type[Ranked], column: str, values: tuple[float, ...]
) -> None:
    columns.flags[1] = USED | PENDING
    getattr(columns, column)[1], getattr(columns, column)[2] = values[1], values[0]
    strategy = made(kind, 1, 2)
    assert list(strategy.following(draw, None)) == [2, 1]
    columns.flags[1] = USED
    strategy.moved(1)
    assert strategy.first(draw, None) == 1


@pytest.mark.parametrize(
    ("health", "level"), [(0.0, 0), (0.009, 0), (0.01, 1), (0.29, 29), (0.57, 57), (0.999, 99), (1.0, 100)]
)
def test_levels_of_health_are_hundredths(columns: Columns, made, health: float, level: int) -> None:
    columns.health[1] = health
    assert made(BestHealth).level(1) == level


def test_levels_of_speed_are_steps_of_a_tenth(columns: Columns, made) -> None:
    strategy = made(FastestResponse)

    def level(seconds: float) -> int:
        columns.response_time[1] = seconds
        return strategy.level(1)

    assert level(0.0) == level(0.001) == 127
    assert level(1e9) == 0
    assert level(0.5) - level(0.5 * 1.1**3) == 3
    assert level(UNKNOWN) == level(2.75)
    assert level(0.5) > level(UNKNOWN) > level(5.0)


def test_a_ranked_strategy_must_define_its_level(made) -> None:
    with pytest.raises(TypeError, match="defines its level"):
        made(Ranked).level(1)
