"""Turns what SQLite and the vault say into one line with cause and remedy (PROMISES R23). Handles nothing, hides nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from proxyfleet.stores.errors import StoreBusy, StoreError, StoreLocked, StoreUnusable
from proxyfleet.vault import VaultError

FULL = "cannot grow: the disk is full; free some space, nothing of this batch was stored"
REMEDIES: tuple[tuple[type[apsw.Error], type[StoreError], str], ...] = (
    (apsw.BusyError, StoreBusy, "is in use by another process that does not let go; stop it, or try again"),
    (apsw.LockedError, StoreBusy, "is in use by another part of this program; try again"),
    (apsw.ReadOnlyError, StoreUnusable, "cannot be written; give this user write access to the file and its directory"),
    (
        apsw.CantOpenError,
        StoreUnusable,
        "cannot be opened; check that its directory exists and this user may write there",
    ),
    (apsw.PermissionsError, StoreUnusable, "may not be opened by this user; change its owner or its mode"),
    (apsw.FullError, StoreError, FULL),
    (apsw.NotADBError, StoreUnusable, "is not a SQLite database; give another path"),
    (apsw.CorruptError, StoreUnusable, "is damaged; stop all processes and restore a backup with `proxyfleet restore`"),
    (
        apsw.IOError,
        StoreError,
        "cannot be read or written: the disk is over its quota or fails; check it, then start again",
    ),
)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Within it, errors of SQLite and of the vault become `StoreError` and its kinds."""
    try:
        yield
    except VaultError as error:
        raise StoreLocked(str(error)) from None
    except apsw.Error as error:
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:  # no room for the index of the log
            raise StoreError(f"{path} {FULL}") from error
        for kind, meaning, remedy in REMEDIES:
            if isinstance(error, kind):
                raise meaning(f"{path} {remedy}") from error
        raise StoreError(f"{path} refused a statement ({type(error).__name__}: {error}); report this") from error
