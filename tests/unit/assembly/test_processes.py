"""The supervisor over processes that are small programs of the test: started, started again, told, ended."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from proxyfleet.assembly import processes as module
from proxyfleet.assembly.processes import Ended, NotShared, Supervisor, check, reserved
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.settings.schema import GatewaySection, Settings

PROGRAM = """
import os, signal, sys, time
folder, args = sys.argv[1], sys.argv[2:]
number = args[args.index("--member") + 1]
def note(word):
    with open(f"{folder}/{number}", "a") as file:
        file.write(f"{word} {os.getpid()} {' '.join(args)}\\n")
note("start")
signal.signal(signal.SIGHUP, lambda *_: note("hangup"))
signal.signal(signal.SIGTERM, lambda *_: (note("term"), STUBBORN or sys.exit(0)))
if FAILS: sys.exit(FAILS)
print("gateway  http://" + args[args.index("--listen") + 1], flush=True)
print("ready", flush=True)
while True: time.sleep(0.05)
"""


@pytest.fixture
def command(tmp_path):
    def make(stubborn=False, fails=0):
        program = tmp_path / "program.py"
        program.write_text(f"STUBBORN = {stubborn}\nFAILS = {fails}\n" + PROGRAM)
        return [sys.executable, str(program), str(tmp_path)]

    return make


def settings(**gateway):
    return Settings(
        "sqlite:////nowhere/f.db", gateway=GatewaySection(**{"listen": ("127.0.0.1", 0), "drain": 0.5} | gateway)
    )


class Run:
    """A supervisor at work; `told` is what it said, `notes` what the processes wrote."""

    def __init__(self, command, folder, count=2, **gateway):
        self.told, self.folder = [], Path(folder)
        self.ready = asyncio.Event()
        self.supervisor = Supervisor(settings(**gateway), count, command, self.tell)

    def tell(self, name, value):
        self.told.append((name, value))
        if name == "ready":
            self.ready.set()

    def notes(self, number):
        file = self.folder / str(number)
        return [line.split(" ", 2) for line in file.read_text().splitlines()] if file.exists() else []

    async def __aenter__(self):
        self.task = asyncio.ensure_future(self.supervisor.run())
        await asyncio.wait_for(self.ready.wait(), 10)
        return self

    async def __aexit__(self, *_):
        self.supervisor._stop.set()
        await asyncio.wait_for(self.task, 20)

    async def until(self, holds):
        for _ in range(500):
            if holds():
                return
            await asyncio.sleep(0.02)
        raise AssertionError((self.told, self.notes(0), self.notes(1)))


async def test_all_on_one_port_and_ready_when_all_are(command, tmp_path):
    async with Run(command(), tmp_path) as run:
        (gateway, address), *rest = run.told
        assert gateway == "gateway"
        assert rest == [("processes", "2"), ("ready", "")]
        first, second = (run.notes(number)[0][2] for number in (0, 1))
        listen = address.removeprefix("http://")
        assert first == f"--member 0 --listen {listen}"
        assert second == f"--member 1 --listen {listen} --control 127.0.0.1:0"
    assert [run.notes(number)[-1][0] for number in (0, 1)] == ["term", "term"]
    assert run.told[-1][0] == "draining"


async def test_what_ends_is_started_again(command, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    async with Run(command(), tmp_path) as run:
        os.kill(int(run.notes(1)[0][1]), signal.SIGKILL)
        await run.until(lambda: len(run.notes(1)) == 2)
        assert run.notes(1)[0][1] != run.notes(1)[1][1]
        assert len(run.notes(0)) == 1
        assert [name for name, _ in run.told].count("ready") == 1


async def test_a_hangup_is_passed_on(command, tmp_path):
    async with Run(command(), tmp_path) as run:
        os.kill(os.getpid(), signal.SIGHUP)
        await run.until(lambda: all(run.notes(number)[-1][0] == "hangup" for number in (0, 1)))


async def test_who_does_not_end_is_killed(command, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SPARE", 0.2)
    async with Run(command(stubborn=True), tmp_path) as run:
        pids = [int(run.notes(number)[0][1]) for number in (0, 1)]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_process_that_cannot_start_ends_it_with_its_own_code(command, tmp_path):
    with pytest.raises(Ended) as ended:
        await asyncio.wait_for(Supervisor(settings(), 2, command(fails=3), lambda *_: None).run(), 15)
    assert ended.value.exit_code == 3


async def test_being_told_to_stop_while_they_start(command, tmp_path):
    supervisor = Supervisor(settings(), 2, command(), lambda *_: None)
    task = asyncio.ensure_future(supervisor.run())
    await asyncio.sleep(0.05)
    supervisor._stop.set()
    await asyncio.wait_for(task, 15)
    assert not supervisor._running


def test_a_port_is_kept_and_shared():
    with reserved(("127.0.0.1", 0)) as kept:
        port = kept.getsockname()[1]
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(("127.0.0.1", port))
            one.listen()
            with socket.create_connection(("127.0.0.1", port), 5):
                pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotListen):
            reserved(("127.0.0.1", taken.getsockname()[1]))
    with pytest.raises(CannotListen):
        reserved(("192.0.2.1", 80))


def test_what_cannot_be_shared():
    check(settings(), 2)
    check(Settings("memory:"), 1)
    for store, count in (("memory:", 2), ("sqlite:///f.db", 0), ("sqlite:///f.db", 65)):
        with pytest.raises(NotShared):
            check(Settings(store), count)
