"""A counter for long work: on a terminal, on standard error, and nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .session import Session

Tell = Callable[[int], None]


@contextmanager
def counting(session: Session, unit: str) -> Iterator[Tell | None]:
    """What is to be told how many of `unit` are done; None where nobody looks."""
    if session.common.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn(f"{{task.completed:,}} {unit}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(unit, total=None)
        yield lambda done: progress.update(task, completed=done)
