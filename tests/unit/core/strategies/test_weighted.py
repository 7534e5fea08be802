"""`weighted_random`: chance in proportion to weight, whatever came, left or moved before."""

import random
from collections import Counter

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.strategies.weighted import Weighted

SIZES = pytest.mark.parametrize("size", [64, 0], ids=["dense", "sparse"])


def chi_square(counts: Counter[int], weights: dict[int, int]) -> float:
    drawn, total = sum(counts.values()), sum(weights.values())
    return sum((counts[slot] - drawn * w / total) ** 2 / (drawn * w / total) for slot, w in weights.items())


SKEWED = {1: 1, 2: 100, 3: 50, 4: 7, 5: 8, 6: 99, 7: 1, 8: 64}
EVEN = {1: 100, 2: 99, 3: 50, 4: 70, 5: 1, 6: 100, 7: 63, 8: 64}


@SIZES
@pytest.mark.parametrize("weights", [SKEWED, EVEN], ids=["skewed", "even"])
def test_chances_follow_the_weights(columns: Columns, made, draw, size: int, weights: dict[int, int]) -> None:
    for slot, weight in weights.items():
        columns.weight[slot] = weight
    strategy = made(Weighted, *weights, size=size)
    for choose in (lambda: strategy.first(draw, None), lambda: strategy.among(list(weights), draw, None)):
        counts = Counter(choose() for _ in range(20_000))
        assert set(counts) == set(weights)
        assert chi_square(counts, weights) < 24.3, "p < 0.001 at 7 degrees of freedom"


@SIZES
def test_sums_stay_exact_over_many_changes(columns: Columns, made, draw, size: int) -> None:
    rng, ready = random.Random(14), set[int]()
    strategy = made(Weighted, size=size)
    for _ in range(5_000):
        slot = rng.randrange(32)
        if slot in ready and rng.random() < 0.3:
            ready.discard(slot)
            strategy.ready.discard(slot)
            strategy.leave(slot)
        elif slot in ready:
            columns.weight[slot] = rng.randrange(1, 101)
            strategy.moved(slot)
        else:
            ready.add(slot)
            strategy.ready.add(slot)
            columns.weight[slot] = rng.randrange(1, 101)
            strategy.join(slot)
    assert strategy.total == sum(strategy.sums) == sum(columns.weight[slot] for slot in ready)
    counts = Counter(strategy.first(draw, None) for _ in range(20_000))
    assert set(counts) <= ready
    assert chi_square(counts, {slot: columns.weight[slot] for slot in ready}) < 1.8 * len(ready) + 30


@SIZES
def test_joining_again_and_moving_before_joining_are_harmless(columns: Columns, made, draw, size: int) -> None:
    strategy = made(Weighted, 1, size=size)
    columns.weight[1] = 10
    strategy.join(1)
    assert strategy.total == 10
    columns.weight[2] = 5
    strategy.moved(2)
    strategy.join(2)
    assert strategy.total == 15
    strategy.leave(2)
    strategy.leave(2)
    assert (strategy.total, strategy.first(draw, None)) == (10, 1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1 - 2**-53])
def test_no_dice_can_miss(columns: Columns, made, share: float) -> None:
    for slot, weight in ((1, 1), (2, 100), (3, 64)):
        columns.weight[slot] = weight
    strategy = made(Weighted, 1, 2, 3)
    shares = iter([share, 0.0])
    assert strategy.first(lambda: next(shares), None) in (1, 2, 3)
    assert strategy.among([1, 2, 3], lambda: share, None) in (1, 2, 3)
