"""Expiry dates of CSV and JSON columns as UTC epoch seconds. Guesses nothing: an undecidable date is an error."""

import math
import re
from datetime import UTC, date, datetime, time
from typing import Final

from proxyfleet.wire.text.reasons import Refused

_END_OF_DAY: Final = time(23, 59, 59)
_LATEST: Final = 253402300799.0  # 9999-12-31 23:59:59
_EPOCH: Final = re.compile(r"\d{9,13}(?:\.\d{1,9})?", re.ASCII)
_MILLISECONDS_FROM: Final = 100_000_000_000
_NEVER: Final = frozenset({"", "-", "never", "none", "null", "n/a"})
_ORDERED: Final = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T ,]+(.+))?", re.ASCII)


def expiry(value: str | int | float) -> float | None:
    """UTC epoch seconds of an expiry, None for "never" and empty; `Refused("bad_date")` for anything unclear.

    Read are ISO 8601, `2026-12-31`, `2026/12/31`, `31.12.2026`, `31/12/2026` where only one order is possible, each
    with or without a time, and epoch seconds or milliseconds. A date without a time ends 23:59:59 UTC (SPEC rule 15);
    a time without an offset is UTC.
    """
    text = str(value).strip()
    if text.lower() in _NEVER:
        return None
    try:
        return _epoch(text) if _EPOCH.fullmatch(text) else _calendar(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise Refused("bad_date") from error


def _epoch(text: str) -> float:
    seconds = float(text)
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    if not math.isfinite(seconds) or seconds > _LATEST:
        raise ValueError(text)
    return seconds


def _calendar(text: str) -> datetime:
    match = _ORDERED.fullmatch(text)
    if match is None:
        moment = datetime.fromisoformat(text)
        whole_day = not re.search(r"[T :]", text)
        return _in_utc(datetime.combine(moment, _END_OF_DAY) if whole_day else moment)
    first, separator, second, third, clock = match.groups()
    day = _date(first, second, third, dotted=separator == ".")
    return _in_utc(datetime.combine(day, time.fromisoformat(clock) if clock else _END_OF_DAY))


def _date(first: str, second: str, third: str, *, dotted: bool) -> date:
    if len(first) == 4:
        return date(int(first), int(second), int(third))
    if len(third) != 4:
        raise ValueError("a year has four digits")
    one, two, year = int(first), int(second), int(third)
    if dotted or one > 12 or one == two:
        return date(year, two, one)
    if two > 12:
        return date(year, one, two)
    raise ValueError("day or month first?")


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
