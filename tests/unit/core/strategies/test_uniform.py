"""`random`: every ready slot with the same chance."""

from collections import Counter

from proxyfleet.core.strategies.contract import TRIES
from proxyfleet.core.strategies.uniform import Uniform


def test_every_slot_has_the_same_chance(made, draw) -> None:
    strategy = made(Uniform, *range(10))
    counts = Counter(strategy.first(draw, None) for _ in range(10_000))
    assert set(counts) == set(range(10))
    assert all(850 < count < 1150 for count in counts.values())
    counts = Counter(strategy.among([4, 5], draw, None) for _ in range(1_000))
    assert abs(counts[4] - 500) < 100


def test_the_whole_range_of_the_dice_is_used(made) -> None:
    strategy = made(Uniform, 4, 5, 6)
    assert [strategy.first(lambda share=share: share, None) for share in (0.0, 0.34, 0.9999)] == [4, 5, 6]


def test_further_candidates_are_bounded(made, draw) -> None:
    assert len(list(made(Uniform, 1, 2).following(draw, None))) == TRIES
