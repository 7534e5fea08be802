"""The statistics that the other simulations lean on, against figures of the printed table."""

from random import Random

import pytest
from tests.simulation.chance import chi_square


@pytest.mark.parametrize(("value", "freedom", "p"), [(18.307, 10, 0.05), (124.342, 100, 0.05), (149.449, 100, 0.001)])
def test_the_printed_table_is_met(value: float, freedom: int, p: float) -> None:
    count, half = freedom + 1, (value * 1000.0 / 2.0) ** 0.5
    observed = dict.fromkeys(range(count), 1000)
    observed[0] += round(half)
    observed[1] -= round(half)
    assert chi_square(observed, dict.fromkeys(range(count), 1.0)) == pytest.approx(p, rel=0.1)


def test_a_false_weight_is_noticed() -> None:
    rng, weights = Random(1), dict.fromkeys(range(20), 10.0)
    drawn = rng.choices(range(20), [10.0] * 19 + [11.5], k=100_000)
    assert chi_square({n: drawn.count(n) for n in range(20)}, weights) < 0.001
