"""Single cells of a row: text in, fields of `Extras` out.

What the list claims about a proxy (country, ASN, ...) is dropped when it cannot be read: claims are cheap. What its
owner says about it (expiry, capacity, cost, ...) would be acted on, so `Refused` says which column is wrong.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.entry import KINDS, SCHEMES, STATUSES
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.words import anonymity, proxy_type

_ASN: Final = re.compile(r"(?:AS)?\s*(\d{1,10})\b", re.ASCII | re.IGNORECASE)
_COUNT: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_MONEY: Final = re.compile(r"([$€£₽]|[A-Z]{3})?\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*([$€£₽]|[A-Z]{3})?", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,20})?(?:e-\d{1,2})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_SYMBOLS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "₽": "RUB"}
_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_MAX_TEXT: Final = 1024

Claims = Mapping[str, Any]  # Any: the fields of Extras have many types


def claims_of(field: str, text: str) -> Claims:
    """What a non-empty cell of a column says, by fields of `Extras`; empty for columns that say nothing there."""
    reader = _READERS.get(field)
    return {} if reader is None else reader(field, text)


def tags_of(words: list[object]) -> tuple[str, ...]:
    """Tags without blanks around them, each once."""
    return tuple(dict.fromkeys(tag[:64] for word in words if (tag := str(word).strip())))


def _text(field: str, text: str) -> Claims:
    return {field: text[:_MAX_TEXT]}


def _country(_field: str, text: str) -> Claims:
    return {"country": country_code(text)}


def _asn(_field: str, text: str) -> Claims:
    match = _ASN.match(text)
    return {"asn": int(match[1]) if match and 0 < int(match[1]) < 2**32 else None}


def _anonymity(_field: str, text: str) -> Claims:
    return {"anonymity": anonymity(text)}


def _type(_field: str, text: str) -> Claims:
    return {"type": proxy_type(text), "anonymity": anonymity(text)}


def _exit_address(_field: str, text: str) -> Claims:
    return {"exit_address": text[:64]}


def _tags(_field: str, text: str) -> Claims:
    return {"tags": tags_of([*re.split(r"[,;|]", text)])}


def _kind(field: str, text: str) -> Claims:
    if text.lower() not in KINDS:
        raise _bad(field)
    return {"kind": text.lower()}


def _expires_at(_field: str, text: str) -> Claims:
    return {"expires_at": expiry(text)}


def _count(field: str, text: str) -> Claims:
    if _COUNT.fullmatch(text) is None:
        raise _bad(field)
    return {field: int(text)}


def _seconds(field: str, text: str) -> Claims:
    if _SECONDS.fullmatch(text) is None:
        raise _bad(field)
    return {field: float(text)}


def _status(_field: str, text: str) -> Claims:
    """As an export of ours writes it; `Working` and the like of other people's lists say nothing."""
    return {"status": text.lower() if text.lower() in STATUSES else None}


def _speaks(_field: str, text: str) -> Claims:
    words = re.split(r"[\s,;|/]+", text.lower())
    return {"protocols": tuple(dict.fromkeys(word for word in words if word in SCHEMES)) or None}


def _cost(field: str, text: str) -> Claims:
    match = _MONEY.fullmatch(text)
    if match is None:
        raise _bad(field)
    sign = match[1] or match[3]
    return {field: Decimal(match[2].replace(",", ".")), "currency": _SYMBOLS.get(sign, sign)}


def _currency(field: str, text: str) -> Claims:
    code = _SYMBOLS.get(text, text.upper())
    if _CURRENCY.fullmatch(code) is None:
        raise _bad(field)
    return {"currency": code}


def _refresh_url(field: str, text: str) -> Claims:
    if _URL.fullmatch(text) is None:
        raise _bad(field)
    return {"refresh_url": text}


def _bad(field: str) -> Refused:
    return Refused("bad_value", f"column {field}")


_READERS: Final[Mapping[str, Callable[[str, str], Claims]]] = {
    "country": _country,
    "country_code": _country,
    "region": _text,
    "city": _text,
    "asn": _asn,
    "anonymity": _anonymity,
    "exit_address": _exit_address,
    "tags": _tags,
    "provider": _text,
    "type": _type,
    "kind": _kind,
    "expires_at": _expires_at,
    "capacity": _count,
    "max_connections": _count,
    "target_capacity": _count,
    "min_interval": _seconds,
    "status": _status,
    "speaks": _speaks,
    "source": _text,
    "cost_per_month": _cost,
    "cost_per_gb": _cost,
    "currency": _currency,
    "refresh_url": _refresh_url,
    "notes": _text,
}
CLAIMED: Final = frozenset(_READERS)
"""The columns that say something of that kind; the others are addresses and credentials."""
