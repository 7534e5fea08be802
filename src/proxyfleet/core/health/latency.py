"""Latency quantiles in bounded memory (SPEC C8): counts in logarithmic bins, which merge by addition.

The error is half a bin: a fleet's histogram has bins of 4 %, a proxy's of 27 %. A proxy's bins exist from its first
success on; when a bin is full all of its bins are halved, which keeps the shape and lets the past fade.
"""

from array import array
from collections.abc import Iterable
from math import exp, log
from typing import NamedTuple

from proxyfleet.core.columns import UNKNOWN, Columns

SHORTEST, LONGEST = 0.001, 100.0
COARSE, FINE = 48, 288
FULL_BIN = 65_535


class Quantiles(NamedTuple):
    """Seconds; -1 where nothing has been observed."""

    p50: float
    p95: float
    p99: float


def bin_of(seconds: float, bins: int) -> int:
    """The bin that a latency falls into; what is out of range goes to the outermost bins."""
    if seconds <= SHORTEST:
        return 0
    return min(bins - 1, int(log(seconds / SHORTEST) * (bins / _SPAN)))


def middle_of(number: int, bins: int) -> float:
    """The geometric middle of a bin, in seconds."""
    return SHORTEST * exp((number + 0.5) * _SPAN / bins)


def quantiles(counts: Iterable[int]) -> Quantiles:
    """P50, P95 and P99 of a histogram of any number of bins over the common range."""
    held = list(counts)
    total = sum(held)
    if not total:
        return Quantiles(UNKNOWN, UNKNOWN, UNKNOWN)
    return Quantiles(*(_quantile(held, total, share) for share in (0.5, 0.95, 0.99)))


def _quantile(counts: list[int], total: int, share: float) -> float:
    wanted = share * (total - 1)
    seen = 0
    for number, count in enumerate(counts):
        seen += count
        if seen > wanted:
            return middle_of(number, len(counts))
    return middle_of(len(counts) - 1, len(counts))


class Latencies:
    """Histograms of every proxy that has succeeded, by slot, and of the fleet since its start."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.fleet = [0] * FINE
        self._bins = array("H")
        self._spare: list[int] = []

    def observe(self, slot: int, seconds: float) -> None:
        """Count one success."""
        fine = int(log(seconds / SHORTEST) * _SCALE) if seconds > SHORTEST else 0
        if fine >= FINE:
            fine = FINE - 1
        self.fleet[fine] += 1
        row = self.columns.bins[slot]
        if not row:
            row = self.columns.bins[slot] = self._new_row() + 1
        bins, place = self._bins, row - 1 + fine // _FINE_EACH
        count = bins[place]
        if count == FULL_BIN:
            for each in range(row - 1, row - 1 + COARSE):
                bins[each] >>= 1
            count = bins[place]
        bins[place] = count + 1

    def _new_row(self) -> int:
        if self._spare:
            return self._spare.pop()
        self._bins.extend(array("H", bytes(2 * COARSE)))
        return len(self._bins) - COARSE

    def forget(self, slot: int) -> None:
        """Drop a slot's histogram; the fleet's keeps what it has seen."""
        row = self.columns.bins[slot] - 1
        self.columns.bins[slot] = 0
        if row >= 0:
            self._bins[row : row + COARSE] = array("H", bytes(2 * COARSE))
            self._spare.append(row)

    def counts(self, slot: int) -> list[int]:
        """The slot's histogram, `COARSE` bins; what nodes exchange."""
        row = self.columns.bins[slot] - 1
        return [0] * COARSE if row < 0 else self._bins[row : row + COARSE].tolist()

    def of(self, slot: int) -> Quantiles:
        """The slot's quantiles."""
        return quantiles(self.counts(slot))

    def of_fleet(self) -> Quantiles:
        """The fleet's quantiles."""
        return quantiles(self.fleet)


_SPAN = log(LONGEST / SHORTEST)
_SCALE = FINE / _SPAN
_FINE_EACH = FINE // COARSE
