"""Every write takes along what it overwrites: a log in the hidden tab of ours, filled by the same indivisible call.

Before any cell changes, Google copies the headings and, of each row that is written, its address and the cells that will be
overwritten, and notes the id of the write. So it can be told exactly, from the answer or from any later read, whether a
write was carried out, which rows it hit, and what people had put there a moment before. Pure.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from proxyfleet.core.mirrored import SECRETS

from .batch import CellEdit, address_columns
from .calls import Json
from .cells import Raw, plain
from .columns import Layout
from .snapshot import Line

TOP: Final = 5
"""The first row of the log, from 0; above it stands whose sheet it is, and the id of the last write."""
ROWS: Final = 2_000
"""Rows that one write may touch."""
LEFT: Final = 1
"""Columns of the log before those of the tab itself."""
ID_ROW: Final = 2
VALUE: Final = "userEnteredValue"


class LoggedRow(NamedTuple):
    """One row that was written: where (from 0), the fields by column, and its cells just before, without the `bare` ones."""

    row: int
    fields: Mapping[int, str]
    cells: Line
    bare: frozenset[int] = frozenset()


class Log(NamedTuple):
    """What the last write has noted: its id, the row of headings as it was, the rows."""

    id: str
    headings: Line
    rows: tuple[LoggedRow, ...]


def requests(
    write_id: str, mark: int, tab: int, layout: Layout, edits: Sequence[CellEdit], *, vault: bool
) -> list[Json]:
    """Requests to go before those that change cells. With `vault` no secret is copied."""
    by_row: dict[int, dict[int, str]] = {}
    for edit in edits:
        by_row.setdefault(edit.row, {})[edit.column] = edit.name
    hidden = {layout.columns[name] for name in SECRETS if vault and name in layout.columns}
    copied = sorted({*address_columns(layout), *(edit.column for edit in edits)} - hidden)
    whole = {"sheetId": mark, "startRowIndex": TOP}
    changes: list[Json] = [{"updateCells": {"range": whole, "fields": VALUE}}]
    changes.append(_copy(tab, mark, (layout.header, layout.header + 1), (0, layout.width), TOP))
    place = TOP + 1
    for top, bottom in _spans(sorted(by_row)):
        for left, right in _spans(copied):
            changes.append(_copy(tab, mark, (top, bottom), (left, right), place))
        place += bottom - top
    bare = sorted(hidden)
    notes = [json.dumps({"row": row, "fields": fields, "bare": bare}) for row, fields in sorted(by_row.items())]
    changes.append(_texts(mark, TOP + 1, 0, [[note] for note in notes]))
    changes.append(_texts(mark, ID_ROW, 0, [["write", write_id]]))
    return changes


def _spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
            yield numbers[start], numbers[at - 1] + 1
            start = at


def _copy(tab: int, mark: int, rows: tuple[int, int], columns: tuple[int, int], to: int) -> Json:
    def area(sheet: int, top: int, left: int) -> Json:
        height, width = rows[1] - rows[0], columns[1] - columns[0]
        return {
            "sheetId": sheet,
            "startRowIndex": top,
            "endRowIndex": top + height,
            "startColumnIndex": left,
            "endColumnIndex": left + width,
        }

    source, target = area(tab, rows[0], columns[0]), area(mark, to, LEFT + columns[0])
    return {"copyPaste": {"source": source, "destination": target, "pasteType": "PASTE_VALUES"}}


def _texts(sheet: int, row: int, column: int, lines: Sequence[Sequence[str]]) -> Json:
    rows = [{"values": [{VALUE: {"stringValue": text}} for text in line]} for line in lines]
    return {
        "updateCells": {
            "start": {"sheetId": sheet, "rowIndex": row, "columnIndex": column},
            "rows": rows,
            "fields": VALUE,
        }
    }


def log_of(lines: Sequence[Line]) -> Log | None:
    """The log that the hidden tab holds; None when nothing was written yet, or what is there is not ours."""
    write_id = next((plain(line[1]) for line in lines[:TOP] if len(line) > 1 and plain(line[0]) == "write"), "")
    if not write_id:
        return None
    headings = _cells(lines, TOP)
    return Log(write_id, headings, tuple(_rows(lines[TOP + 1 :])))


def _cells(lines: Sequence[Line], row: int) -> Line:
    return lines[row][LEFT:] if row < len(lines) else []


def _rows(lines: Iterable[Line]) -> Iterator[LoggedRow]:
    for line in lines:
        try:
            told = json.loads(plain(line[0]) if line else "")
            fields = {int(at): str(name) for at, name in told["fields"].items()}
            yield LoggedRow(int(told["row"]), fields, line[LEFT:], frozenset(map(int, told["bare"])))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # people have been at the tab that asks them not to


def cell(line: Line, column: int) -> Raw:
    """A cell of a logged line; None beyond its end."""
    return line[column] if column < len(line) else None
