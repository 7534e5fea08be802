"""Sums fade, commute, and say what C1 says."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.health.latency import COARSE, bin_of
from proxyfleet.core.health.sums import (
    HALF_LIFE,
    HealthSum,
    added,
    faded,
    fleet_reputation,
    latency,
    response_time,
    success_rate,
)

SUMS = st.builds(
    lambda tries, share, seconds, at: HealthSum(1, tries, tries * share, seconds * tries, {3: tries}, at),
    st.floats(1.0, 100.0),
    st.floats(0.0, 1.0),
    st.floats(0.01, 5.0),
    st.floats(0.0, 3 * HALF_LIFE),
)


def test_half_is_left_after_ten_minutes() -> None:
    one = HealthSum(1, 8.0, 4.0, 2.0, {3: 8.0, 4: 0.015}, 100.0)
    assert faded(one, 100.0 + HALF_LIFE) == HealthSum(1, 4.0, 2.0, 1.0, {3: 4.0}, 100.0 + HALF_LIFE)
    assert faded(one, 50.0) is one


@given(st.lists(SUMS, min_size=2, max_size=4))
def test_the_order_does_not_matter(sums: list[HealthSum]) -> None:
    totals = []
    for order in permutations(sums):
        total = order[0]
        for one in order[1:]:
            total = added(total, one)
        totals.append(total)
    for total in totals:
        assert total.tries == pytest.approx(totals[0].tries)
        assert total.successes == pytest.approx(totals[0].successes)
        assert total.seconds == pytest.approx(totals[0].seconds)


def test_what_the_sums_say() -> None:
    one = HealthSum(1, 100.0, 100.0, 25.0, {bin_of(0.25, COARSE): 100.0}, 0.0)
    assert (success_rate(one), response_time(one)) == (1.0, 0.25)
    assert fleet_reputation(one) == 100
    assert latency(one).p50 == pytest.approx(0.25, rel=0.15)
    nothing = HealthSum(1, 0.0, 0.0, 0.0, {}, 0.0)
    assert (success_rate(nothing), response_time(nothing), fleet_reputation(nothing)) == (-1.0, -1.0, 50)
