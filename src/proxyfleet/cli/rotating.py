"""`rotate`: ask proxies for another exit address, by their refresh URLs."""

from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import Ended, ExitCode
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.services.rotating import Rotated

Which = Annotated[str, typer.Argument(metavar="ID|SELECTOR", help="Such as 7 or 'tag=modem'; 'all' means every proxy.")]


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "rotate")(rotate)


def rotate(session: Session, which: Which) -> None:
    """Call the refresh URLs of proxies; what was measured of their old exits is forgotten."""
    from proxyfleet.assembly.rotating import shown
    from proxyfleet.services.rotating import Turn

    found = session.run(_rotated(session, which))
    session.show([shown(one) for one in found], lambda: _people(session, found))
    if not found or any(one.turn is Turn.FAILED for one in found):
        raise Ended(ExitCode.FAILED)


async def _rotated(session: Session, which: str) -> "list[Rotated]":
    from proxyfleet.assembly.rotating import rotate_stored
    from proxyfleet.core.selector import Selector

    from .edits import _text

    named = which.strip()
    wanted = Selector.parse(f"id={named}" if named.isdecimal() else _text(which))
    async with session.opened("refuse") as opened:
        return await rotate_stored(session.loaded.settings, opened, wanted)


def _people(session: Session, found: "list[Rotated]") -> None:
    from .tables import table

    table(("id", "address", "result", "why"), [(one.proxy_id, one.address, one.turn.value, one.why) for one in found])
    if any(one.turn.value == "rotated" for one in found):
        session.say(
            "their exits are not known now: a node with checks.judge measures them again, and so does `proxyfleet check`"
        )
