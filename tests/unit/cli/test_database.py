"""`db status | upgrade`."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.sql import upgrading
from proxyfleet.stores.sql.migrating import Step, steps_in


@pytest.fixture
def older(fleet, monkeypatch):
    """The same program one schema later."""
    known = steps_in()
    step = Step(known[-1].version + 1, "ALTER TABLE proxies ADD COLUMN more INTEGER NOT NULL DEFAULT 7;")
    monkeypatch.setattr(upgrading, "steps_in", lambda: [*known, step])
    return fleet


def test_status_tells_the_figures(fleet, home):
    told = fleet("db", "status", "--json").json
    assert (told["schema"], told["newest"], told["rows"]) == (1, 1, {"proxies": 3, "users": 0})
    assert (told["integrity"], told["sqlite"]) == ("ok", apsw.sqlite_lib_version())
    assert told["size"] == (home / "fleet.db").stat().st_size
    people = fleet("db", "status").out
    assert "1 (this program: 1)" in people
    assert told["keys"][0] in people


def test_upgrade_keeps_a_copy_and_gives_new_columns_their_default(older, home):
    assert "upgraded at the next start" in older("db", "status").err
    told = older("db", "upgrade", "--json").json
    assert (told["before"], told["after"]) == (1, 2)
    assert upgrading.look(Path(told["backup"])).schema == 1
    connection = apsw.Connection(str(home / "fleet.db"))
    assert connection.execute("SELECT group_concat(more) FROM proxies").get == "7,7,7"
    connection.close()
    done = older("db", "upgrade")
    assert (done.code, done.out, done.err) == (0, "schema 2 already\n", "")


def test_a_newer_one_is_told_and_refused(fleet, home):
    connection = apsw.Connection(str(home / "fleet.db"))
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    for arguments in (("db", "status"), ("db", "upgrade")):
        done = fleet(*arguments)
        assert done.code == 3
        assert "schema 2, this program knows 1" in done.err


def test_without_a_file_there_is_nothing_to_look_at(run, home):
    for arguments in (("db", "status"), ("db", "upgrade")):
        assert "there is no database" in run(*arguments).err
        assert run(*arguments, "--store", "memory:").code == 2
    assert not list(home.iterdir())
