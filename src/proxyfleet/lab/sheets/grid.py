"""One tab of a spreadsheet: cells with values, formulas and formats; inserted, deleted and sorted as people do it.

Nothing here knows HTTP or quotas. Rows and columns count from 0.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .a1 import Area
from .entering import Plain
from .formulas import Formula

Content = Plain | Formula


@dataclass(frozen=True, slots=True)
class Cell:
    """`format` is the type of the number format ("" is automatic), `look` every other format as Google's JSON has it."""

    content: Content = None
    format: str = ""
    pattern: str = ""
    look: tuple[tuple[str, object], ...] = ()
    note: str = ""


BLANK = Cell()


@dataclass(frozen=True, slots=True)
class Protected:
    """Cells that only `editors` may change."""

    id: int
    area: Area
    description: str = ""
    editors: frozenset[str] = frozenset()
    warning_only: bool = False


@dataclass(slots=True)
class Tab:
    """What Google calls a sheet of a spreadsheet; every row has `columns` cells."""

    id: int
    title: str
    columns: int = 26
    rows: list[list[Cell]] = field(default_factory=list)
    hidden: bool = False
    frozen: int = 0
    merges: list[Area] = field(default_factory=list)
    protected: list[Protected] = field(default_factory=list)

    @classmethod
    def empty(cls, tab_id: int, title: str, rows: int = 1000, columns: int = 26) -> "Tab":
        """A tab as Sheets makes it."""
        return cls(tab_id, title, columns, [[BLANK] * columns for _ in range(rows)])

    @property
    def filled(self) -> int:
        """Rows up to the last one with something in it."""
        return next((at + 1 for at in range(len(self.rows) - 1, -1, -1) if _has_content(self.rows[at])), 0)

    def put(self, row: int, column: int, content: Content) -> None:
        """Change the content and leave format and note; the tab grows where it has to."""
        self.reach(row + 1, column + 1)
        self.set(row, column, replace(self.rows[row][column], content=content))

    def set(self, row: int, column: int, cell: Cell) -> None:
        """Replace a cell of the tab."""
        self.rows[row][column] = BLANK if cell == BLANK else cell

    def reach(self, rows: int, columns: int) -> None:
        """Be at least so large."""
        if columns > self.columns:
            for line in self.rows:
                line.extend([BLANK] * (columns - self.columns))
            self.columns = columns
        self.rows.extend([BLANK] * self.columns for _ in range(rows - len(self.rows)))

    def value(self, row: int, column: int, today: float, depth: int = 0) -> Plain:
        """The effective value of a cell; a formula that leads back to itself is #REF!."""
        if not (0 <= row < len(self.rows) and 0 <= column < self.columns):
            return "#REF!"
        content = self.rows[row][column].content
        if not isinstance(content, Formula):
            return content
        if depth > 32:
            return "#REF!"
        return content.value(lambda down, right: self.value(row + down, column + right, today, depth + 1), today)

    def insert_rows(self, at: int, count: int = 1) -> None:
        """Blank rows before row `at`, with the formats of the row above, as Sheets does."""
        above = self.rows[at - 1] if 0 < at <= len(self.rows) else [BLANK] * self.columns
        fresh = [Cell(format=cell.format, pattern=cell.pattern, look=cell.look) for cell in above]
        self.rows[at:at] = [list(fresh) for _ in range(count)]
        self._shift(lambda area: _moved(area, at, count, rows=True))

    def delete_rows(self, start: int, end: int) -> None:
        """Take rows out for good."""
        del self.rows[start:end]
        self._shift(lambda area: _moved(area, start, start - end, rows=True))

    def insert_columns(self, at: int, count: int = 1) -> None:
        """Blank columns before column `at`."""
        for line in self.rows:
            line[at:at] = [BLANK] * count
        self.columns += count
        self._shift(lambda area: _moved(area, at, count, rows=False))

    def delete_columns(self, start: int, end: int) -> None:
        """Take columns out for good."""
        for line in self.rows:
            del line[start:end]
        self.columns -= end - start
        self._shift(lambda area: _moved(area, start, start - end, rows=False))

    def move_row(self, source: int, target: int) -> None:
        """One row to before another, as by dragging it."""
        line = self.rows.pop(source)
        self.rows.insert(target - (source < target), line)

    def sort(self, column: int, today: float, *, top: int = 1, reverse: bool = False) -> None:
        """Order the rows from `top` to the last filled one by a column; blank cells come last either way."""
        end = self.filled
        keyed = [(self.value(at, column, today), self.rows[at]) for at in range(top, end)]
        full = sorted((one for one in keyed if one[0] not in (None, "")), key=lambda one: _order(one[0]))
        if reverse:
            full.reverse()
        self.rows[top:end] = [line for _, line in full] + [line for key, line in keyed if key in (None, "")]

    def covered(self, row: int, column: int) -> bool:
        """Whether a merge hides the cell: all but its upper left one."""
        one = Area(row, column, row + 1, column + 1)
        return any(area.meets(one) and (area.top, area.left) != (row, column) for area in self.merges)

    def _shift(self, move: Callable[[Area], Area | None]) -> None:
        self.merges = [found for area in self.merges if (found := move(area)) is not None]
        kept = ((one, move(one.area)) for one in self.protected)
        self.protected = [replace(one, area=area) for one, area in kept if area is not None]


def is_untouched(line: list[Cell]) -> bool:
    """Whether no cell of a line was ever used; quick, because most lines are so."""
    return line.count(BLANK) == len(line)


def _has_content(line: list[Cell]) -> bool:
    return not is_untouched(line) and any(cell.content is not None and cell.content != "" for cell in line)


def _order(value: Plain) -> tuple[int, float, str]:
    """Numbers before texts before booleans."""
    if isinstance(value, bool):
        return (2, float(value), "")
    return (0, value, "") if isinstance(value, float | int) else (1, 0.0, str(value).lower())


def _moved(area: Area, at: int, count: int, *, rows: bool) -> Area | None:
    """An area after `count` lines came in at `at`, or went from there on (a negative count); None when nothing is left."""
    start, end = (area.top, area.bottom) if rows else (area.left, area.right)
    start, end = _pushed(start, at, count), None if end is None else _pushed(end, at, count)
    if end is not None and end <= start:
        return None
    return area._replace(top=start, bottom=end) if rows else area._replace(left=start, right=end)


def _pushed(edge: int, at: int, count: int) -> int:
    if count > 0:
        return edge + count if edge >= at else edge
    return edge if edge <= at else max(at, edge + count)
