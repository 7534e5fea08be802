"""How far long work has come: a counter on a terminal, and a line for whoever stops it before its end."""

import sys
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from proxyfleet.core.errors import FleetError

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


@contextmanager
def telling_how_far(session: Session, tell: Tell | None, stays: Callable[[int], str]) -> Iterator[Tell]:
    """Whoever or whatever stops the work, it is told what stays of it, unless that is nothing. What is given passes the count on
    to `tell`.
    """
    reached = 0

    def count(done: int) -> None:
        nonlocal reached
        reached = done
        if tell is not None:
            tell(done)

    try:
        yield count
    except (CancelledError, KeyboardInterrupt, FleetError) as problem:
        if reached and (told := stays(reached)):
            if isinstance(problem, FleetError):
                problem.add_note(told)
            else:
                session.fault(f"interrupted: {told}")
        raise
