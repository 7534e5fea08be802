"""`config show`: every setting, its value, and where the value came from."""

from typing import TYPE_CHECKING

import typer

from .commanding import command
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.settings import Row


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="What this program is set to.")
    command(group, "show")(show)
    app.add_typer(group, name="config")


def show(session: Session) -> None:
    """Show every setting with its value and where it came from; secrets stay stars."""
    from proxyfleet.settings import rows

    found = rows(session.loaded)
    told = [{"key": row.key, "value": row.value, "origin": row.origin, "variable": row.variable} for row in found]
    session.show(told, lambda: _people(found))
    for warning in session.loaded.warnings:
        session.say(f"warning: {warning}")


def _people(rows: "list[Row]") -> None:
    from .tables import table

    table(("setting", "value", "from"), [(row.key, row.value, row.origin) for row in rows])
