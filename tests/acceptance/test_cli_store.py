"""The operator's side of the SQLite store as processes: keys, database, backups, and what cannot be used or is missing."""

import json
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import pytest
from tests.acceptance.program import connected, passwords, refused

STORE = ("--store", "sqlite:///fleet.db")
PASSWORD = "s3cret-canary"
LINES = f"http://bob:{PASSWORD}@1.1.1.1:80\nhttp://8.8.8.8:81\nsocks5://9.9.9.9:1080\n"


@pytest.fixture
def fleet(program):
    """Three proxies in a database, one with a password."""
    assert program.json("import", "-", *STORE, text=LINES)["added"] == 3
    return program


# a database that is not there ---------------------------------------------------------------------------------------

TYPO = ("--store", "sqlite:///flet.db")
READING = [
    ("list",),
    ("show", "1"),
    ("pick",),
    ("pick", "--explain"),
    ("stats",),
    ("export",),
    ("export", "tag=a"),
    ("set", "all", "country=DE"),
    ("enable", "all"),
    ("disable", "all"),
    ("remove", "all", "--yes"),
    ("user", "list"),
    ("user", "remove", "a"),
    ("key", "status"),
    ("key", "rotate"),
    ("db", "status"),
    ("db", "upgrade"),
    ("list", "--node", "off"),
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_mistyped_store_is_named_and_not_made(fleet, command):
    before = sorted(fleet.home.rglob("*"))
    refused(fleet.run(*command, *TYPO), "there is no database at", "flet.db", "correct --store")
    assert sorted(fleet.home.rglob("*")) == before


def test_a_first_dry_run_tells_the_same_and_makes_nothing(program):
    trial = program.json("import", "-", "--dry-run", *STORE, text=LINES * 2)
    assert not list(program.home.iterdir())
    real = program.json("import", "-", *STORE, text=LINES * 2)
    assert trial | {"dry_run": False} == real
    assert program.run("doctor", *STORE).returncode == 0


def test_doctor_makes_nothing(program):
    program.run("doctor", *STORE)
    assert not list(program.home.iterdir())


# keys -----------------------------------------------------------------------------------------------------------------


def test_status_names_the_source_and_the_keys_and_shows_none(fleet):
    told = fleet.json("key", "status", *STORE)
    file = fleet.home / ".config" / "proxyfleet" / "key"
    assert told["source"] == f"the key file {file}"
    assert [(key["state"], key["values"], key["due"]) for key in told["data_keys"]] == [("primary", 1, False)]
    done = fleet.run("key", "status", *STORE)
    assert told["key"] in done.stdout
    assert file.read_text().strip() not in done.stdout + done.stderr + json.dumps(told)


def test_a_generated_key_is_private_and_never_overwritten(program):
    file = program.home / "keys" / "own.key"
    made = program.json("key", "generate", file, *STORE)
    text = file.read_text()
    assert made["file"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    refused(program.run("key", "generate", file, *STORE), "exists already", "give the name of a new file")
    assert file.read_text() == text
    assert program.json("import", "-", *STORE, text=LINES, PROXYFLEET_KEY_FILE=str(file))["added"] == 3
    assert program.json("key", "status", *STORE, PROXYFLEET_KEY_FILE=str(file))["key"] == made["key"]


def test_a_printed_key_fits_into_the_environment(program):
    key = program.run("key", "generate", "--print").stdout.strip()
    assert program.json("import", "-", *STORE, text=LINES, PROXYFLEET_KEY=key)["added"] == 3
    assert passwords(program, PROXYFLEET_KEY=key)["1.1.1.1"] == PASSWORD
    assert not (program.home / ".config").exists()


def test_a_lost_key_is_named_and_no_second_one_is_made(fleet):
    file = fleet.home / ".config" / "proxyfleet" / "key"
    name = fleet.json("key", "status", *STORE)["key"]
    file.rename(file.with_name("saved"))
    refused(fleet.run("list", *STORE), name, "PROXYFLEET_KEY")
    refused(fleet.run("key", "generate", *STORE), name, "put that key back", code=2)
    assert not file.exists()
    refused(fleet.run("list", *STORE, PROXYFLEET_KEY="00" * 32), name)
    file.with_name("saved").rename(file)
    assert passwords(fleet)["1.1.1.1"] == PASSWORD


def many(program, count):
    lines = "".join(f"http://u:p{n}@1.1.{n // 200}.{n % 200}:80\n" for n in range(count))
    assert program.json("import", "-", *STORE, text=lines)["added"] == count


def reencrypted(program):
    """How many secrets the newest key locks, read without the program."""
    with connected(f"file:{program.home / 'fleet.db'}?mode=ro") as connection:
        kids = connection.execute("SELECT kid FROM keyring WHERE state = 'primary'").fetchall()
        counted = "SELECT count(*) FROM proxies WHERE substr(password, 5, 8) = ?"
        return connection.execute(counted, kids[0]).fetchone()[0]


def test_a_rotation_killed_half_way_is_finished_by_the_next(program):
    count = 8_000
    many(program, count)
    first = program.json("key", "status", *STORE)["data_keys"][0]["kid"]
    child = subprocess.Popen(program.command("key", "rotate", *STORE), cwd=program.home, env=program.environment)
    until = time.monotonic() + 20
    while time.monotonic() < until and not 0 < reencrypted(program) < count:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL

    keys = {key["state"]: key for key in program.json("key", "status", *STORE)["data_keys"]}
    assert 0 < keys["primary"]["values"] < count
    assert keys["decrypt_only"]["values"] == count - keys["primary"]["values"]
    done = program.json("key", "rotate", *STORE)
    assert done["reencrypted"] == keys["decrypt_only"]["values"]
    after = {key["kid"]: (key["state"], key["values"]) for key in program.json("key", "status", *STORE)["data_keys"]}
    assert after == {first: ("retired", 0), keys["primary"]["kid"]: ("primary", count)}
    assert passwords(program)["1.1.0.7"] == "p7"


def test_changing_the_own_key(fleet):
    """The documented way: generate, rotate --to, put in the old one's place."""
    folder = fleet.home / ".config" / "proxyfleet"
    before = fleet.json("key", "status", *STORE)["key"]
    made = fleet.json("key", "generate", folder / "key.new", *STORE)
    assert fleet.json("key", "rotate", "--to", folder / "key.new", *STORE) == {"key": made["key"], "data_keys": 1}
    refused(fleet.run("list", *STORE), before, made["key"])
    (folder / "key").rename(folder / "key.old")
    (folder / "key.new").rename(folder / "key")
    assert passwords(fleet)["1.1.1.1"] == PASSWORD
    assert fleet.json("key", "rotate", *STORE)["reencrypted"] == 1
    refused(fleet.run("key", "rotate", "--to", folder / "none", *STORE), "key generate", code=2)


# the database file ----------------------------------------------------------------------------------------------------


def test_database_status(fleet):
    told = fleet.json("db", "status", *STORE)
    assert told["schema"] == told["newest"]
    assert told["rows"] == {"proxies": 3, "users": 0}
    assert (told["integrity"], told["size"] > 0) == ("ok", True)
    assert told["keys"] == [fleet.json("key", "status", *STORE)["key"]]
    assert tuple(map(int, told["sqlite"].split("."))) >= (3, 51, 3)
    assert fleet.json("db", "upgrade", *STORE)["backup"] is None
    refused(fleet.run("db", "status", "--store", "sqlite:///none.db"), "there is no database", "proxyfleet import")
    assert not (fleet.home / "none.db").exists()


def newer(path):
    with connected(path) as connection:
        connection.execute("PRAGMA user_version = 99")


def foreign(path):
    path.unlink()
    with connected(path) as connection:
        connection.execute("CREATE TABLE customers (name)")


def founding(path):
    path.unlink()
    with connected(path) as connection:
        connection.execute("CREATE TABLE proxy_pool (host, port)")


def cut(path):
    path.write_bytes(path.read_bytes()[: 3 * 4096])


def text(path):
    path.write_text("no database at all\n" * 100)


@pytest.mark.parametrize("arguments", [("list",), ("db", "upgrade"), ("db", "status")], ids=" ".join)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (newer, ("has schema 99", "newer program")),
        (foreign, ("another program", "give another path")),
        (founding, ("another program", "proxyfleet adopt")),
        (cut, ("is damaged", "proxyfleet restore")),
        (text, ("is not a SQLite database", "another path")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_used_is_one_line_and_left_as_it_is(fleet, arguments, spoil, words):
    path = fleet.home / "fleet.db"
    spoil(path)
    before = path.read_bytes()
    refused(fleet.run(*arguments, *STORE), "fleet.db", *words)
    assert path.read_bytes() == before


def test_a_database_that_is_held_is_one_line(fleet):
    holder = sqlite3.connect(fleet.home / "fleet.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    refused(fleet.run("user", "add", "alice", *STORE), "in use by another process", "try again")
    holder.close()
    assert fleet.run("user", "add", "alice", *STORE).returncode == 0


# backup and restore ---------------------------------------------------------------------------------------------------


def test_there_and_back_while_a_node_serves(fleet):
    with fleet.running("serve", "--listen", "127.0.0.1:0", *STORE):
        made = fleet.json("backup", "copy.bak", *STORE)
        assert made["keys"] == [fleet.json("key", "status", *STORE)["key"]]
        assert fleet.json("add", "http://4.4.4.4:1", *STORE)["added"] == 1
        assert eventually(lambda: fleet.json("stats", *STORE)["fleet"]["total_proxies"] == 4)
        refused(fleet.run("restore", "copy.bak", *STORE), "--yes", code=2)
        saved = fleet.json("restore", "copy.bak", "--yes", *STORE)["saved"]
        assert eventually(lambda: fleet.json("stats", *STORE)["fleet"]["total_proxies"] == 3)
        assert fleet.json("add", "http://5.5.5.5:1", *STORE)["added"] == 1
    assert set(passwords(fleet)) == {"1.1.1.1", "8.8.8.8", "9.9.9.9", "5.5.5.5"}
    assert passwords(fleet)["1.1.1.1"] == PASSWORD
    assert "4.4.4.4" in passwords(fleet, "--store", f"sqlite:///{saved}")
    key = (fleet.home / ".config" / "proxyfleet" / "key").read_bytes().strip()
    assert key not in (fleet.home / "copy.bak").read_bytes()
    assert stat.S_IMODE((fleet.home / "copy.bak").stat().st_mode) == 0o600
    refused(fleet.run("backup", "copy.bak", *STORE), "exists already", "new file")


def eventually(holds):
    """Whether it becomes true within ten seconds; the node looks for changes once a second."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if holds():
            return True
    return False


def test_health_is_reset_on_the_running_node_or_it_is_said_that_there_is_none(fleet):
    refused(fleet.run("reset", "1", *STORE), "no node is running", "nothing to reset")
    with fleet.running("serve", "--listen", "127.0.0.1:0", *STORE):
        assert fleet.json("reset", "1", *STORE) == {"reset": 1, "processes": 1, "silent": 0}
        assert fleet.json("reset", "scheme=http", *STORE) == {"reset": 2, "processes": 1, "silent": 0}
        assert fleet.json("reset", "all", *STORE) == {"reset": 3, "processes": 1, "silent": 0}
        assert fleet.json("eject", "1", "--for", "60", *STORE) == {"eject": 1, "processes": 1, "silent": 0}
        told = {row["id"]: row["code"] for row in fleet.json("pick", "--explain", *STORE)["proxies"]}
        assert told[1] == "resting"
        assert fleet.json("reinstate", "all", *STORE) == {"reinstate": 3, "processes": 1, "silent": 0}
        assert fleet.json("block", "2", "example.com", *STORE) == {"block": 1, "processes": 1, "silent": 0}
        assert fleet.json("unblock", "2", "example.com", *STORE) == {"unblock": 1, "processes": 1, "silent": 0}
        assert fleet.run("reset", "99", *STORE).returncode == 1
        assert fleet.run("reset", "odd=1", *STORE).returncode == 2


# what is missing or does not answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["apsw", "cryptography", "typer"])
def test_a_missing_library_is_one_line(fleet, library):
    gone = fleet.home / "gone" / library
    gone.mkdir(parents=True)
    name = f"No module named {library!r}"
    (gone / "__init__.py").write_text(f"raise ModuleNotFoundError({name!r}, name={library!r})\n")
    refused(fleet.run("list", *STORE, PYTHONPATH=str(gone.parent)), library, "install proxyfleet again")


def test_an_old_sqlite_is_one_line(fleet):
    (fleet.home / "old").mkdir()
    (fleet.home / "old" / "sitecustomize.py").write_text("import apsw\napsw.sqlite_lib_version = lambda: '3.45.1'\n")
    refused(fleet.run("list", *STORE, PYTHONPATH=str(fleet.home / "old")), "SQLite 3.45.1", "3.51.3")


def test_a_disk_that_takes_no_more_is_one_line_and_loses_nothing(fleet):
    text = "".join(f"http://u:p{n}@1.1.{n // 200}.{n % 200}:80\n" for n in range(5_000))
    (fleet.home / "many.txt").write_text(text)
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
    code = limited + "runpy.run_module('proxyfleet', run_name='__main__')"
    command = [sys.executable, "-c", code, "import", "many.txt", *STORE]
    done = subprocess.run(command, cwd=fleet.home, env=fleet.environment, capture_output=True, text=True, timeout=30)
    refused(done, "fleet.db", ";")
    assert set(passwords(fleet)) == {"1.1.1.1", "8.8.8.8", "9.9.9.9"}


@pytest.mark.parametrize(
    ("arguments", "environment", "words", "code"),
    [
        (
            ("list", *STORE, "--node", "http://127.0.0.1:9"),
            {"PROXYFLEET_NODE_TOKEN": "t"},
            ("no node answers", "is it"),
            3,
        ),
        (("user", "add", "a", "--store", "sqlite:////proc/fleet.db"), {}, ("/proc/fleet.db", "give a path"), 3),
        (("import", "http://127.0.0.1:9/list", "--allow-private", *STORE), {}, ("127.0.0.1:9",), 1),
        (("import", "none.txt", *STORE), {}, ("none.txt",), 1),
        (("list", *STORE), {"PROXYFLEET_KEY": "short"}, ("PROXYFLEET_KEY", "openssl rand"), 3),
        (("list", *STORE), {"PROXYFLEET_KEY_FILE": "/dev/null"}, ("/dev/null", "plain file"), 3),
        (("restore", "none.bak", "--yes", *STORE), {}, ("none.bak",), 3),
        (("backup", "/proc/x/copy.bak", *STORE), {}, ("/proc/x", "give a path"), 3),
        (("adopt", "none.db", *STORE), {}, ("none.db",), 3),
        (("backup", "copy.bak", "--store", "memory:"), {}, ("--store sqlite:///FILE",), 2),
        (("key", "rotate", "--store", "memory:"), {}, ("--store sqlite:///FILE",), 2),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_is_missing_or_does_not_answer_is_one_line(fleet, arguments, environment, words, code):
    refused(fleet.run(*arguments, **environment), *words, code=code)


def test_a_password_that_was_touched_is_named_and_costs_nobody_else(fleet):
    with connected(fleet.home / "fleet.db") as connection:
        (value,) = connection.execute("SELECT password FROM proxies WHERE host = '1.1.1.1'").fetchone()
        broken = value[:-1] + ("A" if value[-1] != "A" else "B")
        connection.execute("UPDATE proxies SET password = ? WHERE host = '1.1.1.1'", (broken,))
    assert len(fleet.json("list", *STORE)) == 3
    assert fleet.json("pick", "--count", "3", *STORE)["missing"] == 0
    refused(fleet.run("export", "--with-passwords", *STORE), "proxy 1:", "enter the secret again")
    refused(fleet.run("key", "rotate", *STORE), "proxy 1:", "enter the secret again")
    done = fleet.run("doctor", "--json", *STORE)
    (check,) = [one for one in json.loads(done.stdout) if one["name"] == "passwords"]
    assert (done.returncode, check["result"], check["found"]) == (1, "fail", "those of proxies 1 cannot be opened")
    assert fleet.json("set", "id=1", f"password={PASSWORD}", *STORE)["changed"] == 1
    assert passwords(fleet)["1.1.1.1"] == PASSWORD
    assert fleet.json("key", "rotate", *STORE)["reencrypted"] == 0, "what was set was sealed by the new key already"
    assert "cannot be opened" not in fleet.run("doctor", *STORE).stdout
