"""How commands end when something outside of them does: a signal, a reader that goes, a stream that is closed, a full disk."""

import asyncio
import json
import os
import signal
import subprocess
import time

import pytest
from tests.acceptance.program import PATIENCE, Program, connected, refused

from proxyfleet.lab import Behaviour, Lab
from proxyfleet.stores.sql.rotation import BATCH

STORE = ("--store", "sqlite:///fleet.db")
LINES = "\n".join(f"http://198.51.100.{n}:80" for n in range(1, 200))


@pytest.fixture
def program(tmp_path):
    made = Program(tmp_path)
    made.json("import", "-", "--allow-private", *STORE, text=LINES)
    return made


def shell(program, line):
    """A command line as the shell runs it; `pf` is the program."""
    command = f'pf() {{ {" ".join(program.command())} "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", command],
        cwd=program.home,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_an_import_that_waits_for_more_input(program, number):
    process = subprocess.Popen(
        program.command("import", "-", "--allow-private", *STORE),
        cwd=program.home, env=program.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write("http://198.51.100.250:80\n" * 20_000)  # more than a pipe holds: it reads when this returns
    process.stdin.flush()
    process.send_signal(number)
    process.wait(PATIENCE)
    assert process.returncode == 128 + number
    assert process.stderr.read() in (
        "",
        "interrupted: 10000 lines are stored; repeat the import, they are duplicates then\n",
    )
    process.stdin.close()
    assert json.loads(program.run("db", "status", "--json", *STORE).stdout)["integrity"] == "ok"


async def test_a_check_that_is_stopped_says_how_far_it_came(tmp_path):
    program = Program(tmp_path)
    slow = Behaviour(latency=60.0)
    async with Lab(http=2) as lab, Lab(http=1, behaviour=slow) as silent:
        lines = "\n".join([*lab.lines(), *silent.lines()])
        assert (
            await asyncio.to_thread(program.run, "import", "-", "--allow-private", *STORE, text=lines)
        ).returncode == 0
        judge = f"{lab.target.url}/judge"
        process = await asyncio.create_subprocess_exec(
            *program.command("check", "--judge", judge, "--timeout", "60", *STORE),
            cwd=tmp_path, env=program.environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        while len({visit.proxy for visit in lab.target.requests} - {None}) < 2:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, told = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert told.decode() == "interrupted: 2 proxies were tried, 0 are recorded; check again for the others\n"


def test_a_rotation_that_is_stopped_says_how_far_it_came(program):
    lines = "".join(f"http://u:p{n}@1.1.{n // 200}.{n % 200}:80\n" for n in range(20_000))
    program.json("import", "-", *STORE, text=lines)
    process = subprocess.Popen(
        program.command("key", "rotate", *STORE),
        cwd=program.home, env=program.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while secrets_by_newest_key(program) <= BATCH:  # the second batch is there, so the first was told
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    out, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")
    count, _, rest = told.removeprefix("interrupted: at least ").partition(" ")
    assert rest == "secrets are re-encrypted; the next `proxyfleet key rotate` does the others\n"
    assert program.json("key", "rotate", *STORE)["reencrypted"] in range(1, 20_001 - int(count))


def secrets_by_newest_key(program):
    """None before there is a former one."""
    with connected(f"file:{program.home / 'fleet.db'}?mode=ro") as connection:
        kid_of = dict(connection.execute("SELECT state, kid FROM keyring"))
        kid = kid_of["primary"] if "decrypt_only" in kid_of else ""
        return connection.execute("SELECT count(*) FROM proxies WHERE substr(password, 5, 8) = ?", (kid,)).fetchone()[0]


@pytest.mark.parametrize("what", ["list", "export", "export --format csv", "stats"])
def test_a_full_disk_behind_the_output_is_one_line(program, what):
    done = shell(program, f"pf {what} --store sqlite:///fleet.db -q >/dev/full")
    refused(done, "the output cannot be written (No space left on device)", code=1)


@pytest.mark.parametrize("what", ["list --json", "list", "export --format json"])
def test_a_reader_that_goes_is_no_trouble(program, what):
    done = shell(program, f"pf {what} --store sqlite:///fleet.db -q | head -c 1")
    assert done.stderr == ""


@pytest.mark.parametrize("closed", [">&-", "<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams_cost_nothing_but_what_would_have_been_written(program, closed):
    done = shell(program, f"pf add http://198.51.100.251:80 --allow-private --store sqlite:///fleet.db {closed}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(program.json("list", *STORE, "-q")) == 200
    assert shell(program, f"pf import - --store sqlite:///fleet.db {closed}").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code", "ends"),
    [
        (["show", "999"], "unknown_proxy", 1),
        (["list", "nonsense=1"], "bad_selector", 2),
        (["list", "--nonsense"], "bad_usage", 2),
        (["nonsense"], "bad_usage", 2),
        (["show"], "bad_usage", 2),
        (["lease", "--ttl", "abc"], "bad_usage", 2),
        (["lease", "--ttl", "0"], "ttl_out_of_range", 1),
        (["lease", "--count", "1000000000"], "bad_request", 1),
        (["renew", "1x1.1"], "unknown_lease", 1),
        (["renew", "nonsense"], "bad_usage", 2),
        (["remove", "all"], "bad_usage", 2),
        (["list", "--config", "there.is.none"], "bad_settings", 2),
    ],
)
def test_programs_are_told_errors_in_one_form(program, arguments, code, ends):
    done = program.run(*arguments, "--json", "-q", *STORE)
    assert done.returncode == ends, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["error"]["code"] == code


def test_letters_that_the_terminal_cannot_show_are_written_as_numbers(program):
    program.json("set", "id=1", "notes=привет é", *STORE)
    narrow = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    told = program.run("show", "1", "--json", "-q", *STORE, **narrow)
    assert json.loads(told.stdout)["notes"] == "привет é"
    done = program.run("show", "1", "-q", *STORE, **narrow)
    assert done.returncode == 0, done.stderr
    assert "\\u043f" in done.stdout


def test_nothing_found_is_json_too(program):
    for arguments in (["list", "tag=none"], ["leases"], ["assignments"], ["export", "tag=none"], ["events"], ["jobs"]):
        done = program.run(*arguments, "--json", "-q", *STORE)
        assert (done.returncode, json.loads(done.stdout)) in ((0, []), (0, {}), (0, json.loads(done.stdout))), arguments
    for arguments in (["capacity", "tag=none"], ["lease", "--selector", "tag=none"], ["disable", "tag=none"]):
        done = program.run(*arguments, "--json", "-q", *STORE)
        assert done.returncode == 1
        assert json.loads(done.stdout)


def test_no_hidden_file_stays_of_a_backup_that_was_stopped(program, tmp_path):
    """SIGTERM at any moment: a backup is there whole, or nothing of it is."""
    for delay in (0.15, 0.25, 0.35, 0.45):
        process = subprocess.Popen(
            ["timeout", "--signal=TERM", str(delay), *program.command("backup", f"b{delay}", *STORE)],
            cwd=program.home, env=program.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        process.wait(PATIENCE)
    left = [name for name in os.listdir(tmp_path) if name.startswith(".b")]
    assert left == []
