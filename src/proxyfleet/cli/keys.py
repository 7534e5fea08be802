"""`key generate | rotate | status`: the key that locks the passwords, and the keys in the database that it locks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .database import refuse_memory, server_url
from .failing import BadUsage
from .session import Session

if TYPE_CHECKING:
    from proxyfleet.stores.keykeeping import KeyKeeper, KeyStatus
    from proxyfleet.vault import MasterKey


def register(app: typer.Typer) -> None:
    """Put the commands into the program."""
    group = typer.Typer(no_args_is_help=True, help="The keys of the stored passwords.")
    command(group, "status")(status)
    command(group, "generate")(generate)
    command(group, "rotate")(rotate)
    app.add_typer(group, name="key")


def status(session: Session) -> None:
    """Show where the key comes from, and which keys lock how many secrets; never a key itself."""
    refuse_memory(session)
    master, found = session.run(_status(session))
    keys = [one._asdict() for one in found]
    session.show({"source": master.origin, "key": master.name, "data_keys": keys}, lambda: _people(master, found))
    if any(one.due for one in found):
        session.say("it is time to rotate: `proxyfleet key rotate`")


async def _status(session: Session) -> "tuple[MasterKey, list[KeyStatus]]":
    async with session.opened("refuse") as opened:
        keeper = _keeper(opened.store)
        return keeper.master, await keeper.key_status()


def _people(master: "MasterKey", found: "list[KeyStatus]") -> None:
    from proxyfleet.services.read_models import instant

    from .tables import pairs, table

    pairs([("source", master.origin), ("key", master.name)])
    print()
    rows = [(one.kid, one.state, instant(one.created), one.uses, one.values, one.due) for one in found]
    table(("data key", "state", "made", "uses", "secrets", "due"), rows)


def generate(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to write it; without it, where a node looks for it.")
    ] = None,
    print_: Annotated[bool, typer.Option("--print", help="Print a key for PROXYFLEET_KEY; write nothing.")] = False,
) -> None:
    """Make a new random key: a file of mode 0600, or text. A key that is there is never overwritten."""
    from proxyfleet.vault.keysource import random_key

    if print_ and file is not None:
        raise BadUsage("--print writes no file; leave one of the two out")
    if print_:
        made = random_key()
        session.show({"key": made}, lambda: print(made))
        return
    path, name = _written(session, file)
    session.show({"file": str(path), "key": name}, lambda: print(path))
    session.say(f"key {name}; keep a copy of it apart from your backups: without it the passwords are lost")


def _written(session: Session, file: Path | None) -> tuple[Path, str]:
    from proxyfleet.settings.places import sqlite_file
    from proxyfleet.stores.sql.trouble import explained
    from proxyfleet.vault import KeySource

    database = sqlite_file(session.loaded.settings.store)
    path = file.absolute() if file is not None else _default(session, database)
    with explained(path):
        return path, KeySource(file=path).generate(database).name


def _default(session: Session, database: Path | None) -> Path:
    """Where a node looks. Never for a database that is locked already: a second key could not open it."""
    from proxyfleet.assembly.opening import key_source

    source = key_source(session.loaded.settings)
    if source.value is not None or source.path is None:
        raise BadUsage("PROXYFLEET_KEY is set and counts; name a FILE, or use --print")
    locked = () if source.path.exists() else _locks(session, database)
    if locked:
        raise BadUsage(
            f"{database or 'the database'} is locked with key {', '.join(locked)}, and a new one would not open it; "
            "put that key back, or name another FILE"
        )
    return source.path


def _locks(session: Session, database: Path | None) -> tuple[str, ...]:
    """The keys without which the database cannot be read; none when it is not there yet."""
    from proxyfleet.stores.errors import NoDatabase

    if (url := server_url(session)) is not None:
        from proxyfleet.stores.postgres.upgrading import look as look_at_server

        try:
            return session.run(look_at_server(url)).keys
        except NoDatabase:
            return ()
    from proxyfleet.stores.sql.upgrading import look

    return look(database).keys if database is not None and database.exists() else ()


def rotate(
    session: Session,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Lock the data keys with the key in this file; touches no password."),
    ] = None,
) -> None:
    """Re-encrypt every secret under a new data key while all goes on, or finish what was begun; --to changes your own key."""
    refuse_memory(session)
    if to is None:
        count = session.run(_rotate(session))
        session.show({"reencrypted": count}, lambda: print(f"{count} secrets re-encrypted"))
        return
    new, count = session.run(_change(session, to.absolute()))
    session.show({"key": new.name, "data_keys": count}, lambda: print(f"locked with key {new.name} from now on"))
    session.say(
        f"now set PROXYFLEET_KEY_FILE to {to} (or put it in the old one's place) and restart running nodes; "
        "keep the old key for older backups"
    )


async def _rotate(session: Session) -> int:
    from .progressing import counting, telling_how_far

    def stays(secrets: int) -> str:
        return f"at least {secrets} secrets are re-encrypted; the next `proxyfleet key rotate` does the others"

    async with session.opened("refuse") as opened:
        with counting(session, "secrets") as shown, telling_how_far(session, shown, stays) as tell:
            return await _keeper(opened.store).rotate(tell)


async def _change(session: Session, to: Path) -> "tuple[MasterKey, int]":
    from proxyfleet.settings.places import sqlite_file
    from proxyfleet.stores.sql.trouble import explained
    from proxyfleet.vault import KeySource

    path = sqlite_file(session.loaded.settings.store)
    with explained(to):
        new = KeySource(file=to).find(path)
    if new is None:
        raise BadUsage(f"there is no key file {to}; make it: proxyfleet key generate {to}")
    async with session.opened("refuse") as opened:
        return new, await _keeper(opened.store).change_master(new)


def _keeper(store: object) -> "KeyKeeper":
    from proxyfleet.stores.keykeeping import KeyKeeper

    store = getattr(store, "inventory", store)  # the claims of the fleet may be kept elsewhere
    if not isinstance(store, KeyKeeper):
        raise BadUsage("this store locks nothing; name one by --store sqlite:///FILE or postgresql://...")
    return store
