"""Copies a whole database while it is in use, by SQLite's backup API. Knows nothing of what is in it."""

import os
from pathlib import Path

import apsw

from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.sql.drafts import drafted
from proxyfleet.stores.sql.filesystem import make_private


def copy_database(source: apsw.Connection, target: Path) -> None:
    """Copy to a file that appears under its name only when it is complete and on disk; mode 0600. Replaces a file there.

    Raises `StoreError` when it does not fit; then nothing of it is left.
    """
    with drafted(target) as draft:
        fill(draft, source, target)
        _sync(draft)
        os.replace(draft, target)
        _sync(target.parent)


def fill(draft: Path, source: apsw.Connection, target: Path) -> None:
    """Write all that is in `source` to a new file; `target` is what it is called when it does not fit."""
    make_private(draft)
    copy = apsw.Connection(str(draft))
    try:
        overwrite(copy, source)
        copy.execute("PRAGMA journal_mode = DELETE")
    except apsw.FullError:
        raise StoreError(f"{target} cannot be made: the disk is full; free some space, or name another") from None
    finally:
        copy.close()


def overwrite(target: apsw.Connection, source: apsw.Connection) -> None:
    """Replace all that is in `target` by what is in `source`, as one transaction of the target."""
    with target.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step(-1)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
