"""Google Sheets as the inventory, by the program itself: a node that serves, people at the sheet, commands beside it."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from random import Random

import pytest
from tests.acceptance.program import Program
from tests.sheetserver import URL, key_file, rows, served

from proxyfleet.lab.sheets import People, Spreadsheet

HEAD = ("Host", "Port", "User", "Password", "Notes")
CANARY = "sheet-canary"
PATIENCE = 20.0


@contextmanager
def program_with_sheet(home, count=12, **environment):
    """(program, Google, people) with a sheet that the program's fleet is connected to."""
    book = Spreadsheet("Our proxies", "List")
    rows(book, HEAD, *((f"20.0.0.{n}", 8080, f"u{n}", f"{CANARY}-{n}", "") for n in range(1, count + 1)))
    with served(book) as google:
        program = Program(home)
        program.environment |= {
            "PROXYFLEET_STORE": "sqlite:///fleet.db",
            "PROXYFLEET_SHEET_ADDRESS": google.address,
            "PROXYFLEET_SHEET_RATE": "50",
            "PROXYFLEET_SHEET_EVERY": "5",
            "PROXYFLEET_LOG_LEVEL": "debug",
        } | environment
        key_file(google, home)
        done = program.run("sheet", "connect", URL, "--key-file", "key.json")
        assert done.returncode == 0, done.stderr
        yield program, google, People(book, Random(1))


def until(holds, seconds=PATIENCE):
    """Wait for it."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)


def shown(people):
    lines = people.book.text()
    at = [heading.lower() for heading in lines[0]].index("used for")
    return {line[0]: tuple(line[at : at + 2]) for line in lines[1:] if len(line) > at and line[at]}


def test_a_serving_node_keeps_sheet_and_fleet_in_step(tmp_path):
    with program_with_sheet(tmp_path) as (program, _, people):
        with program.running("serve", "--listen", "127.0.0.1:0") as node:
            until(lambda: len(program.json("list")) == 12)
            people.type(people.find("Host", "20.0.0.1"), "Notes", "from people")
            people.delete(people.find("Host", "20.0.0.2"))
            people.add({"Host": "30.0.0.1", "Port": "81"})
            people.sort("Host")
            until(lambda: {row["host"]: row["notes"] for row in program.json("list")}.get("20.0.0.1") == "from people")
            hosts = {row["host"] for row in program.json("list")}
            assert ("30.0.0.1" in hosts, "20.0.0.2" in hosts) == (True, False)
            assert program.run("set", "host=30.0.0.1", "notes=from the program").returncode == 0
            until(lambda: people.see(people.find("Host", "30.0.0.1"), "Notes") == "from the program")
            assert node.stop() == 0
        assert "Traceback" not in str(node.errors)


def test_a_command_takes_in_two_calls_and_people_see_who(tmp_path):
    with program_with_sheet(tmp_path) as (program, google, people):
        pulled = program.run("sheet", "pull")
        assert (pulled.returncode, "INFO" in pulled.stderr) == (0, False)
        google.calls.clear()
        taken = program.json("take", "shop", "--count", "5", "--label", "ann")
        assert [call.verb for call in google.calls] == ["get", "values.batchGet", "batchUpdate"]
        assert len(shown(people)) == 5
        assert set(shown(people).values()) == {("shop", "ann")}
        assert len(taken["done" if "done" in taken else "taken"]) == 5


@pytest.mark.parametrize("fault", ["stall", "hang"])
def test_kill_nine_in_the_middle_of_a_batch_leaves_sheet_and_ledger_in_agreement(tmp_path, fault):
    """With `stall` Google has carried the write out, with `hang` it has not; the process dies before it knows."""
    with program_with_sheet(tmp_path) as (program, google, people):
        assert program.run("sheet", "pull").returncode == 0
        google.faults.queue(fault, on="write")
        command = program.command("take", "shop", "--count", "5", "--label", "ann")
        taking = subprocess.Popen(command, cwd=program.home, env=program.environment, stderr=subprocess.PIPE)
        until(lambda: google.faults.met)
        taking.send_signal(signal.SIGKILL)
        taking.communicate()
        with sqlite3.connect(program.home / "fleet.db") as connection:
            connection.execute("DELETE FROM locks")  # the turn of the dead, which would end within a minute
        assert program.run("sheet", "pull").returncode == 0
        assert program.run("sheet", "push").returncode == 0
        held = {row["address"].split("/")[2].split(":")[0] for row in program.json("assignments")}
        assert held == shown(people).keys()
        assert len(held) == (5 if fault == "stall" else 0)
        assert program.json("sheet", "status")["not_seen_yet"] == 0


def test_nothing_secret_leaks(tmp_path):
    with program_with_sheet(tmp_path, 3) as (program, google, people):
        private = json.loads((tmp_path / "key.json").read_text())["private_key"].splitlines()[3]
        said = []
        for line in ("sheet pull", "sheet push", "sheet status", "sheet status --json", "sheet diff", "sheet diff --json",
                     "take shop --count 1 --label ann", "doctor", "config show"):  # fmt: skip
            done = program.run(*line.split(), "--debug")
            said.append(done.stdout + done.stderr)
        people.type(1, "Password", "other-" + CANARY)
        people.type(1, "Port", "x" + CANARY)
        said += [program.run("sheet", *one.split(), "--debug").stderr for one in ("pull", "push", "status --json")]
        for fault in ("400", "503-html", "lost", "not-json", "403"):
            google.faults.chance(fault, 1.0)
            done = program.run("sheet", "pull", "--debug", PROXYFLEET_SHEET_TIMEOUT="0.5")
            said.append(done.stdout + done.stderr)
            google.faults.clear()
        files = {
            str(file): file.read_bytes().decode("latin-1")
            for file in tmp_path.rglob("*")
            if file.name.startswith("fleet")
        }
        assert not [where for where, text in files.items() if CANARY in text or private in text]
        assert not [text for text in said if CANARY in text or private in text]
        assert re.search(r"20\.0\.0\.1", "".join(said))


def test_with_the_vault_no_password_is_left_in_any_cell(tmp_path):
    with program_with_sheet(tmp_path, 3) as (program, _, people):
        done = program.run("sheet", "connect", URL, "--key-file", "key.json", "--passwords", "vault")
        assert done.returncode == 0
        for one in ("pull", "push", "push"):
            assert program.run("sheet", one).returncode == 0
        cells = [cell.content for tab in people.book.tabs for row in tab.rows for cell in row]
        assert not [one for one in cells if CANARY in str(one)]
        exported = program.run("export", "--with-passwords", "--format", "json").stdout
        assert f"{CANARY}-3" in exported
