"""Tables for people: by Rich on a terminal, plain aligned columns on a pipe and for long lists. Decides nothing else."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .streams import printable

MOST_RICH: Final = 500
"""Rich needs a millisecond per row; longer tables are written plainly."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A heading and the rows, every column as wide as it needs to be."""
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty() and len(cells) <= MOST_RICH:
        _rich(columns, cells)
    else:
        sys.stdout.writelines(f"{line}\n" for line in plain(columns, cells))


def plain(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of aligned text, two blanks between columns."""
    widths = [max(len(row[at]) for row in (columns, *cells)) for at in range(len(columns))]
    for row in (columns, *cells):
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _rich(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    made = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        made.add_row(*row)
    # A note or a tag may look like markup and must not be read as such.
    Console(highlight=False, markup=False).print(made)


def pairs(rows: Iterable[tuple[str, object]]) -> None:
    """Name and value, one per line."""
    found = [(name, _cell(value)) for name, value in rows]
    width = max((len(name) for name, _ in found), default=0)
    for name, value in found:
        print(f"{name:{width}}  {value}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return printable(str(value))
