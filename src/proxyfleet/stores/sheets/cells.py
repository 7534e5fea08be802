"""Single cells: what the API gives into the text of a field, and the text of a field into what is written. Pure.

A cell that cannot be read raises `Refused` with a code of `problems.PROBLEMS`; values never come back in a message.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from proxyfleet.core.mirrored import REMOVED, instant, money
from proxyfleet.core.proxy import Status
from proxyfleet.wire.text.cells import claims_of
from proxyfleet.wire.text.reasons import Refused

Raw = str | int | float | bool | None
"""One cell as the API gives it unformatted."""
Json = dict[str, Any]  # Any: what JSON holds

SERIAL_EPOCH: Final = datetime(1899, 12, 30, tzinfo=UTC)
SERIALS: Final = (20_000.0, 100_000.0)
"""Numbers in a date column that are days since 1899: the years 1954 to 2173."""
DAY: Final = 86_400
A_BIT: Final = 1e-6
"""Added to midnight, a tenth of a second, so that it is not taken for a date without a time."""
_ERRORS: Final = frozenset(
    {"#REF!", "#N/A", "#ERROR!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "Loading..."}
)
_NOTHING: Final = frozenset({"", "-", "none", "null", "n/a"})
_STATUSES: Final = {
    **{status.value: status.value for status in Status},
    **dict.fromkeys(("on", "ok", "enabled", "live", "alive", "working"), Status.ACTIVE.value),
    **dict.fromkeys(("off", "paused"), Status.DISABLED.value),
    **dict.fromkeys(("dead", "down", "broken"), Status.FAILED.value),
    **dict.fromkeys(("", "new", "unknown"), Status.PENDING.value),
    REMOVED: REMOVED,
}
_COUNT: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?", re.ASCII)
LONGEST: Final = 4096


def plain(value: Raw) -> str:
    """A cell as text without blanks around it; whole numbers without a point."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return "" if value is None else str(value)


def text_of(name: str, value: Raw) -> str:
    """The text of a field (see `core.mirrored`) that a cell holds; empty for an empty cell."""
    written = plain(value)
    if written in _ERRORS:
        raise Refused("formula_error")
    if len(written) > LONGEST:
        raise Refused("too_long")
    if name == "expires_at":
        return _date(value, written)
    if name in ("password", "notes"):
        return written
    return _READERS.get(name, _claimed)(name, "" if written.lower() in _NOTHING else written)


def is_number_as_text(name: str, value: Raw) -> bool:
    """Whether a number was typed as text; harmless, but it sorts and sums wrongly."""
    return (
        name in ("port", "capacity", "cost_per_month", "cost_per_gb")
        and isinstance(value, str)
        and plain(value).isdigit()
    )


def _date(value: Raw, written: str) -> str:
    if isinstance(value, bool):
        raise Refused("bad_date")
    if isinstance(value, int | float) and abs(value) < 1e8:
        if not SERIALS[0] <= value < SERIALS[1]:
            raise Refused("bad_date")
        return _from_serial(value)
    found = claims_of("expires_at", written)["expires_at"]
    return "" if found is None else instant(found)


def _from_serial(days: float) -> str:
    """A date without a time ends with its day (SPEC rule 15); times are UTC."""
    if float(days).is_integer():
        return instant((SERIAL_EPOCH + timedelta(days=days, seconds=DAY - 1)).timestamp())
    return instant((SERIAL_EPOCH + timedelta(seconds=round(days * DAY))).timestamp())


def _claimed(name: str, text: str) -> str:
    """A field that lists know too."""
    if not text:
        return ""
    found = claims_of(name, text).get(name)
    if found is None:
        raise Refused("bad_value")
    if isinstance(found, Decimal):
        return money(found)
    return str(found)


def _default(plain_word: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        found = _claimed(name, text)
        return "" if found == plain_word else found

    return read


def _tags(_: str, text: str) -> str:
    words = {word.strip() for word in re.split(r"[,;|\n]", text)}
    if any('"' in word for word in words):
        raise Refused("bad_value")
    return ", ".join(sorted(words - {""}))


def _status(_: str, text: str) -> str:
    found = _STATUSES.get(text.lower())
    if found is None:
        raise Refused("bad_value")
    return "" if found == Status.PENDING.value else found


def _count(_: str, text: str) -> str:
    if text and _COUNT.fullmatch(text) is None:
        raise Refused("bad_value")
    return text


def _seconds(_: str, text: str) -> str:
    if not text:
        return ""
    if _SECONDS.fullmatch(text) is None:
        raise Refused("bad_value")
    number = float(text.replace(",", "."))
    return f"{number:.15g}" if number else ""


_READERS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "type": _default("datacenter"),
    "kind": _default("static"),
    "tags": _tags,
    "status": _status,
    "max_connections": _count,
    "target_capacity": _count,
    "min_interval": _seconds,
}


def entered(name: str, text: str) -> Json:
    """What is written for the text of a field, as `ExtendedValue`: typed, so that Sheets never guesses.

    A date is a real date, a count a real number, everything else text as it is, also where it looks like a formula.
    """
    if not text:
        return {}
    if name == "expires_at":
        serial = _serial(text)
        return {"stringValue": text} if serial is None else {"numberValue": serial}
    if name in ("port", "capacity", "days_left", "asn", "max_connections", "target_capacity"):
        return {"numberValue": int(text)}
    if name in ("cost_per_month", "cost_per_gb", "min_interval"):
        return {"numberValue": float(text)}
    return {"stringValue": text}


def _serial(text: str) -> float | None:
    """The number of a canonical date; None for an instant that no calendar has."""
    day, _, clock = text.partition(" ")
    try:
        moment = datetime.fromisoformat(f"{day} {clock or '00:00:00'}").replace(tzinfo=UTC)
    except ValueError:
        return None
    days = (moment - SERIAL_EPOCH) / timedelta(days=1)
    if not clock:
        return int(days)
    return days + A_BIT if days.is_integer() else days
