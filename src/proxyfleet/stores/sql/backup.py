"""Copies of a database that is in use, and back (SPEC A8). The key is named, never included."""

from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import apsw

from proxyfleet.stores.errors import StoreError, StoreUnusable
from proxyfleet.stores.sql import claims
from proxyfleet.stores.sql.copying import copy_database, fill, overwrite
from proxyfleet.stores.sql.drafts import drafted
from proxyfleet.stores.sql.filesystem import make_private, refuse_network
from proxyfleet.stores.sql.keys import key_rows, refuse_unopenable
from proxyfleet.stores.sql.migrating import apply, steps_in, version_of
from proxyfleet.stores.sql.opening import connect
from proxyfleet.stores.sql.transaction import transaction
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.vault import KeySource, MissingKey


class Copied(NamedTuple):
    """`path` is the copy, `masters` the names of the keys without which its passwords cannot be read."""

    path: Path
    masters: tuple[str, ...]


def back_up(path: Path, target: Path) -> Copied:
    """Copy the database at `path` to a new file, mode 0600, complete or not there at all. Blocking."""
    if target.exists():
        raise StoreError(f"{target} exists already; give the name of a new file")
    if not path.exists():
        raise StoreError(f"{path} does not exist; give the path of the database")
    with explained(path):
        source = connect(path)
        try:
            copy_database(source, target)
            return Copied(target, tuple(sorted({row.master for row in key_rows(source)})))
        finally:
            source.close()


def restore(backup: Path, path: Path, source: KeySource) -> Path | None:
    """Replace what is in the database at `path` by a backup, in one step; where the former content was copied to.

    Running processes see the new content within a second. All leases end: fences go on from where they were, so that no
    token of before is worth anything. Blocking. Raises `StoreUnusable` for a file that is damaged, foreign or newer,
    `StoreLocked` when the key does not open it.
    """
    refuse_network(path)
    saved = _free_name(path) if path.exists() else None
    with explained(backup):
        copy = apsw.Connection(str(backup), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        with explained(backup):
            _refuse_unfit(copy, backup, path, source)
        make_private(path)
        with explained(path):
            _put_back(copy, path, saved)
    finally:
        copy.close()
    return saved


def _free_name(path: Path) -> Path:
    """Where the present content goes: no earlier copy is lost to a second restore."""
    first = path.with_name(f"{path.name}.before-restore.bak")
    later = (path.with_name(f"{path.name}.before-restore-{number}.bak") for number in count(2))
    return next(name for name in chain([first], later) if not name.exists())


def _put_back(copy: apsw.Connection, path: Path, saved: Path | None) -> None:
    target = connect(path)
    try:
        if saved is not None:
            copy_database(target, saved)
        with drafted(path) as draft:
            fill(draft, copy, path)
            _overwrite_by(draft, target, claims.past(target) if saved is not None else claims.NOTHING)
    finally:
        target.close()


def _overwrite_by(draft: Path, target: apsw.Connection, past: claims.Past | None) -> None:
    """Bring the draft to this program's schema and up to what was granted since, then put it in the target's place."""
    prepared = apsw.Connection(str(draft))
    try:
        apply(prepared, draft, steps_in())
        with transaction(prepared):
            claims.carry_over(prepared, past)
        overwrite(target, prepared)
    finally:
        prepared.close()


def _refuse_unfit(copy: apsw.Connection, backup: Path, path: Path, source: KeySource) -> None:
    version, newest = version_of(copy, backup), steps_in()[-1].version
    if not 0 < version <= newest:
        raise StoreUnusable(
            f"{backup} has schema {version}, this program knows {newest}; use the program that wrote it"
        )
    if copy.execute("PRAGMA quick_check(1)").get != "ok":
        raise StoreUnusable(f"{backup} is damaged; use another backup")
    master = source.find(path)
    if master is None:
        raise MissingKey(f"restoring {backup} needs its key; set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE")
    refuse_unopenable(copy, master)
