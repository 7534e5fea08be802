"""JSON answers of sources and providers: lists of strings or objects, their envelopes, and one object per line.

Objects are flattened to the columns of columns.py, nested country and ASN objects included. Documents are read
whole, up to MAX_DOCUMENT bytes; NDJSON is streamed.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from proxyfleet.wire.text.checks import Rules, scheme_of
from proxyfleet.wire.text.columns import column
from proxyfleet.wire.text.entry import SCHEMES, Verdict
from proxyfleet.wire.text.jsonvalue import load
from proxyfleet.wire.text.line import judge
from proxyfleet.wire.text.lines import Guessed, Line, decoded, text_or_refuse
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.rows import judge_row, trusted

MAX_DOCUMENT: Final = 64 * 1024 * 1024

_ENVELOPES: Final = ("data", "proxies", "results", "items", "list", "rows", "result", "proxy_list")
_NESTED: Final = ("ip_data", "geolocation", "geo", "location", "auth", "credentials", "authentication")
_NAMES: Final = ("iso_code", "code", "autonomous_system_number", "name", "en")


def read_json(document: bytes, rules: Rules) -> Iterator[Verdict]:
    """Verdicts on the rows of a JSON document, numbered from 1; falls back to NDJSON when there is more than one."""
    text = decoded(document)
    try:
        value = load(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            yield from read_ndjson(text.split("\n"), rules)
        else:
            yield Verdict(error.lineno, None, "bad_json")
    except (ValueError, RecursionError):
        yield Verdict(1, None, "bad_json")
    else:
        for number, (row, row_rules) in enumerate(_rows(value, rules), 1):
            for verdict in _judge(row, number, row_rules):
                yield _on_text(verdict, text)


def read_ndjson(lines: Iterable[Line], rules: Rules) -> Iterator[Verdict]:
    """A verdict for each line that holds one JSON value; blank lines get none."""
    for number, line in enumerate(lines, 1):
        try:
            text = text_or_refuse(line)
            value = json.loads(text) if text.strip() else None
        except Refused as refused:
            yield Verdict(number, None, refused.code)
        except (ValueError, RecursionError):
            yield Verdict(number, None, "bad_json")
        else:
            if value is not None:
                yield from (_on_text(verdict, text) for verdict in _judge(value, number, rules))


def _on_text(verdict: Verdict, text: str) -> Verdict:
    return trusted(verdict, Guessed("")) if isinstance(text, Guessed) else verdict


def _rows(value: object, rules: Rules) -> Iterator[tuple[object, Rules]]:
    """The rows inside an envelope, each with the rules for it: a list may be named after its scheme."""
    if isinstance(value, list):
        yield from ((row, rules) for row in value)
    elif not isinstance(value, dict):
        yield value, rules
    elif (inner := _inside(value)) is not None:
        yield from ((row, rules) for row in inner)
    elif any(key.lower() in SCHEMES and isinstance(listed, list) for key, listed in value.items()):
        for key, listed in value.items():
            if key.lower() in SCHEMES and isinstance(listed, list):
                yield from ((row, rules._replace(scheme=scheme_of(key))) for row in listed)
    else:
        yield value, rules


def _inside(value: dict[str, object], depth: int = 3) -> list[object] | None:
    for key in _ENVELOPES if depth else ():
        inner = value.get(key)
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict) and (found := _inside(inner, depth - 1) or _as_list(inner)) is not None:
            return found
    return None


def _as_list(value: dict[str, object]) -> list[object] | None:
    """The objects of `{"11": {...}, "12": {...}}`, an object used as a list."""
    return list(value.values()) if value and all(isinstance(row, dict) for row in value.values()) else None


def _judge(row: object, number: int, rules: Rules) -> list[Verdict]:
    if isinstance(row, str):
        return [judge(row, number, rules)]
    if isinstance(row, dict):
        return judge_row(_flat(row), number, rules)
    return [Verdict(number, None, "bad_row")]


def _flat(row: dict[str, object]) -> dict[str, object]:
    """The columns of an object; what its nested objects say counts where it says nothing itself."""
    flat = _level(row)
    for key in _NESTED:
        nested = row.get(key)
        if isinstance(nested, dict):
            flat = {**_level(nested), **flat}
    return flat


def _level(row: dict[str, object]) -> dict[str, object]:
    told: dict[str, object] = {}
    for key, value in row.items():
        field = column(key)
        if field is not None and not (key in _NESTED and isinstance(value, dict)):
            simple = _simple(value, first=field == "region")
            if simple is not None:
                told.setdefault(field, simple)
    return told


def _simple(value: object, *, first: bool) -> object:
    """The telling part of `{"iso_code": "RU", "names": {"en": "Russia"}}` and its like."""
    if first and isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return value
    names = value.get("names")
    parts = {**names, **value} if isinstance(names, dict) else value
    preferred = reversed(_NAMES) if first else _NAMES
    return next((parts[name] for name in preferred if isinstance(parts.get(name), (str, int))), None)
