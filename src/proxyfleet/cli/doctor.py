"""`doctor`: is everything there that is needed?"""

from typing import TYPE_CHECKING

import typer

from .commanding import command
from .failing import Ended, ExitCode
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.checkup import Check


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "doctor")(doctor)


def doctor(session: Session) -> None:
    """Check what a node needs; every finding is ok, warn or fail, with the remedy."""
    from proxyfleet.assembly.checkup import checkup

    found = session.run(checkup(session.loaded))
    session.show([check._asdict() for check in found], lambda: _people(found))
    if any(check.result == "fail" for check in found):
        raise Ended(ExitCode.FAILED)


def _people(found: "list[Check]") -> None:
    from .tables import table

    table(("check", "result", "found", "remedy"), [(one.name, one.result, one.found, one.remedy) for one in found])
