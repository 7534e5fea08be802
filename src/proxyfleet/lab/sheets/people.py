"""People who work on a tab while programs do: sort, insert, delete, drag, edit and duplicate rows. Dice are given.

They edit the spreadsheet itself, beside every quota, as a browser does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from .spreadsheet import Spreadsheet


@dataclass(slots=True)
class People:
    """Each method is one edit of the first tab; `done` tells what was done, in words."""

    book: Spreadsheet
    rng: Random
    done: list[str] = field(default_factory=list)

    def column(self, name: str) -> int:
        """Where the column with that heading is now; LookupError without one."""
        tab = self.book.tab
        for column in range(tab.columns):
            if str(self.book.effective(tab, 0, column) or "").lower() == name.lower():
                return column
        raise LookupError(f"no column {name!r}")

    def find(self, name: str, value: str) -> int:
        """The row in which that column shows the value; LookupError without one."""
        tab, column = self.book.tab, self.column(name)
        for row in range(1, tab.filled):
            if self.book.formatted(tab, row, column) == value:
                return row
        raise LookupError(f"no row with {name} = {value!r}")

    def see(self, row: int, name: str) -> str:
        """What a cell shows."""
        return self.book.formatted(self.book.tab, row, self.column(name))

    def type(self, row: int, name: str, text: str) -> None:
        """Type into a cell; an empty text clears it."""
        tab, column = self.book.tab, self.column(name)
        if text:
            self.book.type(tab, row, column, text)
        else:
            tab.put(row, column, None)
        self.done.append(f"typed {text!r} into {name}, row {row + 1}")

    def sort(self, name: str | None = None) -> None:
        """Order all rows by a column, or by any."""
        tab = self.book.tab
        column = self.rng.randrange(tab.columns) if name is None else self.column(name)
        tab.sort(column, self.book.today, reverse=self.rng.random() < 0.5)
        self.done.append("sorted")

    def insert(self, at: int | None = None) -> None:
        """A blank row somewhere."""
        row = self.rng.randint(1, max(self.book.tab.filled, 1)) if at is None else at
        self.book.tab.insert_rows(row)
        self.done.append(f"inserted a row before {row + 1}")

    def insert_column(self, at: int | None = None, heading: str = "") -> None:
        """A column of their own somewhere."""
        tab = self.book.tab
        column = self.rng.randint(0, tab.columns) if at is None else at
        tab.insert_columns(column)
        if heading:
            tab.put(0, column, heading)
        self.done.append(f"inserted a column before {column + 1}")

    def delete(self, row: int) -> None:
        """Take a row out."""
        self.book.tab.delete_rows(row, row + 1)
        self.done.append(f"deleted row {row + 1}")

    def drag(self) -> None:
        """One row to another place."""
        end = self.book.tab.filled
        if end > 2:
            self.book.tab.move_row(self.rng.randrange(1, end), self.rng.randrange(1, end))
            self.done.append("dragged a row")

    def duplicate(self, row: int) -> None:
        """Copy a row below itself."""
        tab = self.book.tab
        tab.insert_rows(row + 1)
        tab.rows[row + 1] = list(tab.rows[row])
        self.done.append(f"duplicated row {row + 1}")

    def add(self, cells: dict[str, str]) -> None:
        """A new row at the end."""
        row = self.book.tab.filled
        for name, text in cells.items():
            self.type(row, name, text)

    def shuffle(self) -> None:
        """One of the edits that move rows without changing any."""
        moves: Sequence[Callable[[], None]] = (self.sort, self.insert, self.drag)
        self.rng.choice(moves)()
