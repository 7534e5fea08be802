"""One row of a table (CSV, JSON, HTML, labelled text): named values in, verdicts out.

A row names its parts, so nothing is guessed here; whatever an address column holds is read as a line would be.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from proxyfleet.wire.text.checks import MAX_LINE, Draft, Rules, entry_of
from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.endpoint import Found, is_naked_ipv6
from proxyfleet.wire.text.entry import KINDS, SCHEMES, Entry, Extras, Verdict, masked
from proxyfleet.wire.text.fields import delimited
from proxyfleet.wire.text.lines import Guessed
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.words import anonymity, claim, is_yes, proxy_type

Row = Mapping[str, object]

_NOTHING: Final = frozenset({"", "-", "null", "none", "n/a", "nan", "unknown"})
_ASN: Final = re.compile(r"(?:AS)?\s*(\d{1,10})\b.*", re.ASCII | re.IGNORECASE | re.DOTALL)
_MONEY: Final = re.compile(r"([$€£₽]|[A-Z]{3})?\s*(\d{1,9}(?:[.,]\d{1,6})?)\s*([$€£₽]|[A-Z]{3})?", re.ASCII)
_SYMBOLS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "₽": "RUB"}
_SEPARATORS: Final = re.compile(r"[\s,;|/]+")
_MAX_TEXT: Final = 1024


def judge_row(row: Row, line: int, rules: Rules) -> list[Verdict]:
    """The verdicts on one row, whose keys are fields of columns.SYNONYMS: one entry for each scheme it names."""
    try:
        return [Verdict(line, entry, None, ambiguous) for entry, ambiguous in _entries(row, rules)]
    except Refused as refused:
        excerpt = refused.detail or masked(f"{text_of(row, 'host') or text_of(row, 'ip') or ''}")
        return [Verdict(line, None, refused.code, False, excerpt)]


def trusted(verdict: Verdict, text: str) -> Verdict:
    """`verdict` on what stood in `text`, unless its credentials came out of a guessed encoding."""
    entry = verdict.entry
    if entry is None or not isinstance(text, Guessed) or f"{entry.username}{entry.password}".isascii():
        return verdict
    return Verdict(verdict.line, None, "bad_encoding", False, masked(text))


def text_of(row: Row, field: str) -> str | None:
    """A field as text without surrounding blanks; None for absent, empty and the words lists write for nothing."""
    value = row.get(field)
    if value is None or isinstance(value, (bool, dict, list)):
        return None
    text = _plain(value).strip()
    return None if text.lower() in _NOTHING else text


def _entries(row: Row, rules: Rules) -> list[tuple[Entry, bool]]:
    found = _address(row)
    draft = _with_credentials(found.draft, row)
    schemes, protocols = _schemes(row)
    extras = _extras(row, found, protocols)
    entries: dict[str, Entry] = {}
    for scheme in schemes or (draft.scheme,):
        entry = entry_of(draft._replace(scheme=scheme), rules, extras)
        entries.setdefault(entry.scheme, entry)
    return [(entry, found.ambiguous) for entry in entries.values()]


def _address(row: Row) -> Found:
    port = text_of(row, "port")
    host = text_of(row, "host") or text_of(row, "ip")
    if host is not None and port is not None:
        scheme, mark, rest = host.rpartition("://")
        host = rest.rstrip("/") if mark else host
        return Found(Draft(f"[{host}]" if is_naked_ipv6(host) else host, port, scheme=scheme))
    whole = text_of(row, "proxy") or host
    if whole is None:
        raise Refused("no_proxy")
    if len(whole) > MAX_LINE:
        raise Refused("too_long")
    return delimited(whole)


def _with_credentials(draft: Draft, row: Row) -> Draft:
    username, password = _secret(row.get("username")), _secret(row.get("password"))
    if not username and not password:
        return draft
    return draft._replace(username=username, password=password)


def _secret(value: object) -> str | None:
    return None if value is None or isinstance(value, (bool, dict, list)) else _plain(value)


def _plain(value: object) -> str:
    # Digits of huge integers would take quadratic time to print.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and abs(value) > 10**18:
        return ""
    return str(value)


def _schemes(row: Row) -> tuple[list[str], tuple[str, ...]]:
    """The schemes to make entries of, and all protocols the row claims."""
    listed = row.get("protocols")
    words = [str(word) for word in listed] if isinstance(listed, list) else _words(text_of(row, "protocols"))
    words = [*words[:8], *_words(text_of(row, "scheme"))]
    if not words:
        kind, value = claim(text_of(row, "type") or "") or ("", "")
        words = [value] if kind == "scheme" else []
    names = list(dict.fromkeys("socks5" if word.lower() == "socks" else word.lower() for word in words))
    if any(name not in SCHEMES for name in names):
        raise Refused("unsupported_scheme")
    return names, tuple(names) if len(names) > 1 else ()


def _words(text: str | None) -> list[str]:
    return [word for word in _SEPARATORS.split(text or "") if word[:1].isalpha()]  # `Version: 4` is no scheme


def _extras(row: Row, found: Found, protocols: tuple[str, ...]) -> Extras | None:
    told: dict[str, Any] = {**dict(_claims(row)), **dict(_terms(row))}  # Any: the fields of Extras have many types
    if is_yes(row.get("https")) and _is_http(row, found):
        protocols = tuple(dict.fromkeys((*protocols, "http", "https")))
    if protocols:
        told["protocols"] = protocols
    told = {name: value for name, value in told.items() if value is not None}
    return replace(found.extras or Extras(), **told) if told else found.extras


def _is_http(row: Row, found: Found) -> bool:
    scheme = text_of(row, "scheme") or text_of(row, "type") or found.draft.scheme
    return not scheme.lower().startswith("socks")


def _claims(row: Row) -> Iterator[tuple[str, object]]:
    """What the list says about the proxy; a claim that cannot be read is dropped, for claims are cheap."""
    country = text_of(row, "country_code") or ""
    yield "country", country_code(country) or country_code(text_of(row, "country") or "")
    yield "region", _short(row, "region")
    yield "city", _short(row, "city")
    match = _ASN.fullmatch(text_of(row, "asn") or "")
    yield "asn", int(match[1]) if match and 0 < int(match[1]) < 2**32 else None
    kind = text_of(row, "type") or ""
    yield "anonymity", anonymity(text_of(row, "anonymity") or "") or anonymity(kind)
    exit_address = text_of(row, "exit_address")
    if exit_address is None and text_of(row, "host") is not None and text_of(row, "ip") != text_of(row, "host"):
        exit_address = text_of(row, "ip")
    yield "exit_address", exit_address and exit_address[:64]
    yield "provider", _short(row, "provider")
    yield "type", proxy_type(kind)
    yield "notes", _short(row, "notes")


def _terms(row: Row) -> Iterator[tuple[str, object]]:
    """What the owner says about the proxy; a value that cannot be read refuses the row, for it would be acted on."""
    tags = row.get("tags")
    words = (
        [str(tag).strip() for tag in tags] if isinstance(tags, list) else re.split(r"[,;|]", text_of(row, "tags") or "")
    )
    yield "tags", tuple(tag.strip()[:64] for tag in words if tag.strip()) or None
    yield "kind", _one_of(row, "kind", KINDS)
    expires = text_of(row, "expires_at")
    yield "expires_at", None if expires is None else expiry(expires)
    yield "capacity", _count(row, "capacity")
    for field in ("cost_per_month", "cost_per_gb"):
        amount, currency = _money(row, field)
        yield field, amount
        if currency:
            yield "currency", currency
    yield "currency", _currency(row)
    refresh_url = text_of(row, "refresh_url")
    if refresh_url is not None and not re.fullmatch(r"https?://\S+", refresh_url):
        raise Refused("bad_value", "column refresh_url")
    yield "refresh_url", refresh_url


def _short(row: Row, field: str) -> str | None:
    text = text_of(row, field)
    return None if text is None else text[:_MAX_TEXT]


def _one_of(row: Row, field: str, allowed: tuple[str, ...]) -> str | None:
    text = text_of(row, field)
    if text is None or text.lower() in allowed:
        return None if text is None else text.lower()
    raise Refused("bad_value", f"column {field}")


def _count(row: Row, field: str) -> int | None:
    text = text_of(row, field)
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
        raise Refused("bad_value", f"column {field}")
    return int(text)


def _money(row: Row, field: str) -> tuple[Decimal | None, str | None]:
    text = text_of(row, field)
    if text is None:
        return None, None
    match = _MONEY.fullmatch(text)
    if match is None:
        raise Refused("bad_value", f"column {field}")
    sign = match[1] or match[3]
    return Decimal(match[2].replace(",", ".")), _SYMBOLS.get(sign, sign) if sign else None


def _currency(row: Row) -> str | None:
    text = text_of(row, "currency")
    if text is None:
        return None
    code = _SYMBOLS.get(text, text.upper())
    if not re.fullmatch(r"[A-Z]{3}", code, re.ASCII):
        raise Refused("bad_value", "column currency")
    return code
