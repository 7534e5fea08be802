"""`run`: N copies of a command, each with a leased proxy of its own in its environment."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .commanding import command as register_command
from .durations import METAVAR, duration
from .failing import BadUsage, Ended, ExitCode
from .leases import embedded
from .session import Session
from .stopping import BASE

if TYPE_CHECKING:
    from proxyfleet.assembly.sessions import Ended as WorkerEnd

VIAS = ("direct", "gateway")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many, on which proxies, and how they reach them."""

    size: Annotated[int, typer.Option(help="How many copies.", min=1, max=10_000)] = 1
    selector: Annotated[str, typer.Option(help="Which proxies, such as 'country=US tag=premium'.")] = ""
    via: Annotated[str, typer.Option(metavar="direct|gateway", help="Straight to the proxy, or enforced.")] = "direct"
    label: Annotated[str, typer.Option(metavar="NAME", help="Who holds the leases.")] = "run"
    capacity: Annotated[int | None, typer.Option(metavar="N", help="At most so many copies on one proxy.", min=1)] = (
        None
    )
    exclusive: Annotated[bool, typer.Option("--exclusive", help="One proxy a copy, with nobody else on it.")] = False
    allow_direct: Annotated[
        bool, typer.Option("--allow-direct", help="Copies for which there is no proxy run without one.")
    ] = False
    ttl: Annotated[
        float, typer.Option(parser=duration, metavar=METAVAR, help="How long a lease outlives a crash of this.")
    ] = 600.0
    grace: Annotated[
        float, typer.Option(parser=duration, metavar=METAVAR, help="A copy that fails sooner gets another proxy.")
    ] = 5.0


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    register_command(app, "run")(run)


def run(
    session: Session,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run, after two dashes.")],
    plan: Plan,
) -> None:
    """Run copies of a command, each on a leased proxy; the leases end with them."""
    if plan.via not in VIAS:
        raise BadUsage(f"--via {plan.via} is unknown; use direct or gateway")
    if shutil.which(command[0]) is None:
        raise BadUsage(f"there is no command {command[0]!r} that could be run; check its name and its rights")
    signals: list[int] = []
    ends = session.run(_run(session, command, plan, signals.append))
    failed = [end for end in ends if end.error is not None]
    told: dict[str, Any] = {"done": len(ends) - len(failed), "failed": [str(end.error) or "stopped" for end in failed]}
    if session.common.json:
        session.emit(told)
    session.say(f"{told['done']} of {len(ends)} copies are done")
    if failed:
        raise Ended(ExitCode(BASE + signals[0]) if signals else ExitCode.FAILED)


async def _run(session: Session, command: list[str], plan: Plan, signalled: Callable[[int], None]) -> "list[WorkerEnd]":
    import asyncio

    from proxyfleet.assembly.commands import CommandWorker, kept
    from proxyfleet.assembly.loop import stop_on_signals
    from proxyfleet.assembly.sessions import SessionManager
    from proxyfleet.settings.load import environment
    from proxyfleet.tasks import Tasks

    def tell(what: str, worker: int, line: str) -> None:
        session.say(f"{what}: {line}" if what == "short" else f"{worker} {what}: {line}")
        sys.stderr.flush()

    async with embedded(session) as fleet, kept() as keeper:
        stop, force = asyncio.Event(), asyncio.Event()
        stop_on_signals(stop, force, told=signalled)
        running = await SessionManager(fleet).start(
            size=plan.size,
            worker=CommandWorker(fleet, command, environment(), plan.via, keeper),
            selector=plan.selector,
            tell=tell,
            label=plan.label,
            capacity=plan.capacity,
            exclusive=plan.exclusive,
            allow_direct=plan.allow_direct,
            ttl=plan.ttl,
            grace=plan.grace,
        )
        tasks = Tasks()
        waits, stopped = tasks.spawn(running.settled(), name="workers"), tasks.spawn(stop.wait(), name="signal")
        await asyncio.wait([waits, stopped], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            session.say("stopping; once more to stop at once")
            stops, forced = tasks.spawn(running.stop(), name="stop"), tasks.spawn(force.wait(), name="second signal")
            await asyncio.wait([stops, forced], return_when=asyncio.FIRST_COMPLETED)
        if force.is_set():
            await running.force_stop()
        await asyncio.wait([waits])
        await tasks.close()
        return await running.wait()
