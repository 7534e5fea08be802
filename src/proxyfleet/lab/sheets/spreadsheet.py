"""A whole spreadsheet: tabs, locale, and the resource that `spreadsheets.get` answers. Enters and shows values.

Errors are `Refusal` with Google's code, status and message.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from proxyfleet.clock import Clock, wall_clock

from .a1 import Area, area, split, written
from .entering import DAY, EPOCH, Plain, enter, serial
from .formulas import Formula
from .grid import BLANK, Cell, Tab

Json = dict[str, object]
PATTERNS = {"DATE": "%Y-%m-%d", "DATE_TIME": "%Y-%m-%d %H:%M:%S", "TIME": "%H:%M:%S"}


class Refusal(Exception):
    """An error answer: HTTP code, Google's status word and message."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status, self.message = code, status, message


def invalid(message: str) -> Refusal:
    """400 INVALID_ARGUMENT."""
    return Refusal(400, "INVALID_ARGUMENT", message)


class Spreadsheet:
    """One document. `owner` may change everything, also what is protected from `editors`."""

    def __init__(
        self,
        title: str = "Proxies",
        tab: str = "Sheet1",
        *,
        spreadsheet_id: str = "lab-sheet",
        locale: str = "en_US",
        clock: Clock = wall_clock,
    ) -> None:
        self.id, self.title, self.locale = spreadsheet_id, title, locale
        self.tabs = [Tab.empty(0, tab)]
        self.owner = "owner@example.com"
        self._clock = clock

    @property
    def today(self) -> float:
        """Now as a serial number, UTC."""
        return serial(datetime.fromtimestamp(self._clock(), UTC).replace(tzinfo=None))

    @property
    def tab(self) -> Tab:
        """The first tab."""
        return self.tabs[0]

    def titled(self, title: str) -> Tab | None:
        """The tab of that name."""
        return next((tab for tab in self.tabs if tab.title == title), None)

    def numbered(self, tab_id: object) -> Tab:
        """The tab with that id."""
        for tab in self.tabs:
            if tab.id == (tab_id or 0):
                return tab
        raise invalid(f"No grid with id: {tab_id}")

    def place(self, text: str) -> tuple[Tab, Area]:
        """What a range means. Raises `Refusal` in Google's words."""
        whole = self.titled(text.strip("'")) if "!" not in text else None
        if whole is not None:
            return whole, Area()
        title, rest = split(text)
        tab = self.tab if title is None else self.titled(title)
        found = Area() if title is not None and not rest else area(rest)
        if tab is None or found is None:
            raise invalid(f"Unable to parse range: {text}")
        if found.top >= max(len(tab.rows), 1) or found.left >= max(tab.columns, 1):
            shown = f"Range ({text}) exceeds grid limits. Max rows: {len(tab.rows)}, max columns: {tab.columns}"
            raise invalid(shown)
        return tab, found

    def shown_range(self, tab: Tab, place: Area) -> str:
        """A range as Google writes it."""
        return written(tab.title, place, len(tab.rows), tab.columns)

    def type(self, tab: Tab, row: int, column: int, value: object, *, raw: bool = False) -> None:
        """Put a JSON value into a cell, as RAW or as if a person typed it; null leaves the cell alone."""
        if value is None:
            return
        tab.reach(row + 1, column + 1)
        cell = tab.rows[row][column]
        content, kind = self._entered(value, cell, row, column, raw=raw)
        tab.rows[row][column] = Cell(content, kind or cell.format, cell.pattern, cell.look, cell.note)

    def _entered(self, value: object, cell: Cell, row: int, column: int, *, raw: bool) -> tuple[Plain | Formula, str]:
        if isinstance(value, bool):
            return value, ""
        if isinstance(value, int | float):
            return float(value), ""
        if not isinstance(value, str):
            raise invalid("Invalid value: a cell holds text, a number, a boolean or null")
        if value == "":
            return None, ""
        if raw or cell.format == "TEXT":
            return value, ""
        if value.startswith("=") and len(value) > 1:
            return Formula.typed(value, row, column), ""
        year = datetime.fromtimestamp(self._clock(), UTC).year
        found = enter(value, self.locale, year)
        return found.value, "" if cell.format else found.format

    def effective(self, tab: Tab, row: int, column: int) -> Plain:
        """The value that a cell has now."""
        content = tab.rows[row][column].content if row < len(tab.rows) and column < tab.columns else None
        return tab.value(row, column, self.today) if isinstance(content, Formula) else content

    def formatted(self, tab: Tab, row: int, column: int) -> str:
        """The value as people see it."""
        cell = tab.rows[row][column] if row < len(tab.rows) and column < tab.columns else BLANK
        return shown(self.effective(tab, row, column), cell.format)

    def text(self) -> list[list[str]]:
        """The first tab as people see it, without empty ends: for tests."""
        tab = self.tab
        lines = [[self.formatted(tab, row, column) for column in range(tab.columns)] for row in range(tab.filled)]
        return [trimmed(line) for line in lines]


def trimmed(line: Sequence[str]) -> list[str]:
    """Without empty cells at the end."""
    cells = list(line)
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def shown(value: Plain, kind: str) -> str:
    """A value in a number format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    if kind in PATTERNS:
        moment = datetime(EPOCH.year, EPOCH.month, EPOCH.day) + timedelta(seconds=round(value * DAY))
        return moment.strftime(PATTERNS[kind])
    if kind == "PERCENT":
        return f"{value * 100:.2f}%"
    return f"${value:,.2f}" if kind == "CURRENCY" else f"{value:.15g}"
