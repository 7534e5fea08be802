"""Decodes a JSON document as `json.loads` does, but row by row: a document of megabytes read in a thread then never keeps the
interpreter from other threads for longer than one row takes.

Knows nothing of proxies. What is not legal is not legal as a whole, as with `json.loads`.
"""

import json
import re
from typing import Any, Final

DEPTH: Final = 3
"""Objects are taken apart down to here, which is as deep as envelopes go. The items of a list are one step each: rows."""

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_STEP: Final = json.JSONDecoder().raw_decode


def load(text: str) -> Any:  # Any: whatever JSON holds
    """The value of a document. Raises what `json.loads` raises, `JSONDecodeError`, `ValueError` or `RecursionError`."""
    value, end = _value(text, _skip(text, 0), DEPTH)
    end = _skip(text, end)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return at if found is None else found.end()


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    mark = text[at : at + 1]
    if depth and mark == "[":
        return _list(text, at + 1)
    if depth and mark == "{":
        return _object(text, at + 1, depth - 1)
    return _STEP(text, at)


def _list(text: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    at = _skip(text, at)
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        item, at = _STEP(text, at)
        items.append(item)
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return items, at + 1
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _skip(text, at + 1)


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    told: dict[str, Any] = {}
    at = _skip(text, at)
    if text[at : at + 1] == "}":
        return told, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        name, at = _STEP(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
        told[name], at = _value(text, _skip(text, at + 1), depth)
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "}":
            return told, at + 1
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _skip(text, at + 1)
