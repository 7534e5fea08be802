"""`db status`, `db upgrade`, `db copy` and `db claims-back`: the database itself, and what is kept beside it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.copying import Copied
    from proxyfleet.stores.postgres.upgrading import Look as ServerLook
    from proxyfleet.stores.sql.upgrading import Look

BY_ITS_OWN_TOOLS = (
    "a fleet in PostgreSQL is backed up and restored by PostgreSQL's own tools: pg_dump --format=custom --schema={schema}, "
    "pg_restore --clean; nodes have to be started again after a restore"
)


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="The database.")
    command(group, "status")(status)
    command(group, "upgrade")(upgrade)
    command(group, "copy")(copy)
    command(group, "claims-back")(claims_back)
    app.add_typer(group, name="db")


def database_file(session: Session) -> Path:
    """The file behind the store. Raises `BadUsage` where there is none."""
    from proxyfleet.settings.places import sqlite_file
    from proxyfleet.stores.postgres.address import address_of

    refuse_memory(session)
    path = sqlite_file(session.loaded.settings.store)
    if path is None:
        raise BadUsage(BY_ITS_OWN_TOOLS.format(schema=address_of(session.loaded.settings.store).schema))
    return path


def refuse_memory(session: Session) -> None:
    """Raises `BadUsage` for a store in memory."""
    from proxyfleet.settings.places import MEMORY

    if session.loaded.settings.store in MEMORY:
        raise BadUsage("a store in memory has no database; name one by --store sqlite:///FILE or postgresql://...")


def server_url(session: Session) -> str | None:
    """The URL of a fleet in PostgreSQL whose driver is installed; None for other stores."""
    from proxyfleet.stores.postgres.address import is_postgres
    from proxyfleet.stores.registry import refuse_missing_driver

    url = session.loaded.settings.store
    if not is_postgres(url):
        return None
    refuse_missing_driver()
    return url


def status(session: Session) -> None:
    """Show schema, rows, size, integrity and keys of the database; changes nothing."""
    from proxyfleet.stores.errors import StoreUnusable

    if (url := server_url(session)) is not None:
        _server_status(session, url)
        return
    from proxyfleet.stores.sql.upgrading import look

    found = look(database_file(session))
    told = found._asdict() | {"path": str(found.path), "keys": list(found.keys)}
    session.show(told, lambda: _people(found))
    if found.trouble is not None:
        raise StoreUnusable(found.trouble)
    if found.schema < found.newest:
        session.say("it is upgraded at the next start, after a copy of it; `proxyfleet db upgrade` does it now")


def _server_status(session: Session, url: str) -> None:
    from proxyfleet.stores.errors import StoreUnusable
    from proxyfleet.stores.postgres.upgrading import look

    found = session.run(look(url))
    session.show(found._asdict() | {"keys": list(found.keys)}, lambda: _people_of_server(found))
    if found.trouble is not None:
        raise StoreUnusable(found.trouble)
    if found.schema < found.newest:
        session.say(
            "it is upgraded at the next start; `proxyfleet db upgrade` does it now, pg_dump makes a copy before"
        )


def _people_of_server(found: "ServerLook") -> None:
    from .tables import pairs

    pairs(
        [
            ("database", found.place),
            ("schema", f"{found.schema} (this program: {found.newest})"),
            *found.rows.items(),
            ("locked with key", list(found.keys)),
            ("size", f"{found.size:,} bytes"),
            ("PostgreSQL", found.server),
        ]
    )


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
    if (url := server_url(session)) is not None:
        from proxyfleet.stores.postgres.upgrading import upgrade as upgrade_server

        migrated = session.run(upgrade_server(url))
        was = "" if migrated.before == migrated.after else f", was {migrated.before}"
        session.show(migrated._asdict(), lambda: print(f"schema {migrated.after}{was or ' already'}"))
        return
    from proxyfleet.stores.sql.upgrading import upgrade

    done = upgrade(database_file(session))
    told = {"before": done.before, "after": done.after, "backup": None if done.backup is None else str(done.backup)}
    session.show(told, lambda: print(f"schema {done.after}" + (f", was {done.before}" if done.backup else " already")))
    if done.backup is not None:
        session.say(f"the database as it was lies in {done.backup}")


def copy(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="FROM", help="The store to copy, left as it is.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The store to fill; it must be empty.")],
    to_key_file: Annotated[
        Path | None,
        typer.Option("--to-key-file", metavar="FILE", help="The key that locks the copy, if it is to be another one."),
    ] = None,
) -> None:
    """Copy a whole fleet into another, empty store and compare both; stop the nodes first.

    Ids stay, passwords are sealed anew. Leases that run are not copied: their holders acquire again.
    """
    copied = session.run(_copy(session, (source, target), to_key_file))
    kinds = {kind: counted._asdict() for kind, counted in copied.kinds.items()}
    session.show({"copied": kinds, "leases_left_behind": copied.leases}, lambda: _people_of_copy(copied))
    if copied.leases:
        session.say(f"{copied.leases} running leases were not copied; their holders acquire again in the new store")
    session.say("counts and checksums of both agree; start the nodes with --store and the new URL")


def _people_of_copy(copied: "Copied") -> None:
    from .tables import table

    rows = [(kind, counted.number, counted.checksum[:16]) for kind, counted in copied.kinds.items()]
    table(("kind", "copied", "checksum of both"), rows)


async def _copy(session: Session, urls: tuple[str, str], to_key_file: Path | None) -> "Copied":
    from proxyfleet.assembly.copying import copy_between

    from .progressing import counting, telling_how_far

    def stays(_: int) -> str:
        return "the target is unfinished and opens for nothing else; the next `db copy` into it starts anew"

    with counting(session, "records") as shown, telling_how_far(session, shown, stays) as tell:
        return await copy_between(session.loaded.settings, *urls, to_key_file, lambda _, count: tell(count))


def claims_back(session: Session) -> None:
    """Move the claims of this fleet from Redis back into its store; stop all nodes before."""
    moved = session.run(_claims_back(session))
    session.show({"assignments": moved}, lambda: print(f"{moved} assignments moved"))
    session.say("from now on the claims are in the store: leave out --claims, on every node")


async def _claims_back(session: Session) -> int:
    async with session.opened("refuse") as found:
        if not found.promise:
            raise BadUsage("say where the claims are now: --claims redis://HOST:6379/0")
        from proxyfleet.stores.redis.fleet import RedisFleet  # loaded by now: the claims are there
        from proxyfleet.stores.redis.leaving import leave

        if not isinstance(found.store, RedisFleet):
            raise BadUsage("the claims of this fleet are in its store already")
        return await leave(found.store)
