"""`jobs`: what the nodes of a fleet do by themselves, when they did it last, and what stalls."""

from typing import TYPE_CHECKING, Any

import typer

from .commanding import command
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.ports import JobRun

HEADS = ("job", "last run", "took", "result", "told", "next run", "every", "node")
KEYS = ("name", "started", "took", "result", "told", "next_run", "every", "node")


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "jobs")(jobs)


def jobs(session: Session) -> None:
    """Show the jobs of this fleet: last run, duration, result, next run; `stalled` is one that should have run."""
    from proxyfleet.clock import wall_clock

    rows = [_row(one, wall_clock()) for one in session.run(_jobs(session))]
    session.show(rows, lambda: _people(rows))
    if not rows:
        session.say("no node has run on this store yet; `proxyfleet serve` starts one, and its jobs with it")
    elif any(row["stalled"] for row in rows):
        session.say("stalled jobs should have run: is a node running? `proxyfleet doctor` tells")


async def _jobs(session: Session) -> "list[JobRun]":
    async with session.opened(missing="refuse") as opened:
        return await opened.store.jobs()


def _row(job: "JobRun", now: float) -> dict[str, Any]:
    """Any: fields of many types."""
    from proxyfleet.services.jobs import is_late
    from proxyfleet.services.read_models import instant

    stalled = job.result == "stalled" or is_late(job, now, job.next_run)
    return {
        "name": job.name,
        "started": instant(job.started),
        "took": job.took,
        "result": "stalled" if stalled else job.result or "waiting",
        "told": job.told,
        "next_run": instant(job.next_run),
        "last_ok": instant(job.last_ok),
        "every": job.every,
        "node": job.holder,
        "stalled": stalled,
    }


def _people(rows: list[dict[str, Any]]) -> None:
    from .tables import table

    table(HEADS, [[row[key] for key in KEYS] for row in rows])
