"""`backup` and `restore`: a whole database to a file and back, while nodes run. The key is named, never included."""

from pathlib import Path
from typing import Annotated

import typer

from .commanding import command
from .confirming import confirm
from .database import database_file
from .failing import BadUsage
from .session import Session

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    command(app, "backup")(backup)
    command(app, "restore")(restore)


def backup(session: Session, file: File) -> None:
    """Copy the database to a new file, complete or not at all; what runs goes on."""
    from proxyfleet.stores.sql.backup import back_up

    copied = back_up(database_file(session), file.absolute())
    told = {"backup": str(copied.path), "keys": list(copied.masters)}
    session.show(told, lambda: print(f"{copied.path}"))
    session.say(
        f"its passwords need key {', '.join(copied.masters)}, which is not in it; keep a copy of that elsewhere"
    )


def restore(
    session: Session,
    file: File,
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is in the database now, without asking.")] = False,
) -> None:
    """Replace the database by a backup; what was in it is kept beside it."""
    from proxyfleet.assembly.opening import key_source
    from proxyfleet.stores.sql.backup import restore

    path = database_file(session)
    if file.absolute() == path:
        raise BadUsage(f"{file} is the database itself; name a backup")
    if path.exists() and not yes:
        confirm(f"replace everything in {path}?")
    saved = restore(file.absolute(), path, key_source(session.loaded.settings))
    told = {"restored": str(path), "saved": None if saved is None else str(saved)}
    session.show(told, lambda: print(f"{path} is as in {file}"))
    if saved is not None:
        session.say(f"what was in it lies in {saved}; restart running nodes")
