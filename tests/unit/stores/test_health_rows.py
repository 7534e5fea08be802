"""Sums survive the way through a row."""

from proxyfleet.core.health.sums import HealthSum
from proxyfleet.stores.health_rows import from_row, to_row


def test_there_and_back() -> None:
    one = HealthSum(7, 3.5, 2.0, 0.25, {0: 1.0, 47: 1.125}, 99.5)
    assert from_row(to_row(one)) == one
