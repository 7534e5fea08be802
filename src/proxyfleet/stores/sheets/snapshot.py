"""A tab as it was read: rows found by identity, every cell judged, everything wrong named by row and column. Pure.

Unknown columns and rows without an address are the people's own and are never looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from proxyfleet.core.mirrored import SECRETS, Identity, Said, key_of
from proxyfleet.core.proxy import Scheme
from proxyfleet.core.uses import Use, uses_of
from proxyfleet.ports.sheet import CellProblem, SheetReading, SheetRow
from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.rows import judge_row
from proxyfleet.wire.text.words import claim

from .cells import Raw, is_number_as_text, plain, text_of
from .columns import ADDRESS, MIRRORED, SHOWN, USES, Layout

Line = Sequence[Raw]
NO_CELLS: Final[frozenset[tuple[int, int]]] = frozenset()
FAMILIES: Final = {scheme.value: scheme.family for scheme in Scheme}
_cached_text = lru_cache(maxsize=16_384, typed=True)(text_of)
_UNCACHED: Final = SECRETS | {"notes"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`lines` are the raw cells of the tab from its first row on; `hidden` cells (row, column from 0) lie under a merge."""

    at: float
    layout: Layout
    lines: Sequence[Line]
    rows: Mapping[str, SheetRow]
    problems: tuple[CellProblem, ...]
    hidden: frozenset[tuple[int, int]] = NO_CELLS

    @property
    def reading(self) -> SheetReading:
        """What services get of it."""
        return SheetReading(self.at, self.rows, frozenset(self.layout.columns), self.problems)

    def cell(self, row: int, name: str) -> Raw:
        """The raw cell of a field in a row (from 1); None where there is no such cell."""
        column = self.layout.columns.get(name)
        if column is None or not 0 < row <= len(self.lines):
            return None
        line = self.lines[row - 1]
        return line[column] if column < len(line) else None

    def key_at(self, row: int) -> str | None:
        """Which proxy stands in that row (from 1)."""
        found = (
            identity_in(self.lines[row - 1], self.layout, Rules(allow_private=True)) if row <= len(self.lines) else None
        )
        return None if found is None else key_of(found)


@dataclass(slots=True)
class _Found:
    """Rows and problems while a tab is read."""

    rows: dict[str, SheetRow] = field(default_factory=dict)
    problems: list[CellProblem] = field(default_factory=list)


def snapshot(
    lines: Sequence[Line], layout: Layout, rules: Rules, at: float, hidden: frozenset[tuple[int, int]] = NO_CELLS
) -> Snapshot:
    """Judge a tab."""
    found = _Found(problems=_of_headings(layout))
    reader = _Reader(layout, rules, hidden)
    for number in range(layout.header + 2, len(lines) + 1):
        line = lines[number - 1]
        if line:
            _take(found, reader.row(number, line))
            found.problems += reader.problems
            reader.problems.clear()
    return Snapshot(at, layout, lines, found.rows, tuple(found.problems), hidden)


def _of_headings(layout: Layout) -> list[CellProblem]:
    row = layout.header + 1
    return [
        *(CellProblem(row, heading, "unknown_heading") for heading, _ in layout.doubtful),
        *(CellProblem(row, heading, "duplicate_column") for heading in layout.twice),
        *(CellProblem(row, layout.heading(name), "missing_column") for name in USES if name not in layout.columns),
    ]


def _take(found: _Found, row: SheetRow | None) -> None:
    if row is None:
        return
    key = key_of(row.identity)
    first = found.rows.get(key)
    if first is not None:
        found.problems.append(CellProblem(row.rows[0], "", "duplicate_row"))
    found.rows[key] = row if first is None else _together(first, row)


def _together(first: SheetRow, second: SheetRow) -> SheetRow:
    """One row out of two of the same proxy: where they differ nothing is said; what either is used for counts."""
    same = {name: text for name, text in first.said.items() if second.said.get(name) == text}
    doubtful = (first.said.keys() | second.said.keys()) - same.keys()
    uses = {use.pair: use for use in (*second.uses, *first.uses)}
    return SheetRow(
        first.identity,
        first.rows + second.rows,
        same,
        tuple(uses.values()),
        first.unread | second.unread | (doubtful - set(USES)),
    )


def identity_in(line: Line, layout: Layout, rules: Rules) -> Identity | None:
    """The identity of the proxy in a line; None when there is none."""
    reader = _Reader(layout, rules, NO_CELLS)
    entry = reader.entry(1, line)
    return None if entry is None else identity_of(entry)


def identity_of(entry: Entry) -> Identity:
    """Family, host, port, user name."""
    return FAMILIES[entry.scheme], entry.host, entry.port, entry.username


