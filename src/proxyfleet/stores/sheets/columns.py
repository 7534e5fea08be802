"""Which column of a sheet is which field: found by their headings, in any order, beside columns that are the people's own.

Headings are read as `wire.text` reads those of lists; here are only the words that lists do not have. Reads and writes no cell.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from proxyfleet.core.mirrored import DETAILS, FIELDS
from proxyfleet.wire.text import columns as lists

USES: Final = ("used_for", "taken_by", "taken_at")
"""The record of assignments."""
SHOWN: Final = "days_left"
"""Written for people, never read."""
OWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "used_for": ("used for", "in use for", "resource", "resources", "занят для", "используется для", "用途"),
        "taken_by": ("taken by", "used by", "holder", "кем занят", "使用者"),
        "taken_at": ("taken at", "taken on", "used since", "когда занят"),
        "days_left": ("days left", "days remaining", "remaining days", "осталось дней", "剩余天数"),
        "status": ("status", "статус", "状态"),
        "max_connections": ("max connections", "connections"),
        "min_interval": ("min interval", "minimum interval", "seconds between uses"),
        "target_capacity": ("target capacity", "capacity per target"),
    }
)  # fmt: skip
ADDRESS: Final = ("proxy", "host", "ip", "port", "scheme", "username")
TEMPLATE: Final = (
    "scheme", "host", "port", "username", "password", "type", "country", "city", "provider", "tags", "capacity",
    "expires_at", "days_left", "status", "used_for", "taken_by", "taken_at", "notes",
)  # fmt: skip
"""The columns of a sheet that begins empty."""
NEEDED: Final = (*USES, "status", SHOWN)
"""Created when they are missing."""
TELLING: Final = ("scheme", "username", "password")
"""Created too unless one column holds whole addresses: without them a SOCKS proxy or a user name could not be written."""
HEADER_WITHIN: Final = 10
"""The header is looked for in so many rows, because people put titles above it."""
_PUNCTUATION: Final = re.compile(r"[\W_]+")


def _key(heading: str) -> str:
    return _PUNCTUATION.sub("", heading.lower())[:64]


_OWN: Final = {_key(name): field for field, names in OWN.items() for name in names}
_KNOWN: Final = {*ADDRESS, *FIELDS, *OWN}
_WORDS: Final = sorted(
    {*_OWN, *(_key(name) for field, names in lists.SYNONYMS.items() if field in _KNOWN for name in names)}
)
_UNREAD: Final = frozenset({"code"})
"""Headings that mean a country in lists and anything at all in a sheet."""


def heading_of(field_name: str) -> str:
    """How a column that we create is called: `expires_at` is `Expires at`."""
    return field_name.replace("_", " ").capitalize()


def field_of(heading: str) -> str | None:
    """The field that a heading names; None for a column of the people's own."""
    own = _OWN.get(_key(heading))
    if own is not None or _key(heading) in _UNREAD:
        return own
    found = lists.column(heading)
    return found if found in _KNOWN or found == "country_code" else None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are: `header` is the row of the headings and `columns` maps fields to columns, both from 0.

    `extra` are the people's own headings, `doubtful` those close to a word we know, with that word; `twice` names fields
    that have more than one column: the first counts.
    """

    header: int
    columns: Mapping[str, int]
    width: int
    extra: tuple[str, ...] = ()
    doubtful: tuple[tuple[str, str], ...] = ()
    twice: tuple[str, ...] = ()
    headings: Mapping[int, str] = field(default_factory=dict)

    def heading(self, field_name: str) -> str:
        """What the people call the column of a field."""
        return self.headings.get(self.columns.get(field_name, -1), heading_of(field_name))

    @property
    def missing(self) -> tuple[str, ...]:
        """What has no column and needs one."""
        wanted = NEEDED if "proxy" in self.columns else (*TELLING, *NEEDED)
        return tuple(name for name in wanted if name not in self.columns)


def layout_of(lines: Sequence[Sequence[object]]) -> Layout | None:
    """The layout of a tab, or None when none of its first rows names columns for host and port."""
    for at, cells in enumerate(lines[:HEADER_WITHIN]):
        found = _columns([str(cell) for cell in cells])
        known = found[0].keys()
        if "proxy" in known or ("port" in known and known & lists.ADDRESS):
            width = max(len(line) for line in lines)
            return Layout(at, MappingProxyType(found[0]), width, *found[1:])
    return None


def _columns(
    cells: Sequence[str],
) -> tuple[dict[str, int], tuple[str, ...], tuple[tuple[str, str], ...], tuple[str, ...], dict[int, str]]:
    columns: dict[str, int] = {}
    extra, doubtful, twice = list[str](), list[tuple[str, str]](), list[str]()
    for at, heading in enumerate(cells):
        name = field_of(heading)
        if name is not None and name not in columns:
            columns[name] = at
        elif name is not None:
            twice.append(heading)
        elif heading.strip():
            extra.append(heading)
            near = difflib.get_close_matches(_key(heading), _WORDS, n=1, cutoff=0.85)
            doubtful += [(heading, near[0])] if near else []
    code = columns.pop("country_code", None)
    if code is not None:
        columns.setdefault("country", code)
    return columns, tuple(extra), tuple(doubtful), tuple(twice), dict(enumerate(cells))


MIRRORED: Final = frozenset({*FIELDS, *USES})
"""Fields that are read from cells of their own; what makes the identity is read together."""
NUMBERS: Final = frozenset({"port", "capacity", "days_left", "asn", "cost_per_month", "cost_per_gb", *DETAILS[:3]})
"""Columns that hold numbers; everything else is text, dates apart."""
