"""`user add | list | remove`: who may use the gateway."""

import sys
from typing import Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, '_' and '.'.")]
LONGEST_LINE = 4096


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="Who may use the gateway.")
    command(group, "add")(add)
    command(group, "list")(list_)
    command(group, "remove")(remove)
    app.add_typer(group, name="user")


def add(
    session: Session,
    name: Name,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the password from standard input; else one is made and printed."),
    ] = False,
) -> None:
    """Add a user, or give a known one a new password."""
    from proxyfleet.services.users import check_name

    check_name(name)
    given = _password() if password_stdin else None
    password, known = session.run(_add(session, name, given))
    told = {"name": name, "replaced": known} | ({} if password_stdin else {"password": password})
    session.show(told, lambda: _people(session, name, None if password_stdin else password, known))


def _password() -> str:
    line = sys.stdin.readline(LONGEST_LINE)
    if not line:
        raise BadUsage("--password-stdin was given, but standard input is empty; pipe the password into it")
    return line.rstrip("\r\n")


async def _add(session: Session, name: str, password: str | None) -> tuple[str, bool]:
    from proxyfleet.gateway.keys import hash_key
    from proxyfleet.services.users import add_user

    async with session.opened() as found:
        return await add_user(found.store, name, hash_key, password)


def _people(session: Session, name: str, password: str | None, known: bool) -> None:
    session.say(f"user {name} has a new password" if known else f"user {name} was added")
    if password is not None:
        session.say("this password is shown only now:")
        print(password)


def list_(session: Session) -> None:
    """List the users of the gateway."""
    names = session.run(_names(session))
    session.show([{"name": name} for name in names], lambda: session.lines(names))


async def _names(session: Session) -> list[str]:
    async with session.opened() as found:
        return [user.name for user in await found.store.users()]


def remove(session: Session, name: Name) -> None:
    """Remove a user; a running gateway lets it in no more."""
    session.run(_remove(session, name))
    session.show({"removed": name}, lambda: session.say(f"user {name} was removed"))


async def _remove(session: Session, name: str) -> None:
    from proxyfleet.services.users import remove_user

    async with session.opened() as found:
        await remove_user(found.store, name)
