"""Tells from the log of a write what became of it: rows that show it, cells it hit by mistake, edits that it covered. Pure.

Rows and columns may move between the read that gave their numbers and the write, and people may edit the very cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from proxyfleet.core.mirrored import Said, key_of, remembered
from proxyfleet.core.uses import CELLS
from proxyfleet.ports.sheet import OpenWrite
from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.reasons import Refused

from .batch import CellEdit
from .cells import Raw, plain, text_of
from .columns import Layout, layout_of
from .snapshot import Snapshot, identity_in
from .undo import Log, LoggedRow, cell

ANYWHERE = Rules(allow_private=True)


class Stray(NamedTuple):
    """A cell that a write has hit and must not have: in the row of `key`, or of no proxy (""), at `row` (from 0), under `heading`.

    It holds `wrong` (None: not known any more) and held `before`; it was `meant` for that row.
    """

    key: str
    row: int
    heading: str
    wrong: Raw
    before: Raw
    meant: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One write as it left: its id, on which snapshot it stood, and each cell with the key of the row it was meant for."""

    id: str
    stood_on: Snapshot
    cells: tuple[tuple[str, CellEdit], ...]


class Outcome(NamedTuple):
    """`missed` are the keys of rows that do not show what was meant for them."""

    missed: frozenset[str]
    strays: tuple[Stray, ...]


def outcome_of(sent: Sent, log: Log) -> Outcome:
    """What became of a write of this process that has been carried out."""
    edits = {(edit.row, edit.column): (key, edit) for key, edit in sent.cells}
    missed: set[str] = set()
    strays: list[Stray] = []
    was = sent.stood_on.layout
    then = _layout(log, was)
    for row in log.rows:
        found = _key(row, then)
        for column, name in row.fields.items():
            key, edit = edits.get((row.row, column), ("", None))
            if edit is None:
                continue
            there = then.columns.get(name) == column if name else _heading(then, column) == _heading(was, column)
            hit = found == key and there
            bare, heading = column in row.bare, _heading(then, column)
            before = cell_under(sent.stood_on, found, heading) if bare else cell(row.cells, column)
            if hit and (bare or plain(before) == plain(_believed(sent.stood_on, row.row, column))):
                continue
            missed.add(key)
            strays.append(Stray(found, row.row, heading, value_of(edit), before, key))
    return Outcome(frozenset(missed), tuple(strays))


def outcome_after_a_crash(
    writes: Sequence[OpenWrite], log: Log, now: Layout, agreed: dict[str, Said], fleet: str
) -> Outcome:
    """The same for a write of a process that is gone: what it believed to overwrite is what was agreed on last."""
    by_row = {write.row - 1: write for write in writes if write.row}
    missed: set[str] = set()
    strays: list[Stray] = []
    then = _layout(log, now)
    for row in log.rows:
        write = by_row.get(row.row)
        found = _key(row, then)
        if write is None:
            continue  # it was seen before and is settled, or only mended
        for column, name in row.fields.items():
            key, before = write.key, cell(row.cells, column)
            hit = found == key and then.columns.get(name) == column
            if column in row.bare:
                continue  # nobody knows any more what was there
            if hit and _agrees(name, before, agreed.get(key, {}), fleet):
                continue
            missed.add(key)
            strays.append(Stray(found, row.row, _heading(then, column), None, before, key))
    return Outcome(frozenset(missed), tuple(strays))


def _layout(log: Log, otherwise: Layout) -> Layout:
    """The columns as they were when the write was carried out; those it believed in where no headings were there."""
    return layout_of([list(log.headings)]) or otherwise


def _key(row: LoggedRow, then: Layout) -> str:
    found = identity_in(row.cells, then, ANYWHERE)
    return key_of(found) if found else ""


def _heading(then: Layout, column: int) -> str:
    return plain(then.headings.get(column))


def _believed(snapshot: Snapshot, row: int, column: int) -> Raw:
    return cell(snapshot.lines[row], column) if row < len(snapshot.lines) else None


def _agrees(name: str, before: Raw, agreed: Said, fleet: str) -> bool:
    try:
        text = plain(before) if name in CELLS else text_of(name, before)
    except Refused:
        return False
    return remembered({name: text}, fleet)[name] == agreed.get(name, "")


def value_of(edit: CellEdit) -> Raw:
    """The cell as a read would give it, once it is there."""
    value = edit.value
    return next(iter(value.values()), None)


def located(stray: Stray, now: Snapshot) -> tuple[int, int] | None:
    """Row and column (from 0) where the cell is now; None when it does not hold the wrong value any more."""
    at = column_of(now, stray.heading)
    if at is None:
        return None
    row = now.rows.get(stray.key)
    places = [number - 1 for number in row.rows] if row is not None else _nobodys(stray, now)
    return next((place_at for place in places if _is_wrong(stray, now, place_at := (place, at))), None)


def _is_wrong(stray: Stray, now: Snapshot, place: tuple[int, int]) -> bool:
    value = cell(now.lines[place[0]], place[1]) if place[0] < len(now.lines) else None
    if stray.wrong is None and not stray.key:
        return plain(value) != plain(stray.before) and place[0] == stray.row
    return plain(value) != plain(stray.before) if stray.wrong is None else plain(value) == plain(stray.wrong)


def _nobodys(stray: Stray, now: Snapshot) -> list[int]:
    """Rows of no proxy, the one that was hit first."""
    if stray.key:
        return []  # the row is gone
    taken = {number - 1 for row in now.rows.values() for number in row.rows}
    free = [place for place in range(now.layout.header + 1, max(len(now.lines), stray.row + 1)) if place not in taken]
    return sorted(free, key=lambda place: abs(place - stray.row))


def cell_under(snapshot: Snapshot, key: str, heading: str) -> Raw:
    """The raw cell of that row under that heading; None where there is no such cell."""
    row, at = snapshot.rows.get(key), column_of(snapshot, heading)
    return None if row is None or at is None else cell(snapshot.lines[row.rows[0] - 1], at)


def column_of(snapshot: Snapshot, heading: str) -> int | None:
    """The first column with that heading; None without one."""
    if not heading:
        return None
    return next((at for at, name in snapshot.layout.headings.items() if plain(name) == heading), None)