class _Reader:
    """Judges lines; what is wrong with a line is in `problems` afterwards."""

    def __init__(self, layout: Layout, rules: Rules, hidden: frozenset[tuple[int, int]]) -> None:
        self._layout, self._rules, self._hidden = layout, rules, hidden
        columns = layout.columns
        self._address = [(name, columns[name]) for name in ADDRESS if name in columns]
        self._type = columns.get("type")
        self._plain = [(name, at) for name, at in columns.items() if name in MIRRORED and name not in (*USES, "scheme")]
        self.problems: list[CellProblem] = []

    def row(self, number: int, line: Line) -> SheetRow | None:
        """The proxy of a line; None when there is none, which is a problem only if the line looks like one."""
        entry = self.entry(number, line)
        if entry is None:
            return None
        said, unread = self._said(number, line)
        said["scheme"] = entry.scheme
        # An address without a password says nothing about it: it may be kept elsewhere.
        if entry.password is not None and "password" not in unread:
            said["password"] = entry.password
        if SHOWN in self._layout.columns:
            said[SHOWN] = _at(line, self._layout.columns[SHOWN])
        uses = self._uses(number, line, unread)
        said |= {name: _at(line, at) for name in USES if (at := self._layout.columns.get(name)) is not None}
        return SheetRow(identity_of(entry), (number,), said, uses, frozenset(unread))

    def entry(self, number: int, line: Line) -> Entry | None:
        """The address of a line."""
        cells = {name: line[at] for name, at in self._address if at < len(line) and line[at] not in ("", None)}
        if not cells.keys() - {"scheme", "port"} and not cells.get("port"):
            if self._is_used(line):
                self._note(number, self._address[0][0], "no_proxy")
            return None
        broken = next((name for name, value in cells.items() if str(value).startswith("#") and _breaks(value)), None)
        if broken is not None:
            self._note(number, broken, "formula_error")
            return None
        told: dict[str, object] = {name: plain(value) for name, value in cells.items()}
        if self._type is not None and self._type < len(line):
            told["type"] = plain(line[self._type])
        return self._judged(number, told, line)

    def _judged(self, number: int, told: dict[str, object], line: Line) -> Entry | None:
        password = self._password(line)
        if password and told.get("username"):
            told["password"] = password
        first, *others = judge_row(told, number, self._rules)
        if first.entry is None:
            reason = first.reason or "no_proxy"
            self._note(number, _column_of(reason, told), reason)
        elif others:
            self._note(number, "scheme", "several")
        return first.entry

    def _password(self, line: Line) -> str:
        at = self._layout.columns.get("password")
        return "" if at is None else _at(line, at)

    def _is_used(self, line: Line) -> bool:
        at = self._layout.columns.get("used_for", -1)
        return 0 <= at < len(line) and line[at] not in ("", None)

    def _said(self, number: int, line: Line) -> tuple[Said, set[str]]:
        said, unread = Said(), set[str]()
        width = len(line)
        for name, at in self._plain:
            value = line[at] if at < width else None
            if self._hidden and (number - 1, at) in self._hidden:
                unread.add(name)
                self._note(number, name, "merged_cells")
                continue
            try:
                said[name] = text_of(name, value) if name in _UNCACHED else _cached_text(name, value)
            except Refused as refused:
                unread.add(name)
                if not (name == "type" and at == self._type and _is_scheme(value)):
                    self._note(number, name, refused.code)
                continue
            self._remark(number, name, value)
        return said, unread

    def _remark(self, number: int, name: str, value: Raw) -> None:
        """Say what is read all the same, and looks wrong."""
        if name == "password" and isinstance(value, int | float):
            self._note(number, name, "text_as_number")
        elif isinstance(value, str) and is_number_as_text(name, value):
            self._note(number, name, "number_as_text")

    def _uses(self, number: int, line: Line, unread: set[str]) -> tuple[Use, ...]:
        places = [self._layout.columns.get(name, len(line)) for name in USES]
        if self._hidden and any((number - 1, at) in self._hidden for at in places):
            unread.add("used_for")
            self._note(number, "used_for", "merged_cells")
            return ()
        cells = [line[at] if at < len(line) else None for at in places]
        if not any(cells):
            return ()
        if any(isinstance(value, str) and _breaks(value) for value in cells):
            unread.add("used_for")
            self._note(number, "used_for", "formula_error")
            return ()
        uses, clear = uses_of(plain(cells[0]), plain(cells[1]), _time(cells[2]))
        if not clear:
            self._note(number, "taken_by", "long_list")
        return uses

    def _note(self, number: int, name: str, code: str) -> None:
        self.problems.append(CellProblem(number, self._layout.heading(name), code))


def _breaks(value: Raw) -> bool:
    try:
        text_of("notes", value)
    except Refused:
        return True
    return False


def _at(line: Line, column: int) -> str:
    return plain(line[column]) if column < len(line) else ""


def _time(value: Raw) -> str:
    """When a use began: people may have typed a real date."""
    is_date = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return text_of("expires_at", value) if is_date else plain(value)
    except Refused:
        return plain(value)


def _is_scheme(value: Raw) -> bool:
    found = claim(plain(value))
    return found is not None and found[0] == "scheme"


def _column_of(reason: str, told: Mapping[str, object]) -> str:
    """The column to look at for a reason why a row holds no proxy."""
    if reason in ("bad_port", "no_port") and "proxy" not in told:
        return "port"
    if reason == "unsupported_scheme" and "scheme" in told:
        return "scheme"
    if reason in ("bad_credentials", "control_characters") and "username" in told:
        return "username"
    return next((name for name in ("host", "ip", "proxy") if name in told), "host")
