"""The requests of `spreadsheets.batchUpdate`, one function each; all of a call happen or none. JSON in, JSON out."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from .a1 import Area
from .formulas import Formula
from .grid import BLANK, Cell, Content, Protected, Tab
from .guarding import check_writable
from .masks import Mask, mask, wants
from .resource import properties, resource
from .spreadsheet import Json, Refusal, Spreadsheet, invalid

Change = Callable[[Spreadsheet, Json, str], Json]


def batch_update(book: Spreadsheet, body: Json, user: str) -> Json:
    """Apply all requests in order. Raises `Refusal` and leaves everything as it was when one is not valid."""
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise invalid("Must specify at least one request.")
    before = [replace(tab, rows=[list(row) for row in tab.rows], merges=list(tab.merges)) for tab in book.tabs]
    try:
        replies = [_applied(book, number, request, user) for number, request in enumerate(requests)]
        told: Json = {"spreadsheetId": book.id, "replies": replies}
        if body.get("includeSpreadsheetInResponse"):
            ranges = body.get("responseRanges")
            places = [str(one) for one in ranges] if isinstance(ranges, list) else []
            told["updatedSpreadsheet"] = resource(
                book, places, data=bool(body.get("responseIncludeGridData")), user=user
            )
    except Refusal:
        book.tabs = before
        raise
    return told


def _applied(book: Spreadsheet, number: int, request: Json, user: str) -> Json:
    (name, order) = next(iter(request.items()), ("", None))
    change = CHANGES.get(name)
    if change is None or not isinstance(order, dict):
        raise invalid(
            f"Invalid JSON payload received. Unknown name \"{name}\" at 'requests[{number}]': Cannot find field."
        )
    try:
        return change(book, order, user)
    except Refusal as refusal:
        told = f"Invalid requests[{number}].{name}: {refusal.message}"
        raise Refusal(refusal.code, refusal.status, told) from None


def area_of(value: object) -> Area:
    """A `GridRange` without its tab."""
    told = value if isinstance(value, dict) else {}
    return Area(
        int(told.get("startRowIndex") or 0),
        int(told.get("startColumnIndex") or 0),
        None if told.get("endRowIndex") is None else int(told["endRowIndex"]),
        None if told.get("endColumnIndex") is None else int(told["endColumnIndex"]),
    )


def _tab_of(book: Spreadsheet, value: object) -> Tab:
    return book.numbered(value.get("sheetId") if isinstance(value, dict) else None)


def _update_cells(book: Spreadsheet, order: Json, user: str) -> Json:
    fields = _fields(order)
    start = order.get("start")
    place = start if isinstance(start, dict) else order.get("range")
    tab = _tab_of(book, place)
    lines = _cell_lines(order)
    if isinstance(start, dict):
        top, left = int(start.get("rowIndex") or 0), int(start.get("columnIndex") or 0)
    else:
        area = area_of(place)
        top, left = area.top, area.left
        lines = _padded(lines, area, tab, values_only=[*fields] == ["userEnteredValue"])
    bottom, right = top + len(lines), left + max(map(len, lines), default=0)
    if bottom > len(tab.rows):
        raise invalid(f"Attempting to write row: {bottom - 1}, beyond the last requested row of: {len(tab.rows) - 1}")
    if right > tab.columns:
        raise invalid(
            f"Attempting to write column: {right - 1}, beyond the last requested column of: {tab.columns - 1}"
        )
    check_writable(book, tab, Area(top, left, max(bottom, top + 1), max(right, left + 1)), user)
    _place(tab, lines, top, left, fields)
    return {}


def _padded(lines: list[list[Json]], area: Area, tab: Tab, *, values_only: bool) -> list[list[Json]]:
    """With a range instead of a start every cell of the range is written; those without data are reset."""
    rows = max(tab.filled, area.top + len(lines)) if values_only else len(tab.rows)
    width, height = len(area.columns(tab.columns)), len(area.rows(min(rows, len(tab.rows))))
    given = [line[:width] + [{}] * (width - len(line)) for line in lines[:height]]
    return given + [[{}] * width for _ in range(height - len(given))]


def _append_cells(book: Spreadsheet, order: Json, user: str) -> Json:
    tab, lines, top = _tab_of(book, order), _cell_lines(order), 0
    top = tab.filled
    width = max(map(len, lines), default=0)
    check_writable(book, tab, Area(top, 0, top + len(lines), width), user)
    tab.reach(top + len(lines), width)
    _place(tab, lines, top, 0, _fields(order))
    return {}


def _repeat_cell(book: Spreadsheet, order: Json, user: str) -> Json:
    tab, area, fields = _tab_of(book, order.get("range")), area_of(order.get("range")), _fields(order)
    check_writable(book, tab, area, user)
    cell = order.get("cell")
    for row in area.rows(len(tab.rows)):
        for column in area.columns(tab.columns):
            told = cell if isinstance(cell, dict) else {}
            tab.set(row, column, _changed(tab.rows[row][column], told, fields, row, column))
    return {}


def _place(tab: Tab, lines: list[list[Json]], top: int, left: int, fields: Mask) -> None:
    for down, line in enumerate(lines):
        for right, told in enumerate(line):
            row, column = top + down, left + right
            tab.set(row, column, _changed(tab.rows[row][column], told, fields, row, column))


def _changed(cell: Cell, told: Json, fields: Mask, row: int, column: int) -> Cell:
    """A cell after `CellData`; what the mask names and the data lack is reset."""
    if wants(fields, "userEnteredValue"):
        cell = replace(cell, content=_content(told.get("userEnteredValue"), row, column))
    look = told.get("userEnteredFormat")
    look = look if isinstance(look, dict) else {}
    if wants(fields, "userEnteredFormat", "numberFormat"):
        kind = look.get("numberFormat") or {}
        cell = replace(cell, format=str(kind.get("type", "")), pattern=str(kind.get("pattern", "")))
    others = [name for name in fields.get("userEnteredFormat", {}) if name != "numberFormat"]
    if others or "*" in fields or ("userEnteredFormat" in fields and not fields["userEnteredFormat"]):
        kept = dict(cell.look) if others else {}
        kept |= {name: one for name, one in look.items() if name != "numberFormat" and (not others or name in others)}
        cell = replace(cell, look=tuple(kept.items()))
    if wants(fields, "note"):
        cell = replace(cell, note=str(told.get("note") or ""))
    return cell


def _content(value: object, row: int, column: int) -> Content:
    told = value if isinstance(value, dict) else {}
    if "formulaValue" in told:
        return Formula.typed(str(told["formulaValue"]), row, column)
    if "numberValue" in told:
        return float(told["numberValue"])
    if "boolValue" in told:
        return bool(told["boolValue"])
    return str(told["stringValue"]) if told.get("stringValue") else None


def _fields(order: Json) -> Mask:
    text = order.get("fields")
    if not isinstance(text, str) or not text:
        raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    try:
        return mask(text)
    except ValueError as error:
        raise invalid(str(error)) from None


def _cell_lines(order: Json) -> list[list[Json]]:
    rows = order.get("rows")
    found = [row.get("values") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [[one for one in line if isinstance(one, dict)] if isinstance(line, list) else [] for line in found]


def _add_sheet(book: Spreadsheet, order: Json, _: str) -> Json:
    told = order.get("properties")
    wish = told if isinstance(told, dict) else {}
    title = str(wish.get("title") or f"Sheet{len(book.tabs) + 1}")
    if book.titled(title) is not None:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')
    grid = wish.get("gridProperties") or {}
    tab_id = int(wish.get("sheetId") or max(tab.id for tab in book.tabs) + 1_001)
    tab = Tab.empty(tab_id, title, int(grid.get("rowCount") or 1000), int(grid.get("columnCount") or 26))
    book.tabs.append(tab)
    tab.hidden, tab.frozen = bool(wish.get("hidden")), int(grid.get("frozenRowCount") or 0)
    return {"addSheet": {"properties": properties(book, tab)}}


def _delete_sheet(book: Spreadsheet, order: Json, _: str) -> Json:
    book.tabs.remove(_tab_of(book, order))
    return {}


def _update_sheet_properties(book: Spreadsheet, order: Json, _: str) -> Json:
    told, fields = order.get("properties"), _fields(order)
    wish = told if isinstance(told, dict) else {}
    tab = _tab_of(book, wish)
    grid = wish.get("gridProperties") or {}
    if wants(fields, "title"):
        tab.title = str(wish.get("title"))
    if wants(fields, "hidden"):
        tab.hidden = bool(wish.get("hidden"))
    if wants(fields, "gridProperties", "frozenRowCount"):
        tab.frozen = int(grid.get("frozenRowCount") or 0)
    return {}


def _dimension(order: Json) -> tuple[str, int, int]:
    told = order.get("range")
    found = told if isinstance(told, dict) else {}
    return str(found.get("dimension")), int(found.get("startIndex") or 0), int(found.get("endIndex") or 0)


def _insert_dimension(book: Spreadsheet, order: Json, _: str) -> Json:
    tab, (dimension, start, end) = _tab_of(book, order.get("range")), _dimension(order)
    if dimension == "ROWS":
        tab.insert_rows(start, end - start)
    else:
        tab.insert_columns(start, end - start)
    return {}


def _delete_dimension(book: Spreadsheet, order: Json, _: str) -> Json:
    tab, (dimension, start, end) = _tab_of(book, order.get("range")), _dimension(order)
    if dimension == "ROWS":
        tab.delete_rows(start, end)
    else:
        tab.delete_columns(start, end)
    return {}


def _append_dimension(book: Spreadsheet, order: Json, _: str) -> Json:
    tab, length = _tab_of(book, order), int(str(order.get("length") or 0))
    rows = order.get("dimension") == "ROWS"
    tab.reach(len(tab.rows) + (length if rows else 0), tab.columns + (0 if rows else length))
    return {}


def _sort_range(book: Spreadsheet, order: Json, _: str) -> Json:
    tab, area = _tab_of(book, order.get("range")), area_of(order.get("range"))
    specs = order.get("sortSpecs")
    spec = specs[0] if isinstance(specs, list) and specs else {}
    tab.sort(
        int(spec.get("dimensionIndex") or 0), book.today, top=area.top, reverse=spec.get("sortOrder") == "DESCENDING"
    )
    return {}


def _copy_paste(book: Spreadsheet, order: Json, user: str) -> Json:
    """Only values, as `PASTE_VALUES` says; the source decides how much is copied."""
    if order.get("pasteType") != "PASTE_VALUES":
        raise invalid("the lab pastes values only")
    tab, area = _tab_of(book, order.get("source")), area_of(order.get("source"))
    there, (top, left, _, _) = _tab_of(book, order.get("destination")), area_of(order.get("destination"))
    rows, columns = area.rows(len(tab.rows)), area.columns(tab.columns)
    if top + len(rows) > len(there.rows) or left + len(columns) > there.columns:
        raise invalid("the destination lies beyond the grid")
    check_writable(book, there, Area(top, left, top + len(rows), left + len(columns)), user)
    for down, row in enumerate(rows):
        for right, column in enumerate(columns):
            there.put(top + down, left + right, book.effective(tab, row, column))
    return {}


def _merge_cells(book: Spreadsheet, order: Json, _: str) -> Json:
    tab, area = _tab_of(book, order.get("range")), area_of(order.get("range"))
    tab.merges.append(area)
    for row in area.rows(len(tab.rows)):
        for column in area.columns(tab.columns):
            if (row, column) != (area.top, area.left):
                tab.rows[row][column] = BLANK
    return {}


def _add_protected_range(book: Spreadsheet, order: Json, user: str) -> Json:
    told = order.get("protectedRange")
    wish: Mapping[str, object] = told if isinstance(told, dict) else {}
    tab, area = _tab_of(book, wish.get("range")), area_of(wish.get("range"))
    number = 1 + max((one.id for one in tab.protected), default=0)
    only = bool(wish.get("warningOnly"))
    tab.protected = [
        *tab.protected,
        Protected(number, area, str(wish.get("description") or ""), frozenset({user}), only),
    ]
    return {"addProtectedRange": {"protectedRange": {**wish, "protectedRangeId": number}}}


CHANGES: Mapping[str, Change] = {
    "updateCells": _update_cells,
    "appendCells": _append_cells,
    "repeatCell": _repeat_cell,
    "addSheet": _add_sheet,
    "deleteSheet": _delete_sheet,
    "updateSheetProperties": _update_sheet_properties,
    "insertDimension": _insert_dimension,
    "deleteDimension": _delete_dimension,
    "appendDimension": _append_dimension,
    "sortRange": _sort_range,
    "copyPaste": _copy_paste,
    "mergeCells": _merge_cells,
    "addProtectedRange": _add_protected_range,
}
