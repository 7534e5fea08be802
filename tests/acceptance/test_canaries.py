"""PROMISES R14: planted secrets are found nowhere but where passwords were asked for, whatever is done with them."""

import asyncio
import json
import subprocess
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from cryptography.fernet import Fernet
from tests.acceptance.program import Program

from proxyfleet.lab import Lab

STORE = ("--store", "sqlite:///fleet.db")
KEY = "a2V5LWNhbmFyeS1rZXktY2FuYXJ5LWtleS1jYW5hcnk="  # base64 of key-canary-key-canary-key-canary
PASSWORD, USER, URL, BAD = "password-canary", "session-canary", "refresh-canary", "badline-canary"
CLIENT, WRONG, OLD = "client-canary", "wrong-canary", "founding-canary"
FERNET = Fernet.generate_key().decode()
SECRETS = (PASSWORD, URL, BAD, CLIENT, WRONG, OLD, FERNET, KEY, "key-canary")
"""What nobody may ever see. The user name USER is told to whoever lists the inventory, but to nobody else."""
BAD_LINES = f"""\
http://u:{BAD}@1.1.1.1:99999
http://{BAD}:{BAD}@
1.1.1.1:80:{BAD}
socks9://u:{BAD}@1.1.1.1:80
1.1.1.1:u:{BAD}:80:x
u;{BAD};1.1.1.300;80
{{"host": "1.1.1.1", "password": "{BAD}", "port": 0}}
"""


