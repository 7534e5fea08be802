"""A1 notation as the stand-in reads and writes it: `'My tab'!A2:C`, `B:B`, `1:1`, `A1`. Text and numbers only.

Deliberately not the writer that `stores.sheets` has: a double that shares code with what it tests agrees with its mistakes.
"""

import re
from typing import NamedTuple

_CELL = re.compile(r"\$?([A-Za-z]{1,3})?\$?(\d{1,7})?")


class Area(NamedTuple):
    """Rows and columns from 0, half-open; None means without end."""

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    def rows(self, count: int) -> range:
        """The rows of the area in a tab of so many."""
        return range(min(self.top, count), count if self.bottom is None else min(self.bottom, count))

    def columns(self, count: int) -> range:
        """The columns of the area in a tab of so many."""
        return range(min(self.left, count), count if self.right is None else min(self.right, count))

    def meets(self, other: "Area") -> bool:
        """Whether both have a cell in common."""
        return _meet((self.top, self.bottom), (other.top, other.bottom)) and _meet(
            (self.left, self.right), (other.left, other.right)
        )


def _meet(one: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def letters(column: int) -> str:
    """0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(text: str) -> int:
    """The other way round."""
    column = 0
    for char in text.upper():
        column = column * 26 + ord(char) - 64
    return column - 1


def area(text: str) -> Area | None:
    """The cells of a range without its tab; None for what is no range."""
    first, colon, last = text.partition(":")
    start, end = _corner(first), _corner(last if colon else first)
    if start is None or end is None or (not colon and None in start):
        return None
    (top, left), (bottom, right) = start, end
    if (top is None) != (left is None) and (bottom, right) == (top, left) and not colon:
        return None
    return Area(top or 0, left or 0, None if bottom is None else bottom + 1, None if right is None else right + 1)


def _corner(text: str) -> tuple[int | None, int | None] | None:
    match = _CELL.fullmatch(text)
    if not text or match is None:
        return None
    column, row = match.groups()
    if row == "0":
        return None
    return (None if row is None else int(row) - 1, None if column is None else number(column))


def split(text: str) -> tuple[str | None, str]:
    """(tab or None, the rest) of a range; quotes around the tab are removed."""
    if text.startswith("'"):
        title, mark, rest = text[1:].replace("''", "\0").partition("'")
        return title.replace("\0", "'"), rest.removeprefix("!") if mark else ""
    title, mark, rest = text.rpartition("!")
    return (title, rest) if mark else (None, text)


def written(title: str, place: Area, rows: int, columns: int) -> str:
    """A range as Google answers it: `Proxies!A1:B2`, the tab in quotes where it needs them, ends cut to the tab."""
    shown = title if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", title) else "'" + title.replace("'", "''") + "'"
    bottom = min(rows, place.bottom or rows)
    right = min(columns, place.right or columns)
    first, last = f"{letters(place.left)}{place.top + 1}", f"{letters(right - 1)}{bottom}"
    return f"{shown}!{first}" if first == last else f"{shown}!{first}:{last}"
