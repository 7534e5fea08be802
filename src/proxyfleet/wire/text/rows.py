"""One row of a table (CSV, JSON, HTML, labelled text): named values in, verdicts out.

A row names its parts, so nothing is guessed here; whatever an address column holds is read as a line would be.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from proxyfleet.wire.text.cells import CLAIMED, claims_of, tags_of
from proxyfleet.wire.text.checks import MAX_LINE, Draft, Rules, entry_of
from proxyfleet.wire.text.endpoint import Found, is_naked_ipv6
from proxyfleet.wire.text.entry import SCHEMES, Entry, Extras, Verdict, masked
from proxyfleet.wire.text.fields import delimited
from proxyfleet.wire.text.lines import Guessed
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.words import claim, is_yes

Row = Mapping[str, object]

_NOTHING: Final = frozenset({"", "-", "null", "none", "n/a", "nan", "unknown"})
_SEPARATORS: Final = re.compile(r"[\s,;|/]+")
_MORE_TELLING: Final = frozenset({"country_code", "currency", "anonymity"})
_NO_EXTRAS: Final = Extras()


def judge_row(row: Row, line: int, rules: Rules) -> list[Verdict]:
    """The verdicts on one row, whose keys are fields of columns.SYNONYMS: one entry for each scheme it names."""
    try:
        return [Verdict(line, entry, None, ambiguous) for entry, ambiguous in _entries(row, rules)]
    except Refused as refused:
        excerpt = refused.detail or masked(text_of(row, "host") or text_of(row, "ip") or "")
        return [Verdict(line, None, refused.code, False, excerpt)]


def trusted(verdict: Verdict, text: str) -> Verdict:
    """`verdict` on what stood in `text`, unless its credentials came out of a guessed encoding."""
    entry = verdict.entry
    if entry is None or not isinstance(text, Guessed) or f"{entry.username}{entry.password}".isascii():
        return verdict
    return Verdict(verdict.line, None, "bad_encoding", False, masked(text))


def text_of(row: Row, field: str) -> str | None:
    """A field as text without surrounding blanks; None for absent, empty and the words lists write for nothing."""
    text = _plain(row.get(field))
    if text is None:
        return None
    text = text.strip()
    return None if text.lower() in _NOTHING else text


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else ""  # printing huge numbers takes quadratic time
    return None


def _entries(row: Row, rules: Rules) -> list[tuple[Entry, bool]]:
    found = _address(row)
    username, password = _plain(row.get("username")), _plain(row.get("password"))
    draft = found.draft._replace(username=username, password=password) if username or password else found.draft
    schemes = _schemes(row)
    extras = _extras(row, found, schemes, rules)
    if len(schemes) < 2:
        scheme = schemes[0] if schemes else draft.scheme
        return [(entry_of(draft._replace(scheme=scheme), rules, extras), found.ambiguous)]
    entries = [entry_of(draft._replace(scheme=scheme), rules, extras) for scheme in schemes]
    return [(entry, found.ambiguous) for entry in dict.fromkeys(entries)]


def _address(row: Row) -> Found:
    port = text_of(row, "port")
    host = text_of(row, "host") or text_of(row, "ip")
    if host is not None and port is not None:
        scheme, _, bare = host.rpartition("://")
        bare = bare.rstrip("/")
        return Found(Draft(f"[{bare}]" if is_naked_ipv6(bare) else bare, port, scheme=scheme))
    whole = text_of(row, "proxy") or host
    if whole is None:
        raise Refused("no_proxy")
    if len(whole) > MAX_LINE:
        raise Refused("too_long")
    return delimited(whole)


def _schemes(row: Row) -> list[str]:
    """The schemes a row names, each once."""
    listed = row.get("protocols")
    words = [str(word) for word in listed[:8]] if isinstance(listed, list) else _words(text_of(row, "protocols"))
    words += _words(text_of(row, "scheme"))
    if not words:
        kind, value = claim(text_of(row, "type") or "") or ("", "")
        return [value] if kind == "scheme" else []
    names = list(dict.fromkeys("socks5" if word.lower() == "socks" else word.lower() for word in words))
    if any(name not in SCHEMES for name in names):
        raise Refused("unsupported_scheme")
    return names


def _words(text: str | None) -> list[str]:
    # `Version: 4` is no scheme
    return [word for word in _SEPARATORS.split(text) if word[:1].isalpha()] if text else []


def _cell(row: Row, field: str, rules: Rules) -> str | None:
    """Notes are kept to the letter; what a free list calls a status or a source is its own business."""
    if field == "notes":
        return _plain(row[field]) or None
    return None if rules.free_list and field in ("status", "source") else text_of(row, field)


def _extras(row: Row, found: Found, schemes: list[str], rules: Rules) -> Extras | None:
    told: dict[str, Any] = {}  # Any: the fields of Extras have many types
    for field in row:
        text = _cell(row, field, rules) if field in CLAIMED else None
        if text is not None:
            _note(told, claims_of(field, text), overrule=field in _MORE_TELLING)
    tags = row.get("tags")
    if isinstance(tags, list):
        told["tags"] = tags_of(tags)
    if "host" in row and "ip" in row and text_of(row, "ip") != text_of(row, "host"):
        told.setdefault("exit_address", text_of(row, "ip"))
    protocols = _protocols(row, found, schemes)
    if protocols:
        told["protocols"] = protocols
    return (found.extras or _NO_EXTRAS)._replace(**told) if told else found.extras


def _note(told: dict[str, Any], claims: Mapping[str, Any], *, overrule: bool) -> None:
    for name, value in claims.items():
        if value is not None and (overrule or name not in told):
            told[name] = value


def _protocols(row: Row, found: Found, schemes: list[str]) -> tuple[str, ...]:
    """What the endpoint is said to speak, where that is more than its scheme: a yes under `https` means CONNECT."""
    scheme = schemes[0] if schemes else found.draft.scheme
    if "https" in row and is_yes(row["https"]) and not scheme.startswith("socks"):
        return tuple(dict.fromkeys((*schemes, "http", "https")))
    return tuple(schemes) if len(schemes) > 1 else ()
