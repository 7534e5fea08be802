"""Which format a list is in, told from its first bytes: a guess at the shape, which every reader survives."""

import json
import re
from typing import Final

from proxyfleet.wire.text.csvrows import header_of
from proxyfleet.wire.text.lines import decoded
from proxyfleet.wire.text.reasons import Refused

HEAD: Final = 4096

_GZIP: Final = b"\x1f\x8b"
_JSON_LIST: Final = re.compile(r"\[\s*(?:[\[{\"\]]|$)")
_MARKUP: Final = re.compile(r"<(?:!|[a-zA-Z?])")


def format_of(head: bytes) -> str:
    """`binary`, `json`, `ndjson`, `xml`, `html`, `csv` or `text` for the first HEAD bytes of a file."""
    if b"\0" in head or head.startswith(_GZIP):
        return "binary"
    text = decoded(head).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return "ndjson" if _is_ndjson(text) else "json"
    if _JSON_LIST.match(text):
        return "json"
    if _MARKUP.match(text):
        return "xml" if text.startswith("<?xml") and "<html" not in text[:1024].lower() else "html"
    return "csv" if _has_header(text) else "text"


def _is_ndjson(text: str) -> bool:
    first, _, rest = text.partition("\n")
    if not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _has_header(text: str) -> bool:
    first = text.splitlines()[0] if text else ""
    try:
        return any(mark in first for mark in ",;\t|") and header_of(first) is not None
    except Refused:
        return False
