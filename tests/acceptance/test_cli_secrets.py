"""R14: planted passwords are found nowhere that did not ask for them, at the most talkative log level."""

import subprocess
from pathlib import Path

from tests.acceptance.program import Program

STORE = ("--store", "sqlite:///fleet.db")
CANARIES = ("proxy-canary", "user-canary", "wrong-canary")


def test_no_secret_in_output_logs_or_files(tmp_path):
    program = Program(tmp_path)
    told = [
        program.run("import", "-", "--allow-private", "--json", *STORE, text="http://bob:proxy-canary@127.0.0.1:9\n"),
        program.run("user", "add", "alice", "--password-stdin", *STORE, text="user-canary\n"),
    ]
    arguments = ("serve", "--listen", "127.0.0.1:0", "--allow-private-targets", *STORE)
    with program.running(*arguments, PROXYFLEET_LOG_LEVEL="debug") as node:
        place = node.told["gateway"].removeprefix("http://")
        for password in ("user-canary", "wrong-canary"):
            command = ["curl", "-sS", "-m", "10", "-x", f"http://alice:{password}@{place}", "http://127.0.0.1:1/"]
            told.append(subprocess.run(command, capture_output=True, text=True, timeout=15))
        for arguments in (
            ("list", "--json"),
            ("stats", "--json"),
            ("pick", "--json"),
            ("pick", "--explain"),
            ("doctor",),
        ):
            told.append(program.run(*arguments, *STORE))
        files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        line = Path(f"/proc/{node.process.pid}/cmdline").read_text()
        assert node.stop() == 0

    assert all(done.returncode in (0, 1) for done in told)
    everything = "".join(done.stdout + done.stderr for done in told) + str(node.told) + str(node.errors) + line
    assert "407" in everything or told[3].returncode == 0
    for canary in CANARIES:
        assert canary not in everything
        assert canary.encode() not in files
