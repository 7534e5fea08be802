"""A write as one call: cells and new rows into a `spreadsheets.batchUpdate`, and its answer into raw cells. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from .calls import Json
from .cells import Raw, entered
from .columns import ADDRESS, Layout

VALUE: Final = "userEnteredValue"
DATED: Final = "userEnteredValue,userEnteredFormat.numberFormat"
SEEN: Final = "replies,updatedSpreadsheet.sheets.data.rowData.values.effectiveValue"


class CellEdit(NamedTuple):
    """One cell, row and column from 0, with the field it belongs to and its new text; `raw` is written as it is instead."""

    row: int
    column: int
    name: str
    text: str
    raw: Raw = None
    is_raw: bool = False
    dated: bool = False
    """Whether the cell has to be made a date first: it was empty."""

    @property
    def value(self) -> Json:
        """`ExtendedValue`."""
        return extended(self.raw) if self.is_raw else entered(self.name, self.text)


def extended(value: Raw) -> Json:
    """A raw cell as it is written back."""
    if value is None or value == "":
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"numberValue": value} if isinstance(value, int | float) else {"stringValue": value}


def requests(tab_id: int, edits: Sequence[CellEdit]) -> list[Json]:
    """One `updateCells` for each run of cells side by side; equal runs below each other are one block."""
    runs = list(_runs(sorted(edits, key=lambda one: (one.dated, one.row, one.column))))
    return [_update(tab_id, stack) for stack in _stacks(runs)]


def _runs(edits: Sequence[CellEdit]) -> Iterator[list[CellEdit]]:
    run: list[CellEdit] = []
    for edit in edits:
        follows = run and (edit.row, edit.column, edit.dated) == (run[-1].row, run[-1].column + 1, run[-1].dated)
        if run and not follows:
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def _stacks(runs: Sequence[list[CellEdit]]) -> Iterator[list[list[CellEdit]]]:
    by_shape = sorted(runs, key=lambda run: (run[0].dated, run[0].column, len(run), run[0].row))
    for _, same in groupby(by_shape, key=lambda run: (run[0].dated, run[0].column, len(run))):
        stack: list[list[CellEdit]] = []
        for run in same:
            if stack and run[0].row != stack[-1][0].row + 1:
                yield stack
                stack = []
            stack.append(run)
        yield stack


def _update(tab_id: int, stack: Sequence[Sequence[CellEdit]]) -> Json:
    first = stack[0][0]
    start = {"sheetId": tab_id, "rowIndex": first.row, "columnIndex": first.column}
    rows = [{"values": [_cell(edit.value, edit.dated) for edit in run]} for run in stack]
    return {"updateCells": {"start": start, "rows": rows, "fields": DATED if first.dated else VALUE}}


def _cell(value: Json, dated: bool) -> Json:
    told: Json = {VALUE: value} if value else {}
    return told | ({"userEnteredFormat": {"numberFormat": {"type": "DATE"}}} if dated else {})


def append_request(tab_id: int, layout: Layout, rows: Sequence[Mapping[str, str]]) -> Json:
    """New rows below the last one that holds something, wherever that is then; texts by field."""
    width = 1 + max(layout.columns.values())
    by_column = {at: name for name, at in layout.columns.items()}
    if "host" not in layout.columns and "ip" in layout.columns:
        by_column[layout.columns["ip"]] = "host"
    lines, dated = [], any(row.get("expires_at") for row in rows)
    for row in rows:
        names = [by_column.get(at, "") for at in range(width)]
        lines.append({"values": [_new_cell(name, row.get(name, "")) for name in names]})
    return {"appendCells": {"sheetId": tab_id, "rows": lines, "fields": DATED if dated else VALUE}}


def _new_cell(name: str, text: str) -> Json:
    return _cell(entered(name, text), dated=name == "expires_at" and bool(text))


def address_columns(layout: Layout) -> list[int]:
    """The columns that say which proxy a row is."""
    return [layout.columns[name] for name in (*ADDRESS, "type") if name in layout.columns]


def body_of(changes: Sequence[Json], ranges: Sequence[str]) -> Json:
    """The whole body of the call."""
    return {
        "requests": list(changes),
        "includeSpreadsheetInResponse": True,
        "responseIncludeGridData": True,
        "responseRanges": list(ranges),
    }


def seen_in(told: Json) -> list[list[Raw]]:
    """The raw cells that the answer shows, line by line from the first row of the tab; empty when it shows none."""
    lines: list[list[Raw]] = []
    for sheet in (told.get("updatedSpreadsheet") or {}).get("sheets") or []:
        for data in sheet.get("data") or []:
            for row in data.get("rowData") or []:
                lines.append([raw_of(cell.get("effectiveValue") or {}) for cell in row.get("values") or []])
    return lines


def raw_of(value: Json) -> Raw:
    """`ExtendedValue` as an unformatted read gives it."""
    for kind in ("stringValue", "numberValue", "boolValue"):
        if kind in value:
            found: Raw = value[kind]
            return found
    error = value.get("errorValue")
    return None if error is None else str(error.get("message", "#ERROR!") if isinstance(error, dict) else error)
