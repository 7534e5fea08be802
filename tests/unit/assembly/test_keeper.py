"""The keeper ends what was named to it and not taken back, and nothing else."""

import os
import signal
import subprocess
import sys

import pytest

from proxyfleet.assembly import keeper


@pytest.fixture
def group():
    """Start a command in a group of its own; killed at the end."""
    running = []

    def start(*command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        keeper.send([process.pid], signal.SIGKILL)
        process.communicate()


def test_what_was_taken_back_is_not_left():
    assert keeper.left(["+12\n", "+34\n", "-12\n", "-7\n"]) == {34}
    assert keeper.left([]) == set()


def test_it_ends_whole_groups_when_nothing_more_comes(group):
    kept, forgotten = (group("sh", "-c", "sleep 60 & echo up; wait") for _ in range(2))
    assert kept.stdout.readline() == forgotten.stdout.readline() == "up\n"
    lines = f"+{kept.pid}\n+{forgotten.pid}\n-{forgotten.pid}\n"
    subprocess.run([sys.executable, "-I", "-S", keeper.__file__, "1"], input=lines, text=True, timeout=30, check=True)
    assert kept.wait(10) == -signal.SIGTERM
    assert kept.stdout.read() == "", "who has inherited it is gone as well"
    assert forgotten.poll() is None


def test_those_that_do_not_listen_are_killed_when_patience_ends(group):
    stubborn = group("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done")
    assert stubborn.stdout.readline() == "up\n"
    slept = []
    keeper.end({stubborn.pid}, 0.5, slept.append)
    assert len(slept) == 10
    assert stubborn.wait(10) == -signal.SIGKILL


def test_groups_that_are_gone_are_no_fault(group):
    done = group("true")
    done.wait(10)
    keeper.end({done.pid}, 5.0, lambda _: pytest.fail("nobody to wait for"))


def test_signals_of_a_terminal_do_not_end_it():
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, "5"], stdin=reading, start_new_session=True
    ) as process:
        os.close(reading)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        os.close(writing)
        assert process.wait(10) == 0
