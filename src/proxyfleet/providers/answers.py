"""Reads what a provider answered, and refuses whatever is not what it should be: names and types are told, values never."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from proxyfleet.core.purchase import Money

DEAREST: Final = Decimal(10**9)
LONGEST: Final = 1024
"""Characters of a text that is kept."""


class Unreadable(ValueError):
    """An answer that is not what it should be; the text is one line without any value of it."""


def json_of(body: bytes) -> Any:  # Any: whatever JSON holds
    """The document, numbers with a point as exact decimals."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_never)
    except (ValueError, RecursionError):
        raise Unreadable(f"it is {_looks_like(body)}, no JSON") from None


def _never(_: str) -> None:
    raise ValueError("no JSON")


def _looks_like(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    return "empty" if not start else "a web page" if start.startswith(b"<") else "half an answer or none of theirs"


def table(value: object, where: str) -> Mapping[str, object]:
    """An object of JSON."""
    if not isinstance(value, dict):
        raise Unreadable(f"{where} is {_kind(value)}, no object")
    return value


def rows(value: object, where: str) -> list[object]:
    """A list of JSON."""
    if not isinstance(value, list):
        raise Unreadable(f"{where} is {_kind(value)}, no list")
    return value


def text(of: Mapping[str, object], name: str) -> str:
    """A text that is there and not empty; a whole number counts as one."""
    found = told(of, name)
    if not found:
        raise Unreadable(f"{name} is missing")
    return found


def told(of: Mapping[str, object], name: str) -> str:
    """The same, or "" where it is absent, null or empty."""
    value = of.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"{name} is {_kind(value)}, no text")
    if isinstance(value, int) and abs(value) >= 10**18:
        raise Unreadable(f"{name} is a number without end")
    found = str(value).strip()
    if len(found) > LONGEST or not found.isprintable():
        raise Unreadable(f"{name} is no plain text")
    return found


def number(of: Mapping[str, object], name: str) -> Decimal:
    """A finite number, also one that is written as text."""
    value = of.get(name)
    try:
        found = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= DEAREST:
        raise Unreadable(f"{name} is {_kind(value)}, no number")
    return found


def price(of: Mapping[str, object], name: str, currency: str) -> Money:
    """What something costs: never negative."""
    amount = number(of, name)
    if amount < 0:
        raise Unreadable(f"{name} is negative")
    return money(amount, currency)


def money(amount: Decimal, currency: str) -> Money:
    """An amount of a currency, which has to be a code of three letters."""
    code = currency.upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise Unreadable("the currency is no code of three letters")
    return Money(amount, code)


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    names = {dict: "an object", list: "a list", str: "a text", bool: "a yes or no"}
    return names.get(type(value), "a number")
