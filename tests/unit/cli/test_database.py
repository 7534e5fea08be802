"""`db status | upgrade | copy | claims-back`, on a file and on a server."""

import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from tests.redis_server import fresh_url

from proxyfleet.stores.postgres.migrating import steps_in as steps_of_server
from proxyfleet.stores.sql import upgrading
from proxyfleet.stores.sql.migrating import Step, steps_in

NOW = steps_in()[-1].version


@pytest.fixture
def older(fleet, monkeypatch):
    """The same program one schema later."""
    known = steps_in()
    step = Step(known[-1].version + 1, "ALTER TABLE proxies ADD COLUMN more INTEGER NOT NULL DEFAULT 7;")
    monkeypatch.setattr(upgrading, "steps_in", lambda: [*known, step])
    return fleet


def test_status_tells_the_figures(fleet, home):
    told = fleet("db", "status", "--json").json
    assert (told["schema"], told["newest"], told["rows"]) == (NOW, NOW, {"proxies": 3, "users": 0})
    assert (told["integrity"], told["sqlite"]) == ("ok", apsw.sqlite_lib_version())
    assert told["size"] == (home / "fleet.db").stat().st_size
    people = fleet("db", "status").out
    assert f"{NOW} (this program: {NOW})" in people
    assert told["keys"][0] in people


def test_upgrade_keeps_a_copy_and_gives_new_columns_their_default(older, home):
    assert "upgraded at the next start" in older("db", "status").err
    told = older("db", "upgrade", "--json").json
    assert (told["before"], told["after"]) == (NOW, NOW + 1)
    assert upgrading.look(Path(told["backup"])).schema == NOW
    connection = apsw.Connection(str(home / "fleet.db"))
    assert connection.execute("SELECT group_concat(more) FROM proxies").get == "7,7,7"
    connection.close()
    done = older("db", "upgrade")
    assert (done.code, done.out, done.err) == (0, f"schema {NOW + 1} already\n", "")


def test_a_newer_one_is_told_and_refused(fleet, home):
    connection = apsw.Connection(str(home / "fleet.db"))
    connection.execute(f"PRAGMA user_version = {NOW + 1}")
    connection.close()
    for arguments in (("db", "status"), ("db", "upgrade")):
        done = fleet(*arguments)
        assert done.code == 3
        assert f"schema {NOW + 1}, this program knows {NOW}" in done.err


def test_without_a_file_there_is_nothing_to_look_at(run, home):
    for arguments in (("db", "status"), ("db", "upgrade")):
        assert "there is no database" in run(*arguments).err
        assert run(*arguments, "--store", "memory:").code == 2
    assert not list(home.iterdir())


def test_claims_go_to_redis_and_come_back(fleet):
    url = fresh_url()
    assert fleet("take", "site", "1", "--json").code == 0
    assert fleet("take", "site", "2", "--json", "--claims", url).code == 0
    refused = fleet("assignments")
    assert refused.code == 3
    assert "say where: --claims redis://" in refused.err
    assert "--claims redis://HOST" in fleet("db", "claims-back").err
    done = fleet("db", "claims-back", "--json", "--claims", url)
    assert done.json == {"assignments": 2}
    assert [one["proxy_id"] for one in fleet("assignments", "--json").json] == [1, 2]


def test_a_fleet_on_a_server_from_the_first_proxy_on(run, server, home):
    assert "`proxyfleet import` makes one" in run("list").err
    assert run("db", "status").code == run("db", "upgrade").code == 3
    assert run("import", "-", text="http://bob:s3cret-canary@1.1.1.1:80\n8.8.8.8:81\n").code == 0
    assert [row["host"] for row in run("list", "--json").json] == ["1.1.1.1", "8.8.8.8"]
    told = run("db", "status", "--json").json
    newest = steps_of_server()[-1].version
    assert (told["schema"], told["newest"], told["rows"]) == (newest, newest, {"proxies": 2, "users": 0})
    people = run("db", "status").out
    assert told["keys"][0] in people
    assert "PostgreSQL" in people
    done = run("db", "upgrade")
    assert (done.code, done.out) == (0, f"schema {newest} already\n")
    assert "s3cret-canary" in run("export", "--with-passwords").out
    assert not list(home.glob("*.db"))


def test_its_keys_are_kept_as_those_of_a_file(run, server, home):
    assert run("add", "http://bob:s3cret-canary@1.1.1.1:80").code == 0
    key = home / ".config" / "proxyfleet" / "key"
    assert [one["values"] for one in run("key", "status", "--json").json["data_keys"]] == [1]
    assert run("key", "rotate", "--json").json == {"reencrypted": 1}
    key.rename(key.with_name("old"))
    assert "would not open it" in run("key", "generate").err
    assert "which is not given" in run("list").err
    key.with_name("old").rename(key)
    assert run("key", "generate", "new").code == 0
    assert run("key", "rotate", "--to", "new").code == 0
    assert run("list").code == 3
    key.unlink()
    Path("new").rename(key)
    assert "s3cret-canary" in run("export", "--with-passwords").out


@pytest.mark.parametrize("arguments", [("backup", "x.bak"), ("restore", "x.bak", "--yes")])
def test_its_backups_are_made_by_its_own_tools(run, server, arguments):
    done = run(*arguments)
    assert done.code == 2
    assert "pg_dump" in done.err
    assert server.rpartition("schema=")[2] in done.err


def test_a_fleet_is_copied_to_a_file_and_on(server, fleet):
    assert fleet("take", "shop", "1").code == 0
    told = fleet("db", "copy", server, "sqlite:///two.db", "--json").json
    assert told["copied"]["proxies"]["number"] == 3
    assert told["copied"]["assignments"]["number"] == 1
    assert fleet("db", "copy", "sqlite:///two.db", server).code == 3
    back = fleet("db", "copy", "sqlite:///two.db", "sqlite:///three.db")
    assert "proxies      3" in back.out
    assert "checksums of both agree" in back.err
    wanted = fleet("export", "--with-passwords", "--store", "sqlite:///two.db").out
    assert fleet("export", "--with-passwords", "--store", "sqlite:///three.db").out == wanted
    assert "s3cret-canary" in wanted
    assert fleet("db", "copy", "memory:", "sqlite:///x.db").code == 2
    assert fleet("db", "copy", "sqlite:///none.db", "sqlite:///x.db").code == 3


def test_without_the_driver_there_is_one_line_with_the_remedy():
    program = (
        "import sys; sys.modules['asyncpg'] = None\n"
        "from proxyfleet.cli.app import main\n"
        "for words in (['list'], ['db', 'status'], ['key', 'status']):\n"
        "    print(main([*words, '--store', 'postgresql://u:canary@h/d']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["3", "3", "3"]
    assert (
        done.stderr.count("error: PostgreSQL needs asyncpg; install it with: pip install 'proxyfleet[postgres]'\n") == 3
    )
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
