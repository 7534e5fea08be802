"""`judge`: the site that checked proxies are sent to."""

from asyncio import Event
from typing import Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .serve import tell
from .session import Session


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "judge")(judge)


def judge(
    session: Session,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where it answers; your proxies must be able to reach it.")
    ] = "127.0.0.1:8089",
) -> None:
    """Answer every request with what was seen of it, for `check`; Ctrl-C ends it."""
    from proxyfleet.settings.kinds import ADDRESS

    try:
        place = ADDRESS.read(listen)
    except ValueError as problem:
        raise BadUsage(f"--listen {listen!r} is no place to listen on; write {problem}") from None
    session.run(_run(place), fast=True)


async def _run(place: object) -> None:
    from typing import cast

    from proxyfleet.assembly.judging import judge_running
    from proxyfleet.assembly.loop import stop_on_signals

    stop = Event()
    stop_on_signals(stop)
    async with judge_running(cast("tuple[str, int]", place)) as url:
        tell("judge", url)
        tell("ready", "")
        await stop.wait()
