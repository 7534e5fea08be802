"""The resource `Spreadsheet` as `spreadsheets.get` answers it, with or without the data of its grids. Changes nothing."""

from collections.abc import Sequence

from .a1 import Area
from .entering import Plain
from .formulas import Formula
from .grid import BLANK, Tab
from .spreadsheet import Json, Spreadsheet


def resource(book: Spreadsheet, ranges: Sequence[str] = (), *, data: bool = False, user: str = "") -> Json:
    """The document as `user` sees it; with `ranges` only the tabs they are in, and one block of data for each."""
    places = [book.place(text) for text in ranges]
    tabs = [tab for tab in book.tabs if not places or any(tab is one for one, _ in places)]
    return {
        "spreadsheetId": book.id,
        "properties": {"title": book.title, "locale": book.locale, "timeZone": "Etc/GMT"},
        "sheets": [
            _tab(book, tab, [area for one, area in places if one is tab] or [Area()], data, user) for tab in tabs
        ],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.id}/edit",
    }


def properties(book: Spreadsheet, tab: Tab) -> Json:
    """`SheetProperties`; what is at its default is left out, as Google does."""
    grid: Json = {"rowCount": len(tab.rows), "columnCount": tab.columns}
    if tab.frozen:
        grid["frozenRowCount"] = tab.frozen
    told: Json = {"sheetId": tab.id, "title": tab.title, "index": book.tabs.index(tab), "sheetType": "GRID"}
    return told | {"gridProperties": grid} | ({"hidden": True} if tab.hidden else {})


def _tab(book: Spreadsheet, tab: Tab, areas: Sequence[Area], data: bool, user: str) -> Json:
    told: Json = {"properties": properties(book, tab)}
    if tab.merges:
        told["merges"] = [grid_range(tab, area) for area in tab.merges]
    if tab.protected:
        told["protectedRanges"] = [
            {
                "protectedRangeId": one.id,
                "range": grid_range(tab, one.area),
                "description": one.description,
                "warningOnly": one.warning_only,
                "requestingUserCanEdit": one.warning_only or user in {*one.editors, book.owner},
                "editors": {"users": sorted(one.editors)},
            }
            for one in tab.protected
        ]
    return told | ({"data": [_block(book, tab, area) for area in areas]} if data else {})


def grid_range(tab: Tab, area: Area) -> Json:
    """An area as `GridRange`; open ends are left out."""
    told: Json = {"sheetId": tab.id, "startRowIndex": area.top, "startColumnIndex": area.left}
    ends = (("endRowIndex", area.bottom), ("endColumnIndex", area.right))
    return told | {name: end for name, end in ends if end is not None}


def _block(book: Spreadsheet, tab: Tab, area: Area) -> Json:
    lines = [
        {"values": [cell_data(book, tab, row, column) for column in area.columns(tab.columns)]}
        for row in area.rows(len(tab.rows))
    ]
    told: Json = {"rowData": [_trimmed(line) for line in lines]}
    return told | ({"startRow": area.top} if area.top else {}) | ({"startColumn": area.left} if area.left else {})


def _trimmed(line: dict[str, list[Json]]) -> Json:
    cells = line["values"]
    while cells and not cells[-1]:
        cells.pop()
    return {"values": cells} if cells else {}


def cell_data(book: Spreadsheet, tab: Tab, row: int, column: int) -> Json:
    """`CellData`; an untouched cell is an empty object."""
    cell = tab.rows[row][column]
    if cell is BLANK:
        return {}
    told: Json = {}
    if cell.content is not None:
        value = book.effective(tab, row, column)
        content = cell.content
        entered = {"formulaValue": content.text(row, column)} if isinstance(content, Formula) else extended(content)
        told |= {"userEnteredValue": entered, "effectiveValue": extended(value)}
        told["formattedValue"] = book.formatted(tab, row, column)
    look: Json = dict(cell.look)
    if cell.format:
        look["numberFormat"] = {"type": cell.format} | ({"pattern": cell.pattern} if cell.pattern else {})
    return told | ({"userEnteredFormat": look} if look else {}) | ({"note": cell.note} if cell.note else {})


def extended(value: Plain) -> Json:
    """`ExtendedValue`."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, float):
        return {"numberValue": int(value) if value.is_integer() else value}
    if value is None:
        return {}
    return {"errorValue": {"type": "ERROR", "message": value}} if value.startswith("#") else {"stringValue": value}
