"""`user add | set | list | remove`: who may use the gateway, and how much."""

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.ports import GatewayUser
    from proxyfleet.services.users import Rules

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, '_' and '.'.")]
LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a user may do; what is not named stays as it is."""

    selector: Annotated[
        str | None, typer.Option(metavar="SELECTOR", help="Proxies that this user may be served from; '' is all.")
    ] = None
    clients: Annotated[
        list[str], typer.Option("--client", metavar="NETWORK", help="Networks to come from; may be repeated, or `any`.")
    ] = field(default_factory=list)
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", help="Requests and tunnels at a time; 0 is no limit.")
    ] = None
    rate: Annotated[
        float | None, typer.Option(metavar="N", help="Requests and tunnels begun per second; 0 is no limit.")
    ] = None
    bytes_per_minute: Annotated[
        int | None, typer.Option(metavar="N", help="Bytes in both directions; 0 is no limit.")
    ] = None

    def rules(self) -> "Rules":
        """For the service."""
        from proxyfleet.services.users import Rules

        clients = None if not self.clients else () if self.clients == ["any"] else tuple(self.clients)
        return Rules(self.selector, clients, self.concurrency, self.rate, self.bytes_per_minute)


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="Who may use the gateway.")
    command(group, "add")(add)
    command(group, "set")(set_)
    command(group, "list")(list_)
    command(group, "remove")(remove)
    app.add_typer(group, name="user")


def add(
    session: Session,
    name: Name,
    allowed: Allowed,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the password from standard input; else one is made and printed."),
    ] = False,
) -> None:
    """Add a user, or give a known one a new password."""
    from proxyfleet.services.users import check_name

    check_name(name)
    given = _password() if password_stdin else None
    password, known = session.run(_add(session, name, given, allowed))
    told = {"name": name, "replaced": known} | ({} if password_stdin else {"password": password})
    session.show(told, lambda: _people(session, name, None if password_stdin else password, known))


def _password() -> str:
    line = sys.stdin.readline(LONGEST_LINE)
    if not line:
        raise BadUsage("--password-stdin was given, but standard input is empty; pipe the password into it")
    return line.rstrip("\r\n")


async def _add(session: Session, name: str, password: str | None, allowed: Allowed) -> tuple[str, bool]:
    from proxyfleet.gateway.keys import hash_key
    from proxyfleet.services.users import add_user

    async with session.opened() as found:
        return await add_user(found.store, name, hash_key, password, allowed.rules())


def _people(session: Session, name: str, password: str | None, known: bool) -> None:
    session.say(f"user {name} has a new password" if known else f"user {name} was added")
    if password is not None:
        session.say("this password is shown only now:")
        print(password)


def set_(session: Session, name: Name, allowed: Allowed) -> None:
    """Change what a user may do; a running gateway keeps to it from the next request on."""
    user = session.run(_set(session, name, allowed))
    session.show(_told(user), lambda: session.say(f"user {_line(user)}"))


async def _set(session: Session, name: str, allowed: Allowed) -> "GatewayUser":
    from proxyfleet.services.users import change_user

    async with session.opened("refuse") as found:
        return await change_user(found.store, name, allowed.rules())


def list_(session: Session) -> None:
    """List the users of the gateway and what each may do."""
    users = session.run(_users(session))
    session.show([_told(user) for user in users], lambda: session.lines(map(_line, users)))


async def _users(session: Session) -> "list[GatewayUser]":
    async with session.opened("refuse") as found:
        return await found.store.users()


def _told(user: "GatewayUser") -> dict[str, object]:
    """Everything but the hash."""
    rules: dict[str, object] = {"selector": user.selector, "clients": list(user.clients)}
    limits = {"concurrency": user.concurrency, "rate": user.rate, "bytes_per_minute": user.bytes_per_minute}
    return {"name": user.name} | rules | limits


def _line(user: "GatewayUser") -> str:
    told = _told(user) | {"clients": " ".join(user.clients)}
    limits = [f"{word.replace('_', ' ')} {value}" for word, value in told.items() if value and word != "name"]
    return f"{user.name}  {', '.join(limits)}" if limits else user.name


def remove(session: Session, name: Name) -> None:
    """Remove a user; a running gateway lets it in no more."""
    session.run(_remove(session, name))
    session.show({"removed": name}, lambda: session.say(f"user {name} was removed"))


async def _remove(session: Session, name: str) -> None:
    from proxyfleet.services.users import remove_user

    async with session.opened("refuse") as found:
        await remove_user(found.store, name)
