"""Makes a spreadsheet the sheet of a fleet: finds the tab, adds the columns that are missing, and writes whose it is.

Never overwrites a cell: columns are inserted, a heading row is appended, the fleet's mark has a hidden tab of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from .a1 import block, quoted
from .caller import Caller
from .calls import Call, Json
from .cells import plain
from .columns import NUMBERS, TEMPLATE, Layout, heading_of, layout_of
from .document import FIELDS, Document, Tab, document_of
from .errors import SheetForeign, SheetNotFound, SheetSuspicious, SheetUnusable
from .fetching import MARK, Place
from .snapshot import Line
from .undo import ROWS, TOP

_URL: Final = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]+)")
_GID: Final = re.compile(r"[#?&]gid=(\d+)")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{5,128}")
MARK_COLUMNS: Final = 40
"""Columns of our own tab; it grows when the sheet is wider."""
SAID: Final = "This tab tells which fleet of proxyfleet works on this spreadsheet. Please leave it."
LOOKED_AT: Final = (50, 26)
"""Rows and columns that are looked at a second time before a tab counts as empty."""


class Named(NamedTuple):
    """A spreadsheet and perhaps a tab, as people name them: by URL, or by id and title."""

    spreadsheet: str
    gid: int | None = None
    tab: str | None = None


def named(text: str, tab: str | None = None) -> Named:
    """Read a URL or an id. Raises `SheetNotFound`."""
    found = _URL.search(text)
    if found is None and ("/" in text or _ID.fullmatch(text) is None):
        raise SheetNotFound(f"{text[:100]!r} is no spreadsheet; copy its URL from the browser")
    gid = _GID.search(text)
    return Named(found[1] if found else text, int(gid[1]) if gid and tab is None else None, tab)


@dataclass(frozen=True, slots=True)
class Connected:
    """What was connected: titles for people, and the columns that were made."""

    place: Place
    title: str
    tab: str
    made: tuple[str, ...]
    rows: int


async def connect(caller: Caller, wish: Named, fleet: str, rng: Random, *, take_over: bool = False) -> Connected:
    """Connect, or connect again: what is there already is left as it is. Raises `SheetError` and its kinds."""
    path = f"/{wish.spreadsheet}"
    document = document_of(await caller.call(Call("GET", path, "looking at the spreadsheet", (("fields", FIELDS),))))
    tab, mark = chosen(document, wish), document.titled(MARK)
    lines, marks = await _values(caller, path, tab, mark)
    _check_owner(marks, fleet, take_over=take_over)
    layout = layout_of(lines)
    if layout is None:
        await _check_empty(caller, path, tab, lines)
        changes = template_requests(tab)
    else:
        changes = column_requests(tab, layout)
    made: tuple[str, ...] = TEMPLATE if layout is None else layout.missing
    changes += mark_requests(mark, fleet, rng)
    await caller.call(Call("POST", f"{path}:batchUpdate", "connecting the sheet", (), {"requests": changes}))
    rows = 0 if layout is None else sum(1 for line in lines[layout.header + 1 :] if line)
    return Connected(Place(wish.spreadsheet, tab.id, fleet), document.title, tab.title, made, rows)


def chosen(document: Document, wish: Named) -> Tab:
    """The tab that was named, by title or by the URL; else the first one that people see. Raises `SheetNotFound`."""
    if wish.tab is not None:
        found, asked = document.titled(wish.tab), repr(wish.tab)
    elif wish.gid is not None:
        found, asked = document.tabs.get(wish.gid), f"with gid={wish.gid}"
    else:
        found, asked = next((tab for tab in document.tabs.values() if not tab.hidden and tab.title != MARK), None), ""
    if found is None or found.title == MARK:
        titles = ", ".join(repr(tab.title) for tab in document.tabs.values() if tab.title != MARK)
        raise SheetNotFound(f"the spreadsheet has no tab {asked or 'that people see'}; it has {titles}: use --tab")
    return found


async def _values(caller: Caller, path: str, tab: Tab, mark: Tab | None) -> tuple[list[Line], list[Line]]:
    ranges = [quoted(tab.title)] + ([quoted(mark.title)] if mark else [])
    query = (*(("ranges", one) for one in ranges), ("valueRenderOption", "UNFORMATTED_VALUE"))
    told = await caller.call(Call("GET", f"{path}/values:batchGet", "reading the sheet", query))
    found: list[Json] = told.get("valueRanges") or []
    lines: list[list[Line]] = [one.get("values") or [] for one in found]
    if len(lines) < len(ranges) or (mark is not None and not lines[1]):
        raise SheetSuspicious("Google's answer has nothing in it where something must be; try again")
    return lines[0], lines[1] if mark else []


def _check_owner(marks: Sequence[Line], fleet: str, *, take_over: bool) -> None:
    owner = next((plain(line[1]) for line in marks if len(line) > 1 and plain(line[0]) == "fleet"), fleet)
    if owner != fleet and not take_over:
        raise SheetForeign(
            f"the spreadsheet belongs to the fleet {owner}, this one is {fleet}; use another spreadsheet, "
            "or --take-over if that fleet is gone"
        )


async def _check_empty(caller: Caller, path: str, tab: Tab, lines: Sequence[Line]) -> None:
    """A tab without headings must be empty, by two different answers of Google's, before ours are written."""
    if any(plain(cell) for line in lines for cell in line):
        raise SheetUnusable(
            f"none of the first rows of tab {tab.title!r} names a column for host and one for port, or for proxy; "
            "write such headings, or choose an empty tab"
        )
    place = block(tab.title, 0, 0, min(LOOKED_AT[0], tab.rows), min(LOOKED_AT[1], tab.columns))
    query = (("ranges", place), ("fields", "sheets.data.rowData.values.userEnteredValue"))
    told = await caller.call(Call("GET", path, "looking at the tab", query))
    if "userEnteredValue" in str(told):
        raise SheetSuspicious("Google answered that the tab is empty, and then that it is not; try again")


