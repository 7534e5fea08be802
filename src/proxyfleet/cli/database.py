"""`db status` and `db upgrade`: the database file itself; its key is not needed."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.stores.sql.upgrading import Look


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="The database file.")
    command(group, "status")(status)
    command(group, "upgrade")(upgrade)
    app.add_typer(group, name="db")


def database_file(session: Session) -> Path:
    """The file behind the store. Raises `BadUsage` where there is none."""
    from proxyfleet.settings.places import sqlite_file

    path = sqlite_file(session.loaded.settings.store)
    if path is None:
        raise BadUsage("a store in memory has no file; name one by --store sqlite:///FILE")
    return path


def status(session: Session) -> None:
    """Show schema, rows, size, integrity and keys of the database; changes nothing."""
    from proxyfleet.stores.errors import StoreUnusable
    from proxyfleet.stores.sql.upgrading import look

    found = look(database_file(session))
    told = found._asdict() | {"path": str(found.path), "keys": list(found.keys)}
    session.show(told, lambda: _people(found))
    if found.trouble is not None:
        raise StoreUnusable(found.trouble)
    if found.schema < found.newest:
        session.say("it is upgraded at the next start, after a copy of it; `proxyfleet db upgrade` does it now")


def _people(found: "Look") -> None:
    from .tables import pairs

    pairs(
        [
            ("database", found.path),
            ("schema", f"{found.schema} (this program: {found.newest})"),
            *found.rows.items(),
            ("locked with key", list(found.keys)),
            ("size", f"{found.size:,} bytes"),
            ("log", f"{found.log:,} bytes"),
            ("integrity", found.integrity),
            ("SQLite", found.sqlite),
        ]
    )


def upgrade(session: Session) -> None:
    """Bring an older database to the schema of this program, after a copy of it."""
    from proxyfleet.stores.sql.upgrading import upgrade

    done = upgrade(database_file(session))
    told = {"before": done.before, "after": done.after, "backup": None if done.backup is None else str(done.backup)}
    session.show(told, lambda: print(f"schema {done.after}" + (f", was {done.before}" if done.backup else " already")))
    if done.backup is not None:
        session.say(f"the database as it was lies in {done.backup}")
