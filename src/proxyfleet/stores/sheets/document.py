"""What a spreadsheet is made of besides its cells: tabs, merges, protections; read out of `spreadsheets.get`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .calls import Json

FIELDS: Final = (
    "spreadsheetId,properties(title,timeZone),"
    "sheets(properties(sheetId,title,hidden,gridProperties(rowCount,columnCount)),merges,"
    "protectedRanges(range,warningOnly,requestingUserCanEdit))"
)
MOST_HIDDEN: Final = 200_000
"""Cells under merges that are kept; nobody merges more in a list."""


class Area(NamedTuple):
    """Rows and columns from 0, half-open; None is without end."""

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies in it."""
        return (
            self.top <= row
            and self.left <= column
            and (self.bottom is None or row < self.bottom)
            and (self.right is None or column < self.right)
        )


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. `guarded` are the areas that our account may not write."""

    id: int
    title: str
    rows: int
    columns: int
    hidden: bool = False
    merges: tuple[Area, ...] = ()
    guarded: tuple[Area, ...] = ()

    def covered(self) -> frozenset[tuple[int, int]]:
        """The cells that merges hide: all but the upper left one of each."""
        found: set[tuple[int, int]] = set()
        for area in self.merges:
            rows = range(area.top, area.bottom or self.rows)
            columns = range(area.left, area.right or self.columns)
            if len(found) + len(rows) * len(columns) > MOST_HIDDEN:
                break
            found.update((row, column) for row in rows for column in columns)
            found.discard((area.top, area.left))
        return frozenset(found)

    def is_guarded(self, row: int, column: int) -> bool:
        """Whether a protection keeps us from writing the cell."""
        return any(area.holds(row, column) for area in self.guarded)


@dataclass(frozen=True, slots=True)
class Document:
    """A spreadsheet's title and its tabs by id, in their order."""

    title: str
    tabs: Mapping[int, Tab] = field(default_factory=dict)

    def titled(self, title: str) -> Tab | None:
        """The tab of that name, whatever its case."""
        return next((tab for tab in self.tabs.values() if tab.title.lower() == title.lower()), None)


def document_of(told: Json) -> Document:
    """Reads the answer of `spreadsheets.get` with the mask `FIELDS`."""
    title = str((told.get("properties") or {}).get("title", ""))
    tabs = [_tab(one) for one in told.get("sheets") or []]
    return Document(title, {tab.id: tab for tab in tabs})


def _tab(told: Json) -> Tab:
    properties = told.get("properties") or {}
    grid = properties.get("gridProperties") or {}
    guards = (one for one in told.get("protectedRanges") or [] if not one.get("warningOnly"))
    return Tab(
        int(properties.get("sheetId", 0)),
        str(properties.get("title", "")),
        int(grid.get("rowCount", 0)),
        int(grid.get("columnCount", 0)),
        bool(properties.get("hidden", False)),
        tuple(_area(one) for one in told.get("merges") or []),
        tuple(_area(one.get("range") or {}) for one in guards if not one.get("requestingUserCanEdit", False)),
    )


def _area(told: Json) -> Area:
    return Area(
        int(told.get("startRowIndex", 0)),
        int(told.get("startColumnIndex", 0)),
        told.get("endRowIndex"),
        told.get("endColumnIndex"),
    )
