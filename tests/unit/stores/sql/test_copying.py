"""Copies are complete, private, or not there."""

import stat
from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.sql.copying import copy_database, overwrite


def source_with(rows: int) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (x)")
    connection.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(rows)))
    return connection


def count(path: Path) -> object:
    return apsw.Connection(str(path)).execute("SELECT count(*) FROM t").get


def test_a_copy_replaces_what_was_there_and_is_private(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    for rows in (3, 5):
        copy_database(source_with(rows), target)
        assert count(target) == rows
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["copy.db"]


def test_a_failed_copy_leaves_nothing(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_text("no database " * 100)
    with pytest.raises(apsw.NotADBError):
        copy_database(apsw.Connection(str(garbage)), tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == [garbage]


def test_overwrite_is_seen_by_connections_that_are_open(tmp_path: Path) -> None:
    target, witness = (apsw.Connection(str(tmp_path / "t.db")) for _ in range(2))
    target.pragma("journal_mode", "wal")
    target.execute("CREATE TABLE t (x)")
    assert witness.execute("SELECT count(*) FROM t").get == 0
    overwrite(target, source_with(4))
    assert witness.execute("SELECT count(*) FROM t").get == 4
