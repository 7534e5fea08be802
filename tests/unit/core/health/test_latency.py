"""Quantiles: error within half a bin, saturation that keeps the shape, merging by addition."""

import random
from math import exp, log

import pytest

from proxyfleet.core.columns import UNKNOWN, Columns
from proxyfleet.core.health.latency import (
    COARSE,
    FINE,
    FULL_BIN,
    LONGEST,
    SHORTEST,
    Latencies,
    bin_of,
    middle_of,
    quantiles,
)

BINS = pytest.mark.parametrize("bins", [COARSE, FINE])


@BINS
def test_the_middle_of_a_bin_is_at_most_half_a_bin_away(bins: int) -> None:
    half = exp(log(LONGEST / SHORTEST) / bins / 2)
    rng = random.Random(5)
    for _ in range(500):
        seconds = exp(rng.uniform(log(SHORTEST), log(LONGEST * 0.999)))
        assert 1 / half / 1.0001 <= middle_of(bin_of(seconds, bins), bins) / seconds <= half * 1.0001


@BINS
@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (-1.0, 0), (SHORTEST, 0), (LONGEST, -1), (1e6, -1)])
def test_what_is_out_of_range_goes_to_the_outermost_bins(bins: int, seconds: float, number: int) -> None:
    assert bin_of(seconds, bins) == number % bins


def test_quantiles_of_a_known_distribution(columns: Columns) -> None:
    latencies = Latencies(columns)
    for number in range(1, 1001):
        latencies.observe(1, number / 1000)
    for found, error in ((latencies.of(1), 0.13), (latencies.of_fleet(), 0.021)):
        for value, wanted in zip(found, (0.5, 0.95, 0.99), strict=True):
            assert abs(value / wanted - 1) < error


def test_nothing_observed_is_unknown(columns: Columns) -> None:
    latencies = Latencies(columns)
    assert latencies.of(1) == latencies.of_fleet() == quantiles([0] * COARSE) == (UNKNOWN,) * 3


def test_one_observation_is_every_quantile(columns: Columns) -> None:
    latencies = Latencies(columns)
    latencies.observe(1, 0.2)
    assert len(set(latencies.of(1))) == 1
    assert latencies.counts(1)[bin_of(0.2, COARSE)] == sum(latencies.counts(1)) == 1


def test_histograms_merge_by_addition(columns: Columns) -> None:
    apart, together = Latencies(columns), Latencies(Columns())
    together.columns.grow(1)
    rng = random.Random(6)
    for _ in range(400):
        slot, seconds = rng.randrange(2), rng.lognormvariate(-1, 1)
        apart.observe(slot, seconds)
        together.observe(0, seconds)
    merged = [one + other for one, other in zip(apart.counts(0), apart.counts(1), strict=True)]
    assert merged == together.counts(0)
    assert quantiles(merged) == together.of(0)


def test_a_full_bin_halves_all_bins_of_its_proxy_only(columns: Columns) -> None:
    latencies = Latencies(columns)
    for _ in range(1000):
        latencies.observe(1, 5.0)
        latencies.observe(2, 5.0)
    for _ in range(FULL_BIN + 1):
        latencies.observe(1, 0.1)
    assert latencies.counts(1)[bin_of(0.1, COARSE)] == FULL_BIN // 2 + 1
    assert latencies.counts(1)[bin_of(5.0, COARSE)] == 500
    assert latencies.counts(2)[bin_of(5.0, COARSE)] == 1000


def test_a_forgotten_histogram_is_used_again_empty(columns: Columns) -> None:
    latencies = Latencies(columns)
    latencies.observe(1, 0.1)
    latencies.forget(1)
    latencies.forget(1)
    latencies.observe(2, 9.0)
    latencies.observe(3, 9.0)
    assert sum(latencies.counts(1)) == 0
    assert sum(latencies.counts(2)) == sum(latencies.counts(3)) == 1
    assert columns.bins[2] == 1
    assert columns.bins[3] == 1 + COARSE
    assert sum(latencies.fleet) == 3


@pytest.mark.parametrize(("seconds", "number"), [(0.0, 0), (LONGEST, -1), (1e6, -1)])
def test_what_is_out_of_range_is_counted_at_the_ends(columns: Columns, seconds: float, number: int) -> None:
    latencies = Latencies(columns)
    latencies.observe(1, 1.0)
    latencies.observe(1, seconds)
    assert latencies.counts(1)[number] == latencies.fleet[number] == 1
