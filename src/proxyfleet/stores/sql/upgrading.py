"""Looks at a database file without needing its key, and brings it to the schema of this program on request (SPEC A7).

Looking changes nothing. Every kind of file that must not be used is refused in one line.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import apsw

from proxyfleet.stores.errors import NoDatabase, StoreUnusable
from proxyfleet.stores.sql.filesystem import refuse_network
from proxyfleet.stores.sql.keys import key_rows
from proxyfleet.stores.sql.migrating import Step, newer, steps_in, version_of
from proxyfleet.stores.sql.opening import BUSY_MS, open_database
from proxyfleet.stores.sql.trouble import explained

COUNTED = ("proxies", "users")


class Look(NamedTuple):
    """`schema` is the file's, `newest` this program's; `size` and `log` are bytes; `integrity` is `ok` or what is wrong.

    `keys` names the keys without which the passwords cannot be read. Rows and keys of a newer schema are not judged.
    """

    path: Path
    schema: int
    newest: int
    rows: dict[str, int]
    keys: tuple[str, ...]
    size: int
    log: int
    integrity: str
    sqlite: str

    @property
    def trouble(self) -> str | None:
        """Why this program must not use it; None when it may."""
        if self.integrity != "ok":
            return f"{self.path} is damaged; stop all processes and restore a backup with `proxyfleet restore`"
        if self.schema > self.newest:
            return newer(self.path, self.schema, self.newest)
        return None


class Upgraded(NamedTuple):
    """`backup` is where the older database was copied to; None when there was nothing to do."""

    before: int
    after: int
    backup: Path | None


def look(path: Path, steps: Sequence[Step] | None = None) -> Look:
    """Read the figures of a database. Blocking. Raises `StoreUnusable` and other kinds of `StoreError`."""
    refuse_network(path)
    if not path.is_file():
        raise NoDatabase(path)
    newest = (steps or steps_in())[-1].version
    with explained(path):
        connection = _looking(path)
        try:
            connection.set_busy_timeout(BUSY_MS)
            return _look(connection, path, newest)
        finally:
            connection.close()


def _looking(path: Path) -> apsw.Connection:
    """For a file that this user may only read SQLite would leave a log that nobody may write to, so it gets none."""
    flags, log = apsw.SQLITE_OPEN_READONLY, path.with_name(f"{path.name}-wal")
    if os.access(path, os.W_OK) or log.exists():
        return apsw.Connection(str(path), flags=flags)
    return apsw.Connection(f"file:{quote(str(path))}?immutable=1", flags=flags | apsw.SQLITE_OPEN_URI)


def _look(connection: apsw.Connection, path: Path, newest: int) -> Look:
    log, schema, integrity = path.with_name(f"{path.name}-wal"), version_of(connection, path), _integrity(connection)
    readable = 0 < schema <= newest and integrity == "ok"
    return Look(
        path,
        schema,
        newest,
        {table: _count(connection, table) for table in COUNTED} if readable else {},
        tuple(sorted({row.master for row in key_rows(connection)})) if readable else (),
        path.stat().st_size,
        log.stat().st_size if log.exists() else 0,
        integrity,
        apsw.sqlite_lib_version(),
    )


def _integrity(connection: apsw.Connection) -> str:
    try:
        return str(connection.execute("PRAGMA integrity_check(1)").get)
    except apsw.CorruptError as error:
        return str(error)


def _count(connection: apsw.Connection, table: str) -> int:
    return int(str(connection.execute(f"SELECT count(*) FROM {table}").get))  # noqa: S608 - a name of COUNTED


def upgrade(path: Path, steps: Sequence[Step] | None = None) -> Upgraded:
    """Bring the database to the newest schema, after a copy of it. Blocking. Raises `StoreUnusable` and other `StoreError`."""
    steps = steps or steps_in()
    before = look(path, steps)
    if before.trouble is not None:
        raise StoreUnusable(before.trouble)
    opened = open_database(path, steps)
    with explained(path):
        opened.reading.close()
        opened.writing.close()
    return Upgraded(before.schema, before.newest, opened.backup)
