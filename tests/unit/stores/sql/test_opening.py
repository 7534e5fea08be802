"""Opening, or one line that says why not."""

import shutil
from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreBusy, StoreUnusable
from proxyfleet.stores.sql import opening
from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.opening import Opened, connect, open_database, refuse_old


def opened(path: Path) -> Opened:
    return open_database(path, steps_in())


def close(database: Opened) -> None:
    database.reading.close()
    database.writing.close()


def crash(path: Path, target: Path) -> None:
    """Copy a database as it lies on disk while it is in use: what a killed process leaves."""
    target.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{target}{suffix}")


def test_the_rules_hold_on_both_connections(path: Path) -> None:
    database = opened(path)
    rules = {
        "journal_mode": "wal",
        "synchronous": 2,
        "trusted_schema": 0,
        "secure_delete": 1,
        "foreign_keys": 1,
        "mmap_size": 0,
    }
    for connection in (database.writing, database.reading):
        assert {rule: connection.pragma(rule) for rule in rules} == rules
    with pytest.raises(apsw.ReadOnlyError):
        database.reading.execute("DELETE FROM users")
    close(database)


@pytest.mark.parametrize(
    ("version", "good"), [("3.40.1", False), ("3.51.2", False), ("3.51.3", True), ("3.54.1", True), ("4.0.0", True)]
)
def test_an_old_library_is_refused(version: str, good: bool) -> None:
    if good:
        refuse_old(version)
    else:
        with pytest.raises(StoreUnusable, match=f"SQLite {version} can corrupt .* 3.51.3 or newer"):
            refuse_old(version)


def test_a_clean_stop_needs_no_check_and_a_crash_does(path: Path, tmp_path: Path) -> None:
    first = opened(path)
    first.writing.execute("INSERT INTO settings VALUES ('a', 'b')")
    crashed = tmp_path / "crashed" / "fleet.db"
    crash(path, crashed)
    second = opened(path)
    assert not second.checked, "somebody else has it open: that is no crash"
    close(second)
    close(first)
    third, after = opened(path), opened(crashed)
    assert (third.checked, after.checked) == (False, True)
    assert after.reading.execute("SELECT value FROM settings").get == "b"
    close(third)
    close(after)


def test_damage_after_a_crash_is_found(path: Path, tmp_path: Path) -> None:
    first = opened(path)
    first.writing.executemany("INSERT INTO settings VALUES (?, ?)", ((str(n), "x" * 500) for n in range(200)))
    first.writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    first.writing.execute("INSERT INTO settings VALUES ('a', 'b')")
    crashed = tmp_path / "crashed" / "fleet.db"
    crash(path, crashed)
    close(first)
    content = bytearray(crashed.read_bytes())
    content[-3 * 4096 : -4096] = b"\xa5" * (2 * 4096)
    crashed.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"is damaged; .*restore a backup"):
        opened(crashed)


def test_what_is_no_database_is_refused_untouched(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("hello, I am a text that is long enough to be looked at " * 20)
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="is not a SQLite database"):
        opened(path)
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused_untouched(path: Path) -> None:
    path.parent.mkdir()
    apsw.Connection(str(path)).execute("CREATE TABLE proxy_pool (host)")
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="proxyfleet adopt"):
        opened(path)
    assert path.read_bytes() == before


def test_a_locked_database_is_said_to_be_in_use(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_MS", 10)
    path.parent.mkdir()
    holder = apsw.Connection(str(path))
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy, match="in use by another process"):
        opened(path)


def test_connect_needs_a_file(path: Path) -> None:
    with pytest.raises(apsw.CantOpenError):
        connect(path)
