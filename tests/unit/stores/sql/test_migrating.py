"""Old databases are upgraded whole with a backup; newer and foreign ones are refused untouched."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.sql.migrating import Step, migrate, steps_in, version_of

ONE = Step(1, "CREATE TABLE t (x INTEGER) STRICT;")
TWO = Step(2, "ALTER TABLE t ADD COLUMN y TEXT NOT NULL DEFAULT 'new'; CREATE TABLE u (z);")
BROKEN = Step(3, "CREATE TABLE v (a); SELECT nonsense FROM nowhere;")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.db"


def connect(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path))


def test_numbers_of_steps_only_grow() -> None:
    versions = [step.version for step in steps_in()]
    assert versions[0] == 1
    assert versions == sorted(set(versions))


def test_an_empty_file_gets_everything_and_needs_no_backup(path: Path) -> None:
    connection = connect(path)
    assert migrate(connection, path, [ONE, TWO]) is None
    assert version_of(connection, path) == 2
    assert migrate(connection, path, [ONE, TWO]) is None
    assert list(path.parent.iterdir()) == [path]


def test_an_older_database_keeps_its_data_and_is_backed_up(path: Path) -> None:
    connection = connect(path)
    migrate(connection, path, [ONE])
    connection.execute("INSERT INTO t VALUES (7)")
    backup = migrate(connection, path, [ONE, TWO])
    assert connection.execute("SELECT * FROM t").fetchall() == [(7, "new")]
    assert backup == path.with_name("fleet.db.before-2.bak")
    assert connect(backup).execute("SELECT * FROM t").fetchall() == [(7,)]
    assert version_of(connect(backup), backup) == 1


def test_a_step_that_fails_leaves_the_old_schema(path: Path) -> None:
    connection = connect(path)
    migrate(connection, path, [ONE])
    with pytest.raises(apsw.SQLError):
        migrate(connection, path, [ONE, TWO, BROKEN])
    assert version_of(connection, path) == 1
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


def test_a_newer_database_is_refused(path: Path) -> None:
    connection = connect(path)
    migrate(connection, path, [ONE, TWO])
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="has schema 2, this program knows 1; use the newer program"):
        migrate(connection, path, [ONE])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("CREATE TABLE accounts (x)", "give another path"),
        ("CREATE TABLE proxy_pool (host)", "proxyfleet adopt"),
        ("PRAGMA application_id = 7", "give another path"),
    ],
)
def test_a_database_of_another_program_is_refused(path: Path, statement: str, remedy: str) -> None:
    connection = connect(path)
    connection.execute(statement)
    with pytest.raises(StoreUnusable, match=f"another program; .*{remedy}"):
        migrate(connection, path, [ONE])
