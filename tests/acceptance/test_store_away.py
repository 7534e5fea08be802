"""PROMISES R9 end to end: the server that decides goes away under a serving node and comes back.

Traffic goes on from memory, claims are refused with a reason, nothing acknowledged is lost, and all recovers by itself.
The outage lasts until everything was tried once; a minute with PROXYFLEET_SOAK.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from tests import postgres
from tests.acceptance.program import LAB, Program
from tests.acceptance.test_cli_serve import eventually
from tests.redis_server import RedisProcess

SOAK = bool(os.environ.get("PROXYFLEET_SOAK"))


@contextlib.contextmanager
def postgres_store(home):
    with postgres.server() as server:
        place = ("--store", server.url)
        yield place, lambda: server.stop(signal.SIGQUIT), server.start


@contextlib.contextmanager
def redis_claims(home):
    with tempfile.TemporaryDirectory(prefix="pf-") as folder:  # a socket's path must be short
        server = RedisProcess(Path(folder), "appendonly yes", "appendfsync always").start()
        try:
            place = ("--store", f"sqlite:///{home}/fleet.db", "--claims", server.url)
            yield place, server.kill, server.start
        finally:
            server.kill()


@contextlib.contextmanager
def stalled_redis(home):
    with tempfile.TemporaryDirectory(prefix="pf-") as folder:
        server = RedisProcess(Path(folder), "appendonly yes", "appendfsync always").start()
        try:
            place = ("--store", f"sqlite:///{home}/fleet.db", "--claims", server.url)
            yield place, server.pause, server.resume
        finally:
            server.kill()


class Visitor:
    """curl through the node's gateway, perhaps in a session."""

    def __init__(self, node, target):
        self.place, self.target = node.told["gateway"].removeprefix("http://"), target

    def head(self, session=None):
        login = f"x-session-{session}-ttl-10m:y@" if session else ""
        command = ["curl", "-sS", "-i", "-m", "20", "-x", f"http://{login}{self.place}", self.target]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def served_by(self, session=None):
        return [line for line in self.head(session).splitlines() if line.startswith("X-Proxyfleet-Proxy:")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    with Program(home).running(*LAB) as running:
        lines = subprocess.run(["curl", "-sS", f"{running.told['control']}/lines"], capture_output=True, text=True)
        (home / "proxies.txt").write_text(lines.stdout)
        yield home / "proxies.txt", running.told["target"]


@pytest.mark.parametrize("world", [postgres_store, redis_claims, stalled_redis])
def test_traffic_goes_on_claims_wait_and_nothing_is_lost(tmp_path, lab, world):
    file, target = lab
    program = Program(tmp_path)
    with world(tmp_path) as (place, away, back):
        options = ("--listen", "127.0.0.1:0", "--allow-private-targets", "--import", file, "--allow-private")
        with program.running("serve", *place, *options) as node:
            visitor = Visitor(node, target)
            home = visitor.served_by("a1")
            assert home
            (lease,) = program.json("lease", "--ttl", "1h", *place)["leases"]
            away()
            gone = time.monotonic()
            while True:
                assert visitor.served_by(), "traffic waits for the store"
                assert visitor.served_by("a1") == home
                refused = visitor.head("b2")
                assert "session_store_away" in refused or "session_timeout" in refused
                assert "Retry-After" in refused or "504" in refused
                done = program.run("lease", *place)
                assert done.returncode not in (0, 1), done.stdout
                assert "Traceback" not in done.stderr
                assert done.stderr.count("\n") == 1, done.stderr
                if not SOAK or time.monotonic() > gone + 60:
                    break
            back()
            assert eventually(lambda: visitor.served_by("b2")), "it does not recover by itself"
            assert eventually(lambda: program.run("lease", *place).returncode == 0)
            known = {one["token"] for one in program.json("leases", *place)}
            assert lease["token"] in known, "an acknowledged lease is lost"
            assert visitor.served_by("a1") == home
        assert not any("Traceback" in line for line in node.errors if line), node.errors
