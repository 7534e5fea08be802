"""Tables for people, by Rich. Values in, lines on standard output out; decides nothing about what is shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """A table as wide as it needs to be; on a pipe nothing is cut."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=250)
    made = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    console.print(made)


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
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
