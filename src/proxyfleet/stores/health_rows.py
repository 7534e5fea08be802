"""Rows of the sums of health, and back; every store with tables uses it. Pure."""

import json
from typing import Any

from proxyfleet.core.health.sums import HealthSum

Row = tuple[Any, ...]
"""Any: columns of several types."""


def to_row(one: HealthSum) -> Row:
    """Proxy, tries, successes, seconds, bins as JSON, instant."""
    bins = json.dumps({str(number): round(count, 3) for number, count in one.bins.items()})
    return (*one[:4], bins, one.at)


def from_row(row: Row) -> HealthSum:
    """The sum of a row."""
    bins = {int(number): count for number, count in json.loads(row[4]).items()}
    return HealthSum(row[0], row[1], row[2], row[3], bins, row[5])
