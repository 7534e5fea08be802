"""What becomes of a text that is typed into a cell: numbers, dates, times, booleans, formulas and traps. Pure.

`USER_ENTERED` goes through here, `RAW` does not. It is as eager as the real thing: leading zeros go, long digits lose
their tail, `1E5` is a number and `3-4` a date.
"""

import re
from datetime import date, datetime
from typing import NamedTuple

EPOCH = date(1899, 12, 30)
DAY = 86_400

Plain = bool | float | str | None


class Entered(NamedTuple):
    """A value with the number format that Sheets gives the cell for it; "" leaves the format alone."""

    value: Plain
    format: str = ""


_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_LOCAL = re.compile(r"(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}))?(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
DAY_FIRST = frozenset({"en_GB", "de_DE", "ru_RU", "fr_FR", "es_ES"})


def enter(text: str, locale: str, year: int) -> Entered:
    """The value of what a person types; `year` is the current one, for dates without a year."""
    if text.startswith("'"):
        return Entered(text[1:])
    stripped = text.strip()
    if stripped.upper() in ("TRUE", "FALSE"):
        return Entered(stripped.upper() == "TRUE")
    return _number(stripped) or _date(stripped, locale, year) or _clock(stripped) or Entered(text)


def _number(text: str) -> Entered | None:
    bare = text.removeprefix("$").removesuffix("%")
    if not any(char.isdigit() for char in bare) or _NUMBER.fullmatch(bare) is None:
        return None
    value = float(bare.replace(",", ""))
    if text.endswith("%"):
        return Entered(value / 100, "PERCENT")
    return Entered(value, "CURRENCY" if text.startswith("$") else "")


def _date(text: str, locale: str, year: int) -> Entered | None:
    if match := _ISO.fullmatch(text):
        parts, clock = tuple(map(int, match.groups()[:3])), match.groups()[3:]
    elif match := _LOCAL.fullmatch(text):
        one, mark, two, written = match.groups()[:4]
        if mark == "." and locale not in DAY_FIRST:
            return None
        day, month = (one, two) if locale in DAY_FIRST else (two, one)
        parts, clock = (int(written or year), int(month), int(day)), match.groups()[4:]
    else:
        return None
    hour, minute, second = (int(one or 0) for one in clock)
    try:
        moment = datetime(parts[0], parts[1], parts[2], hour, minute, second)
    except ValueError:
        return None
    return Entered(serial(moment), "DATE_TIME" if clock[0] else "DATE")


def _clock(text: str) -> Entered | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(one or 0) for one in match.groups())
    return Entered((hours * 3600 + minutes * 60 + seconds) / DAY, "TIME")


def serial(moment: datetime) -> float:
    """Days since 30 December 1899, the time as a fraction."""
    days = (moment.date() - EPOCH).days
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return days + seconds / DAY
