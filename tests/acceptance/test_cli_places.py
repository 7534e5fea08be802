"""Disks that are full or read-only, files and folders that this user may not use: one line with the remedy, nothing lost,
and as soon as the cause is gone everything goes on.
"""

import json
import os
import subprocess
import sys

import pytest
from tests.acceptance.places import little_disk, modes_count
from tests.acceptance.program import passwords, refused

MEGABYTE = 1 << 20
LINES = "http://bob:s3cret-canary@1.1.1.1:80\nhttp://8.8.8.8:81\nsocks5://9.9.9.9:1080\n"
HOSTS = {"1.1.1.1", "8.8.8.8", "9.9.9.9"}


def many(count):
    return "".join(f"http://u:p{n}@1.{n >> 14}.{n >> 7 & 127}.{n & 127}:80\n" for n in range(count))


# full -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path, program):
    """Four megabytes, in which the program's database is to lie."""
    with little_disk(tmp_path / "disk", 4 * MEGABYTE) as made:
        program.prefix = made.prefix
        program.store = ("--store", f"sqlite:///{made.folder}/fleet.db")
        yield made


def names(disk):
    return sorted(file.name for file in disk.seen.iterdir() if file.name not in ("filler", "ballast"))


CHECK = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone())"


def whole(disk):
    """SQLite itself finds nothing wrong."""
    command = [*disk.prefix, sys.executable, "-c", CHECK, disk.folder / "fleet.db"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout == "ok\n"


def test_an_import_into_a_full_disk_keeps_what_it_has_told(program, disk):
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    disk.fill(leave=MEGABYTE // 2)
    refused(
        program.run("import", "-", *program.store, text=many(30_000)), "fleet.db", "the disk is full", "free some space"
    )
    assert set(passwords(program, *program.store)) >= HOSTS
    disk.fill(leave=MEGABYTE // 8)
    for command in [("set", "all", "country=DE"), ("key", "rotate")]:
        done = program.run(*command, *program.store)
        assert done.returncode == 0 or "the disk is full" in done.stderr
    assert passwords(program, *program.store)["1.1.1.1"] == "s3cret-canary"
    disk.free()
    assert program.json("add", "4.4.4.4:80", *program.store)["added"] == 1
    assert program.run("key", "rotate", *program.store).returncode == 0
    assert whole(disk)


def test_an_import_that_fills_the_disk_says_how_far_it_came(program, disk):
    disk.fill(leave=MEGABYTE * 7 // 2)
    done = program.run("import", "-", *program.store, text=many(60_000))
    refused(done, "the disk is full", "lines are stored; repeat the import")
    disk.free()
    stored = len(program.json("list", *program.store))
    assert stored
    assert f"{stored} lines are stored" in done.stderr


def test_with_no_byte_left_it_is_said(program, disk):
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    disk.fill()
    for command in [*READING, *WRITING]:
        refused(program.run(*command, *program.store, text=LINES), "fleet.db", "the disk is full")
    disk.free()
    assert set(passwords(program, *program.store)) == HOSTS


def test_a_first_start_on_a_full_disk_leaves_nothing_in_the_way(program, disk):
    disk.fill()
    refused(program.run("import", "-", *program.store, text=LINES), "the disk is full")
    refused(program.run("list", *program.store), "there is no database")
    disk.free()
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    assert whole(disk)


def test_copies_that_do_not_fit_leave_no_pieces(program, disk):
    assert program.json("import", "-", *program.store, text=many(5_000))["added"] == 5_000
    before = names(disk)
    disk.fill(leave=MEGABYTE // 4)
    refused(program.run("backup", disk.folder / "copy.bak", *program.store), "copy.bak", "the disk is full")
    assert names(disk) == before
    refused(program.run("restore", program.home / "other.bak", "--yes", *program.store), "other.bak")
    disk.free()
    assert program.run("backup", disk.folder / "copy.bak", *program.store).returncode == 0
    assert program.json("add", "4.4.4.4:80", *program.store)["added"] == 1
    disk.fill(leave=MEGABYTE // 4)
    before = names(disk)
    refused(program.run("restore", disk.folder / "copy.bak", "--yes", *program.store), "the disk is full")
    assert names(disk) == before
    assert program.json("stats", *program.store)["fleet"]["total_proxies"] == 5_001
    assert whole(disk)


def test_a_key_file_that_does_not_fit_is_not_half_there(program, disk):
    disk.fill()
    refused(
        program.run("key", "generate", disk.folder / "keys" / "own", "--store", "memory:"), "keys/own", "cannot be made"
    )
    assert not [file for file in disk.seen.rglob("*") if file.is_file() and file.name not in ("filler", "ballast")]
    disk.free()
    assert program.run("key", "generate", disk.folder / "keys" / "own", "--store", "memory:").returncode == 0


def test_a_node_serves_on_while_its_disk_is_full(program, disk):
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    with program.running("serve", "--listen", "127.0.0.1:0", *program.store) as node:
        disk.fill()
        refused(program.run("add", "4.4.4.4:80", *program.store), "the disk is full")
        assert len(program.json("pick", "--count", "3", *program.store)["picked"]) == 3
        disk.free()
        assert program.json("add", "4.4.4.4:80", *program.store)["added"] == 1
        assert node.stop() == 0


# read-only ------------------------------------------------------------------------------------------------------------

READING = [("list",), ("export",), ("pick", "--node", "off"), ("serve", "--listen", "127.0.0.1:0")]
WRITING = [("user", "add", "alice"), ("set", "all", "country=DE"), ("import", "-"), ("key", "rotate")]


@pytest.fixture
def fleet(program):
    """A database in a folder of its own, and a program for which the modes of files count."""
    (program.home / "data").mkdir(mode=0o700)
    program.store = ("--store", f"sqlite:///{program.home}/data/fleet.db")
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    program.before = modes_count
    yield program
    for place in (program.home, program.home / "data", program.home / "data" / "fleet.db"):
        os.chmod(place, 0o700)


def test_modes_do_count(fleet):
    """Else the tests below would say nothing when root runs them."""
    (fleet.home / "closed").mkdir(mode=0)
    refused(fleet.run("import", fleet.home / "closed" / "list", *fleet.store), "Permission denied", code=1)


@pytest.mark.parametrize("command", [*READING, *WRITING], ids=" ".join)
@pytest.mark.parametrize(
    ("file", "folder"), [(0o400, 0o700), (0o400, 0o500), (0o600, 0o500), (0o000, 0o700), (0o600, 0o000)]
)
def test_what_this_user_may_not_use_is_one_line(fleet, command, file, folder):
    path = fleet.home / "data" / "fleet.db"
    before = path.read_bytes()
    path.chmod(file)
    path.parent.chmod(folder)
    refused(fleet.run(*command, *fleet.store, text=LINES), "fleet.db", "cannot be", "this user", "write")
    path.parent.chmod(0o700)
    path.chmod(0o600)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["fleet.db"]
    assert set(passwords(fleet, *fleet.store)) == HOSTS


def test_a_folder_that_nothing_may_be_made_in(fleet):
    (fleet.home / "data").chmod(0o500)
    new = ("--store", f"sqlite:///{fleet.home}/data/new.db")
    refused(fleet.run("import", "-", *new, text=LINES), "new.db", "cannot be opened or made", "may write to")
    refused(
        fleet.run("backup", fleet.home / "data" / "copy.bak", "--store", f"sqlite:///{fleet.home}/data/fleet.db"),
        "data",
    )


def test_looking_at_a_file_that_may_only_be_read_leaves_nothing_in_the_way(fleet):
    path = fleet.home / "data" / "fleet.db"
    path.chmod(0o400)
    assert fleet.json("db", "status", *fleet.store)["integrity"] == "ok"
    assert [one.name for one in path.parent.iterdir()] == ["fleet.db"]
    path.chmod(0o600)
    assert fleet.json("add", "4.4.4.4:80", *fleet.store)["added"] == 1


def test_doctor_finds_what_may_not_be_used(fleet):
    (fleet.home / "data" / "fleet.db").chmod(0o400)
    done = fleet.run("doctor", "--json", *fleet.store)
    assert done.returncode == 1
    (store,) = [check for check in json.loads(done.stdout) if check["name"] == "store"]
    assert (store["result"], "write access" in store["remedy"]) == ("fail", True)


def test_a_read_only_file_system_is_one_line(program, disk):
    assert program.json("import", "-", *program.store, text=LINES)["added"] == 3
    if not disk.prefix:
        pytest.skip("nothing can be mounted here")
    disk.remount("ro")
    for command in [*READING, *WRITING]:
        refused(program.run(*command, *program.store, text=LINES), "fleet.db", "this user", "write")
    refused(program.run("backup", disk.folder / "copy.bak", *program.store), "disk")
    disk.remount("rw")
    assert set(passwords(program, *program.store)) == HOSTS
