"""What nodes tell each other about a proxy: sums that fade by half in ten minutes (SPEC rule 11), and what follows of them.

Sums commute: in whatever order the nodes add theirs, the total is the same. Averages and circuits stay each node's own.
"""

from collections.abc import Mapping
from typing import NamedTuple

from proxyfleet.core.columns import UNKNOWN
from proxyfleet.core.health.latency import COARSE, Quantiles, quantiles
from proxyfleet.core.health.score import reputation

HALF_LIFE = 600.0
LEAST = 0.01
"""Attempts below which nothing is said any more."""


class HealthSum(NamedTuple):
    """Attempts, successes among them, their seconds, and counts by latency bin (`COARSE` of them), as they stood at `at`."""

    proxy_id: int
    tries: float
    successes: float
    seconds: float
    bins: Mapping[int, float]
    at: float


def faded(one: HealthSum, now: float) -> HealthSum:
    """The same at a later instant; an earlier one changes nothing."""
    if now <= one.at:
        return one
    share = 0.5 ** ((now - one.at) / HALF_LIFE)
    bins = {number: count * share for number, count in one.bins.items() if count * share >= LEAST}
    return HealthSum(one.proxy_id, one.tries * share, one.successes * share, one.seconds * share, bins, now)


def added(one: HealthSum, other: HealthSum) -> HealthSum:
    """Both together, at the later of their instants."""
    now = max(one.at, other.at)
    one, other = faded(one, now), faded(other, now)
    bins = {n: one.bins.get(n, 0.0) + other.bins.get(n, 0.0) for n in (*one.bins, *other.bins)}
    return HealthSum(
        one.proxy_id, one.tries + other.tries, one.successes + other.successes, one.seconds + other.seconds, bins, now
    )


def success_rate(one: HealthSum) -> float:
    """Share of successes; -1 where next to nothing was tried."""
    return one.successes / one.tries if one.tries >= LEAST else UNKNOWN


def response_time(one: HealthSum) -> float:
    """Mean seconds of a success; -1 where there was next to none."""
    return one.seconds / one.successes if one.successes >= LEAST else UNKNOWN


def fleet_reputation(one: HealthSum) -> int:
    """C1's formula on the sums of all nodes; a streak is no node's but its own and adds nothing."""
    return reputation(success_rate(one), response_time(one), 0, int(one.tries))


def latency(one: HealthSum) -> Quantiles:
    """Quantiles of all nodes together."""
    return quantiles(round(100 * one.bins.get(number, 0.0)) for number in range(COARSE))
