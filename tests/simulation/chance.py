"""The chi-square test, by the approximation of Wilson and Hilferty (1931): the cube root of chi-square / k is nearly normal."""

from collections.abc import Mapping
from math import erfc, sqrt


def chi_square(observed: Mapping[int, int], weights: Mapping[int, float]) -> float:
    """The probability of a deviation at least this large if the chances are in proportion to the weights."""
    assert set(observed) <= set(weights), "somebody without a weight was drawn"
    total, mass = sum(observed.values()), sum(weights.values())
    expected = {key: total * weight / mass for key, weight in weights.items()}
    assert min(expected.values()) >= 5.0, "too few draws for the test to mean anything"
    value = sum((observed.get(key, 0) - share) ** 2 / share for key, share in expected.items())
    freedom = len(weights) - 1
    spread = 2.0 / (9.0 * freedom)
    deviation = ((value / freedom) ** (1.0 / 3.0) - (1.0 - spread)) / sqrt(spread)
    return 0.5 * erfc(deviation / sqrt(2.0))