def template_requests(tab: Tab) -> list[Json]:
    """Headings for an empty tab, each column in its format."""
    cells = [{"userEnteredValue": {"stringValue": heading_of(name)}} for name in TEMPLATE]
    changes: list[Json] = []
    if tab.columns < len(TEMPLATE):
        more = {"sheetId": tab.id, "dimension": "COLUMNS", "length": len(TEMPLATE) - tab.columns}
        changes.append({"appendDimension": more})
    changes.append({"appendCells": {"sheetId": tab.id, "rows": [{"values": cells}], "fields": "userEnteredValue"}})
    changes += [_format(tab, name, at, 1) for at, name in enumerate(TEMPLATE)]
    frozen = {"sheetId": tab.id, "gridProperties": {"frozenRowCount": 1}}
    changes.append({"updateSheetProperties": {"properties": frozen, "fields": "gridProperties.frozenRowCount"}})
    return changes


def column_requests(tab: Tab, layout: Layout) -> list[Json]:
    """New columns right of everything for what is missing."""
    missing, first = layout.missing, layout.width
    if not missing:
        return []
    lines = {"sheetId": tab.id, "dimension": "COLUMNS", "startIndex": first, "endIndex": first + len(missing)}
    changes: list[Json] = []
    if first >= tab.columns:
        changes.append({"appendDimension": {"sheetId": tab.id, "dimension": "COLUMNS", "length": len(missing)}})
    else:
        changes.append({"insertDimension": {"range": lines, "inheritFromBefore": False}})
    cells = [{"userEnteredValue": {"stringValue": heading_of(name)}} for name in missing]
    start = {"sheetId": tab.id, "rowIndex": layout.header, "columnIndex": first}
    changes.append({"updateCells": {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}})
    return changes + [_format(tab, name, first + at, layout.header + 1) for at, name in enumerate(missing)]


def _format(tab: Tab, name: str, column: int, top: int) -> Json:
    """Dates as dates, counts as numbers, everything else as plain text, so that Sheets makes nothing else of it."""
    kind = "DATE" if name == "expires_at" else "NUMBER" if name in NUMBERS or name == "port" else "TEXT"
    pattern = {"DATE": {"pattern": "yyyy-mm-dd"}, "NUMBER": {"pattern": "0.##"}}.get(kind, {})
    place = {"sheetId": tab.id, "startRowIndex": top, "startColumnIndex": column, "endColumnIndex": column + 1}
    cell = {"userEnteredFormat": {"numberFormat": {"type": kind, **pattern}}}
    return {"repeatCell": {"range": place, "cell": cell, "fields": "userEnteredFormat.numberFormat"}}


def mark_requests(mark: Tab | None, fleet: str, rng: Random) -> list[Json]:
    """The hidden tab that says whose the spreadsheet is."""
    tab_id = mark.id if mark is not None else rng.randrange(1_000_000, 2_000_000_000)
    changes: list[Json] = []
    if mark is None:
        grid = {"rowCount": TOP + 1 + ROWS, "columnCount": MARK_COLUMNS}
        made = {"sheetId": tab_id, "title": MARK, "hidden": True, "gridProperties": grid}
        changes.append({"addSheet": {"properties": made}})
    lines = (("fleet", fleet), ("about", SAID))
    rows = [{"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines]
    start = {"sheetId": tab_id, "rowIndex": 0, "columnIndex": 0}
    changes.append({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})
    return changes
