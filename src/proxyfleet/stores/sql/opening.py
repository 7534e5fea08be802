"""Opens a database file, or says in one line why not: old SQLite, network disk, foreign, newer, damaged, read-only.

What it gives are two connections that obey the rules of the house; what is done with them is decided elsewhere.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import apsw

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql.filesystem import make_private, refuse_network
from proxyfleet.stores.sql.migrating import Step, migrate, version_of
from proxyfleet.stores.sql.trouble import explained

OLDEST = (3, 51, 3)
"""Before it, two processes that write and checkpoint at once could corrupt the file."""
BUSY_MS = 5_000
CACHE_KB = 32_000
RULES = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA mmap_size = 0",
    f"PRAGMA cache_size = -{CACHE_KB}",
)


class Opened(NamedTuple):
    """`backup` is where an older database was copied to before it was migrated; `checked` tells of an unclean stop before."""

    writing: apsw.Connection
    reading: apsw.Connection
    backup: Path | None
    checked: bool


def open_database(path: Path, steps: Sequence[Step]) -> Opened:
    """Check, migrate, and open for writing and for reading. Blocking. Raises `StoreError` and its kinds."""
    refuse_old(apsw.sqlite_lib_version())
    refuse_network(path)
    make_private(path)
    with explained(path):
        checked = check_after_crash(path)
        writing = connect(path)
        try:
            backup = migrate(writing, path, steps)
            reading = connect(path)
            reading.execute("PRAGMA query_only = ON")
        except BaseException:
            writing.close()
            raise
    return Opened(writing, reading, backup, checked)


def refuse_old(version: str) -> None:
    """Raises `StoreUnusable` for a SQLite library with the WAL-reset error."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise StoreUnusable(
            f"SQLite {version} can corrupt a shared database; install apsw {oldest} or newer from its wheel"
        )


def connect(path: Path) -> apsw.Connection:
    """A connection by the rules. A file that is not ours is refused before anything in it is touched."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(BUSY_MS)
        if connection.readonly(
            "main"
        ):  # before SQLite makes a log with the mode of the file, which would stay in the way
            raise apsw.ReadOnlyError("the file may only be read")
        version_of(connection, path)
        if connection.pragma("journal_mode", "wal") != "wal":
            raise StoreUnusable(f"{path} cannot use write-ahead logging here; move it to a local disk")
        for rule in RULES:
            connection.execute(rule)
    except BaseException:
        connection.close()
        raise
    return connection


def check_after_crash(path: Path) -> bool:
    """Check the whole file when the last process did not close it. True when that was needed and all is well.

    A write-ahead log that nobody uses tells of it; exclusive locking finds out whether somebody does.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists() or log.stat().st_size == 0:
        return False
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("locking_mode", "exclusive")
        findings = [str(text) for (text,) in connection.execute("PRAGMA quick_check(1)")]
    except apsw.BusyError:
        return False
    finally:
        connection.close()
    if findings != ["ok"]:
        raise apsw.CorruptError(findings[0])
    return True