class Watched:
    """Everything the program has said so far, by command."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.said: dict[str, str] = {}

    def run(self, *arguments, text="", codes=(0,), **environment):
        """Run and remember; with `--debug`, so that tracebacks are among what is watched."""
        done = self.program.run(*arguments, "--debug", *STORE, text=text, **environment)
        assert done.returncode in codes, (arguments, done.stderr)
        self.said[" ".join(map(str, arguments))] = done.stdout + done.stderr
        return done.stdout + done.stderr


def leaks(said, secrets=SECRETS):
    """Where which secret was found."""
    return [(where, secret) for where, text in said.items() for secret in secrets if secret in text]


def stored(home):
    """All files in the home folder: database, log, backups, node file."""
    return {str(file): file.read_bytes().decode("latin-1") for file in home.rglob("*") if file.is_file()}


@pytest.fixture
def watched(tmp_path):
    program = Program(tmp_path)
    program.environment |= {"PROXYFLEET_KEY": KEY, "PROXYFLEET_LOG_LEVEL": "debug"}
    return Watched(program)


def test_the_search_finds_what_is_there(tmp_path):
    (tmp_path / "file").write_text(f"...{PASSWORD}...")
    assert leaks(stored(tmp_path)) == [(str(tmp_path / "file"), PASSWORD)]


def test_commands_and_files_give_nothing_away(watched):
    home = watched.program.home
    watched.run("import", "-", "--json", text=f"http://{USER}:{PASSWORD}@1.1.1.1:80\n{BAD_LINES}")
    watched.run("import", "-", text=f"http://{USER}:{PASSWORD}@1.1.1.1:80\n{BAD_LINES}")
    watched.run("import", "-", text=BAD_LINES, codes=(0, 1))
    told = {"host": "2.2.2.2", "port": 80, "username": "u", "password": PASSWORD}
    rows = json.dumps([told | {"refresh_url": f"https://p.example/?token={URL}"}])
    watched.run("import", "-", "--format", "json", text=rows)
    quiet = watched.said.copy()
    for arguments in (
        ["stats"],
        ["pick"],
        ["pick", "--explain"],
        ["doctor"],
        ["config", "show"],
        ["key", "status"],
        ["db", "status"],
    ):
        for form in ([], ["--json"]):
            watched.run(*arguments, *form)
            quiet[str(arguments) + str(form)] = watched.said[" ".join([*arguments, *form])]
    for arguments in (
        ["list"],
        ["show", "1"],
        ["show", "2"],
        ["export"],
        ["export", "--format", "csv"],
        ["export", "--format", "json"],
    ):
        watched.run(*arguments)
        watched.run(*arguments, "--json")
    watched.run("backup", "copy.bak")
    watched.run("set", "id=1", f"password={PASSWORD}2")
    watched.run("key", "rotate")
    watched.run("restore", "copy.bak", "--yes")
    assert not leaks(quiet, (USER,))
    assert not leaks(watched.said)
    assert not leaks(stored(home))
    assert PASSWORD in watched.run("export", "--with-passwords")
    assert PASSWORD in watched.run("pick", "--with-passwords", "--selector", "id=1")


def test_errors_and_tracebacks_give_nothing_away(watched):
    watched.run("import", "-", text=f"http://{USER}:{PASSWORD}@1.1.1.1:80\n")
    failing = [
        ("list", {"PROXYFLEET_KEY": "short-" + WRONG}),
        ("list", {"PROXYFLEET_KEY": "d3JvbmcgY2FuYXJ5IHdyb25nIGNhbmFyeSB3cm9uZyA="}),
        ("set all port=80 host=1.1.1.1 scheme=https password=" + PASSWORD, {}),
        (f"set id=1 refresh_url=https://x.example/{URL} capacity=many", {}),
        (f"import http://u:{PASSWORD}@127.0.0.1:9/{USER}?token={URL} --allow-private", {}),
        (f"list --store redis://u:{PASSWORD}@h/0", {}),
        (f"list --claims redis://u:{PASSWORD}@h/0", {}),
    ]
    for line, environment in failing:
        done = watched.program.run(*line.split(" "), "--debug", *(() if "--store" in line else STORE), **environment)
        watched.said[line.split(" ")[0] + str(environment)] = done.stdout + done.stderr
        assert not leaks({line: done.stdout + done.stderr})
    path = watched.program.home / "fleet.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE proxies SET uuid = zeroblob(16)")
    said = watched.run("export", "--with-passwords", codes=(3,))
    assert "Traceback" in said
    assert not leaks({"damaged": said})


def test_an_adoption_gives_nothing_away(watched):
    home = watched.program.home
    token = Fernet(FERNET).encrypt(OLD.encode()).decode()
    with closing(apsw.Connection(str(home / "old.db"))) as connection:
        connection.execute("CREATE TABLE proxy_pool (host TEXT, port, username TEXT, password TEXT)")
        rows = [
            ("1.1.1.1", 80, "u", token),
            ("1.1.1.2", "x" + BAD, "u", OLD),
            ("1.1.1.3", 80, "u:" + BAD, OLD),
            ("1.1.1.4", 0, "u", OLD),
        ]
        connection.executemany("INSERT INTO proxy_pool VALUES (?, ?, ?, ?)", rows)
    watched.run("adopt", "old.db", codes=(3,))
    watched.run("adopt", "old.db", ENCRYPTION_KEY=Fernet.generate_key().decode(), codes=(0, 1))
    watched.run("adopt", "old.db", "--json", ENCRYPTION_KEY=FERNET)
    (home / "old.db").unlink()
    assert not leaks(watched.said)
    assert not leaks(stored(home))
    assert OLD in watched.run("export", "--with-passwords")


async def test_a_serving_node_gives_nothing_away(watched):
    """Right and wrong credentials of clients, refused ones of the proxy, a dead proxy; the target sees nothing either."""
    async with Lab(http=2, username=USER, password=PASSWORD) as lab:
        lab.proxies[1].behave(password="changed")
        lines = "\n".join([*lab.lines(), f"http://{USER}:{PASSWORD}@127.0.0.1:9"])
        await asyncio.to_thread(serve, watched, lines, lab.target.url + "/")
        seen = repr(lab.target.requests)
    assert seen.count("Visit") > 3
    assert not leaks({"target": seen}, (*SECRETS, USER))
    assert not leaks(watched.said)
    assert not leaks({name: watched.said[name] for name in ("log", "process list", "curl")}, (USER,))


def serve(watched, lines, target):
    program = watched.program
    watched.run("import", "-", "--allow-private", text=lines)
    watched.run("user", "add", "alice", "--password-stdin", text=CLIENT + "\n")
    arguments = ("serve", "--listen", "127.0.0.1:0", "--allow-private-targets", *STORE)
    with program.running(*arguments) as node:
        place = node.told["gateway"].removeprefix("http://")
        asked = [f"{CLIENT}@{place}"] * 12 + [f"{WRONG}@{place}"] * 3
        answers = [curl(f"http://alice:{one}", target) for one in asked]
        assert sum("200" in answer for answer in answers) > 3
        assert sum("407" in answer for answer in answers) == 3
        watched.said["curl"] = "".join(answers)
        watched.said["process list"] = Path(f"/proc/{node.process.pid}/cmdline").read_text()
        for command in (
            ["stats"],
            ["stats", "--json"],
            ["list", "--json"],
            ["pick", "--explain", "--json"],
            ["doctor"],
        ):
            watched.run(*command)
        assert not leaks(stored(program.home))  # with the log of the database that is in use
        assert node.stop() == 0
    watched.said["log"] = f"{node.told} {node.errors}"
    assert "DEBUG" in watched.said["log"] or node.errors


def curl(proxy, target):
    command = ["curl", "-sS", "-i", "-m", "10", "-x", proxy, target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=15)
    return done.stdout + done.stderr
