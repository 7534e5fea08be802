"""Where a database is written before it gets its name, and how what a killed process left of that is found and removed.

A draft is a hidden folder beside the target that its maker keeps locked; the system lets go of the lock however it ends.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from proxyfleet.stores.errors import StoreUnusable

COPY: Final = "copy"
LOCK: Final = "lock"
FILES: Final = frozenset({COPY, f"{COPY}-journal", f"{COPY}-wal", f"{COPY}-shm", LOCK})
"""All that is ever in a draft; what holds anything else is not ours."""
NAME: Final = re.compile(r"\..+\.[0-9a-f]{8}\.draft")


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """The name of a file to write, on the file system of `target`; gone afterwards unless it was moved."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_abandoned(target.parent)
        folder, lock = _made(target)
    except OSError as error:
        raise StoreUnusable(f"{target} cannot be made ({error.strerror}); give a path this user may write to") from None
    try:
        yield folder / COPY
    finally:
        _remove(folder)
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the drafts in a folder that nobody works on any more."""
    with os.scandir(parent) as found:
        folders = [Path(one.path) for one in found if NAME.fullmatch(one.name) and one.is_dir(follow_symlinks=False)]
    for folder in folders:
        with suppress(OSError):
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    if folder.stat().st_uid != os.geteuid() or not FILES.issuperset(os.listdir(folder)):
        return
    if not (folder / LOCK).exists():
        folder.rmdir()  # its maker has come no further; with anything in it this fails
        return
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(folder)
    finally:
        os.close(lock)


def _made(target: Path) -> tuple[Path, int]:
    """A new folder and its lock; anew when somebody took the folder for abandoned before it was locked."""
    while True:
        folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}.draft")
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            if _is_locked(lock) and (folder / LOCK).exists():
                return folder, lock
            os.close(lock)


def _is_locked(lock: int) -> bool:
    """True as well on a file system without locks, where nobody else gets one either and so nobody removes anything."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _remove(folder: Path) -> None:
    """The lock last: without it the rest would be nobody's."""
    for name in sorted(FILES - {LOCK}):
        (folder / name).unlink(missing_ok=True)
    (folder / LOCK).unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        folder.rmdir()
