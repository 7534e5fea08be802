"""Which format a list is in, told from its first bytes: a guess at the shape, which every reader survives."""

import json
import re
from typing import Final

from proxyfleet.wire.text.csvrows import header_of
from proxyfleet.wire.text.lines import decoded
from proxyfleet.wire.text.reasons import Refused

HEAD: Final = 4096

_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"SQLite format 3\0")
"""How gzip, zip, bzip2, xz, zstd and SQLite files begin."""
_STRAY: Final = 4
"""Control bytes that a text may hold by accident; they cost their lines only."""
_CONTROLS: Final = bytes({*range(32)} - set(b"\t\n\v\f\r\x1b"))
"""What a text has no use for, but every packed or compiled file is full of."""
_JSON_LIST: Final = re.compile(r"\[\s*(?:[\[{\"\]]|$)")
_MARKUP: Final = re.compile(r"<(?:!|[a-zA-Z?])")


def format_of(head: bytes) -> str:
    """`binary`, `json`, `ndjson`, `xml`, `html`, `csv` or `text` for the first HEAD bytes of a file."""
    if head.startswith(_PACKED) or _controls(head) > max(_STRAY, len(head) // 32):
        return "binary"
    text = decoded(head).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return "ndjson" if _is_ndjson(text) else "json"
    if _JSON_LIST.match(text):
        return "json"
    if _MARKUP.match(text):
        return "xml" if text.startswith("<?xml") and "<html" not in text[:1024].lower() else "html"
    return "csv" if _has_header(text) else "text"


def _controls(head: bytes) -> int:
    return len(head) - len(head.translate(None, _CONTROLS))


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
