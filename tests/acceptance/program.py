"""Runs the `proxyfleet` program as people do: a process of its own, with its own home folder, and an end to everything."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from queue import Empty, Queue

PATIENCE = 30.0

LAB = ("lab", "--http", "3")
"""The command of a small lab."""


class Program:
    """`run` for commands that end, `running` for those that do not; all in the folder `home`."""

    def __init__(self, home):
        self.home = home
        self.prefix = []
        """What a command begins with, to run somewhere else."""
        self.before = None
        """Called in each new process first; see `places.modes_count`."""
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PROXYFLEET_", "XDG_", "PROXY_"))
        } | {"HOME": str(home), "PYTHONUNBUFFERED": "1"}

    def command(self, *arguments):
        return [*self.prefix, sys.executable, "-m", "proxyfleet", *map(str, arguments)]

    def run(self, *arguments, text="", **environment):
        """The finished process; its output as text."""
        return subprocess.run(
            self.command(*arguments),
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd=self.home,
            env=self.environment | environment,
            preexec_fn=self.before,
        )

    def json(self, *arguments, text="", **environment):
        """What a command prints with `--json`; it must have succeeded."""
        done = self.run(*arguments, "--json", text=text, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def running(self, *arguments, **environment):
        """A process that has said `ready`; killed at the end if it does not stop by itself."""
        process = Running(self.command(*arguments), self.home, self.environment | environment)
        try:
            process.wait_for("ready")
            yield process
        finally:
            process.end()


class Running:
    """`told` holds the `name  value` lines so far."""

    def __init__(self, command, folder, environment):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment
        )
        self.told = {}
        self.errors = []
        self._lines = Queue()
        for stream, take in ((self.process.stdout, self._lines.put), (self.process.stderr, self.errors.append)):
            threading.Thread(target=_drain, args=(stream, take), daemon=True).start()

    def wait_for(self, name):
        """The value of that line."""
        while name not in self.told:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"no {name!r} line; said {self.told} and {self.errors}") from None
            if line is None:
                raise AssertionError(f"ended without {name!r}: {self.told} {self.errors}")
            word, _, value = line.rstrip("\n").partition("  ")
            self.told[word] = value
        return self.told[name]

    def stop(self, number=signal.SIGTERM):
        """Ask it to stop; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process.stdout.close()
        self.process.stderr.close()


def _drain(stream, take):
    try:
        for line in stream:
            take(line)
    except ValueError:
        pass  # closed at the end of the test
    take(None)


def refused(done, *words, code=3):
    """It said one line with these words, and nothing else, and ended with this exit code."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0], lines[0]


def passwords(program, *store, **environment):
    """Password by host, as `export` tells it on request; the store is `fleet.db` unless named."""
    store = store or ("--store", "sqlite:///fleet.db")
    done = program.run("export", "--with-passwords", "--format", "json", *store, **environment)
    assert done.returncode == 0, done.stderr
    return {row["host"]: row.get("password") for row in json.loads(done.stdout)}


@contextmanager
def connected(place):
    """SQLite without the program; committed and closed at the end."""
    with closing(sqlite3.connect(place, uri=True)) as connection, connection:
        yield connection
