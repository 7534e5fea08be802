"""The six calls of `spreadsheets.values`: get, batchGet, update, batchUpdate, append, clear. JSON in, JSON out."""

from collections.abc import Mapping, Sequence

from .a1 import Area
from .formulas import Formula
from .grid import BLANK, Tab, is_untouched
from .guarding import check_writable
from .spreadsheet import Json, Spreadsheet, invalid

RENDERINGS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
Query = Mapping[str, str]


def get(book: Spreadsheet, place: str, query: Query) -> Json:
    """`values.get`: trailing empty cells and rows are left out, `values` too when nothing is there."""
    how = query.get("valueRenderOption") or "FORMATTED_VALUE"
    if how not in RENDERINGS:
        raise invalid(f"Invalid value at 'value_render_option': {how}")
    dates = query.get("dateTimeRenderOption") or "SERIAL_NUMBER"
    tab, found = book.place(place)
    columns = found.columns(tab.columns)
    lines: list[list[object]] = [
        [""] * len(columns)
        if is_untouched(tab.rows[row])
        else [_rendered(book, tab, row, column, how, dates) for column in columns]
        for row in found.rows(len(tab.rows))
    ]
    by_columns = query.get("majorDimension") == "COLUMNS"
    if by_columns:
        lines = [list(line) for line in zip(*lines, strict=True)]
    lines = _without_ends(lines)
    told: Json = {"range": book.shown_range(tab, found), "majorDimension": "COLUMNS" if by_columns else "ROWS"}
    return told | ({"values": lines} if lines else {})


def _rendered(book: Spreadsheet, tab: Tab, row: int, column: int, how: str, dates: str) -> object:
    cell = tab.rows[row][column]
    if how == "FORMULA" and isinstance(cell.content, Formula):
        return cell.content.text(row, column)
    if cell is BLANK:
        return ""
    value = book.effective(tab, row, column)
    if how == "FORMATTED_VALUE" or (dates == "FORMATTED_STRING" and cell.format in ("DATE", "DATE_TIME", "TIME")):
        return book.formatted(tab, row, column)
    if value is None:
        return ""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _without_ends(lines: list[list[object]]) -> list[list[object]]:
    for line in lines:
        while line and line[-1] == "":
            line.pop()
    while lines and not lines[-1]:
        lines.pop()
    return lines


def batch_get(book: Spreadsheet, places: Sequence[str], query: Query) -> Json:
    """`values.batchGet`: one ValueRange for each range, in order."""
    return {"spreadsheetId": book.id, "valueRanges": [get(book, place, query) for place in places]}


def update(book: Spreadsheet, place: str, query: Query, body: Json, user: str) -> Json:
    """`values.update`: the range says where to begin, the values how far it goes."""
    raw = _is_raw(query.get("valueInputOption"))
    return _written(book, place, body, raw=raw, user=user)


def batch_update(book: Spreadsheet, body: Json, user: str) -> Json:
    """`values.batchUpdate`: all or nothing; one call of the quota."""
    raw = _is_raw(body.get("valueInputOption"))
    pieces = _list(body.get("data"))
    for piece in pieces:
        _checked(book, str(piece.get("range")), piece, user)
    answers = [_written(book, str(piece.get("range")), piece, raw=raw, user=user) for piece in pieces]
    totals = {
        f"total{name}": sum(int(str(answer[name[0].lower() + name[1:]])) for answer in answers)
        for name in ("UpdatedRows", "UpdatedColumns", "UpdatedCells")
    }
    sheets = len({book.place(str(piece.get("range")))[0].id for piece in pieces})
    return {"spreadsheetId": book.id, **totals, "totalUpdatedSheets": sheets, "responses": answers}


def append(book: Spreadsheet, place: str, query: Query, body: Json, user: str) -> Json:
    """`values.append`: below the last filled row of the tab, whichever table the range names."""
    raw = _is_raw(query.get("valueInputOption"))
    tab, found = book.place(place)
    end = max(tab.filled, found.top)
    lines = _lines(body)
    if query.get("insertDataOption") == "INSERT_ROWS" and end < len(tab.rows):
        tab.insert_rows(end, len(lines))
    target = Area(end, found.left, end + len(lines), found.left + max(map(len, lines), default=1))
    tab.reach(target.bottom or 0, target.right or 0)
    table = book.shown_range(tab, Area(0, 0, max(end, 1), tab.columns))
    updates = _written(book, book.shown_range(tab, target), body, raw=raw, user=user)
    return {"spreadsheetId": book.id, "tableRange": table, "updates": updates}


def clear(book: Spreadsheet, place: str, user: str) -> Json:
    """`values.clear`: contents go, formats stay."""
    tab, found = book.place(place)
    check_writable(book, tab, found, user)
    for row in found.rows(len(tab.rows)):
        for column in found.columns(tab.columns):
            tab.put(row, column, None)
    return {"spreadsheetId": book.id, "clearedRange": book.shown_range(tab, found)}


def batch_clear(book: Spreadsheet, body: Json, user: str) -> Json:
    """`values.batchClear`."""
    ranges = body.get("ranges")
    places = [str(one) for one in ranges] if isinstance(ranges, list) else []
    return {"spreadsheetId": book.id, "clearedRanges": [clear(book, place, user)["clearedRange"] for place in places]}


def _written(book: Spreadsheet, place: str, body: Json, *, raw: bool, user: str) -> Json:
    tab, target = _checked(book, place, body, user)
    lines = _lines(body)
    cells = 0
    for down, line in enumerate(lines):
        for right, value in enumerate(line):
            book.type(tab, target.top + down, target.left + right, value, raw=raw)
            cells += 1
    return {
        "spreadsheetId": book.id,
        "updatedRange": book.shown_range(tab, target),
        "updatedRows": len(lines),
        "updatedColumns": max(map(len, lines), default=0),
        "updatedCells": cells,
    }


def _checked(book: Spreadsheet, place: str, body: Json, user: str) -> tuple[Tab, Area]:
    """Where the values go; refused before anything is written."""
    tab, found = book.place(place)
    lines = _lines(body)
    height, width = len(lines), max(map(len, lines), default=0)
    if (found.bottom is not None and found.top + 1 != found.bottom and height > found.bottom - found.top) or (
        found.right is not None and found.left + 1 != found.right and width > found.right - found.left
    ):
        shown = book.shown_range(tab, found)
        raise invalid(f"Requested writing within range [{shown}], but tried writing to row [{found.top + height}]")
    target = Area(found.top, found.left, found.top + max(height, 1), found.left + max(width, 1))
    check_writable(book, tab, target, user)
    return tab, target


def _is_raw(option: object) -> bool:
    if option not in ("RAW", "USER_ENTERED"):
        raise invalid("'valueInputOption' is required but not specified")
    return option == "RAW"


def _lines(body: Json) -> list[list[object]]:
    found = body.get("values")
    lines = [list(line) for line in found if isinstance(line, list)] if isinstance(found, list) else []
    if body.get("majorDimension") == "COLUMNS":
        height = max(map(len, lines), default=0)
        return [[line[at] if at < len(line) else None for line in lines] for at in range(height)]
    return lines


def _list(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
