"""Brings a database to the schema of this program by numbered SQL files, each applied whole or not at all (SPEC A7).

Knows versions and files, not what the tables mean.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from apsw import Connection

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql.copying import copy_database
from proxyfleet.stores.sql.transaction import transaction

APPLICATION_ID = 0x70666C74
"""`pflt`, in the header of every database of ours."""
DIRECTORY = Path(__file__).with_name("migrations")


class Step(NamedTuple):
    """One migration: `version` is the schema it leads to."""

    version: int
    sql: str


def steps_in(directory: Path = DIRECTORY) -> list[Step]:
    """The migrations `NNNN_name.sql` of a directory, by number."""
    files = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Step(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in files]


def version_of(connection: Connection, path: Path) -> int:
    """The schema's version, 0 for an empty file. Raises `StoreUnusable` for a database that is not ours."""
    owner, version = number(connection, "application_id"), number(connection, "user_version")
    if owner == APPLICATION_ID:
        return version
    tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if owner == 0 and not tables:
        return 0
    remedy = (
        f"take it over with `proxyfleet adopt {path}`" if tables & {"proxy_pool", "proxies"} else "give another path"
    )
    raise StoreUnusable(f"{path} is a database of another program; {remedy}")


def number(connection: Connection, pragma: str) -> int:
    """An integer pragma."""
    value = connection.pragma(pragma)
    return value if isinstance(value, int) else 0


def migrate(connection: Connection, path: Path, steps: Sequence[Step]) -> Path | None:
    """Apply what is missing, in one transaction; the backup's path when there was older data to keep.

    Raises `StoreUnusable` for a foreign database and for one that is newer than this program.
    """
    version, newest = version_of(connection, path), steps[-1].version
    if version > newest:
        raise StoreUnusable(newer(path, version, newest))
    if version == newest:
        return None
    backup = path.with_name(f"{path.name}.before-{newest}.bak") if version else None
    if backup is not None:
        copy_database(connection, backup)
    apply(connection, path, steps)
    return backup


def newer(path: Path, version: int, newest: int) -> str:
    """What is said of a database that this program is too old for."""
    remedy = "use the newer program that wrote it, or restore a backup"
    return f"{path} has schema {version}, this program knows {newest}; {remedy}"


def apply(connection: Connection, path: Path, steps: Sequence[Step]) -> None:
    """Apply what is missing, in one transaction, without a copy."""
    with transaction(connection):
        version = version_of(connection, path)  # looked at here: another process may have been quicker
        for step in steps:
            if step.version > version:
                connection.execute(step.sql)
                connection.execute(f"PRAGMA user_version = {step.version:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
