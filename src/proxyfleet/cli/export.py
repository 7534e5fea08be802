"""`export`: the inventory as text, JSON or CSV that `import` reads again."""

from typing import Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "export")(export)


def export(
    session: Session,
    selector: Annotated[str, typer.Argument(help="Which proxies; all without it.")] = "",
    format: Annotated[str, typer.Option(metavar="FORMAT", help="text, json or csv.")] = "text",
    with_passwords: Annotated[
        bool,
        typer.Option("--with-passwords", help="Include passwords and refresh URLs."),
    ] = False,
) -> None:
    """Write proxies to standard output; secrets only when asked for."""
    from proxyfleet.services.exporting import FORMATS, export
    from proxyfleet.services.inventory import records

    from .edits import _ids

    if format not in FORMATS:
        raise BadUsage(f"unknown format {format!r}; use one of: {', '.join(FORMATS)}")

    async def work() -> None:
        wanted = set(await _ids(session, selector)) if selector else None
        async with session.opened("refuse") as opened:
            found = await records(opened.store, wanted)
        session.lines(export(found, "json" if session.common.json else format, passwords=with_passwords))

    session.run(work())
