"""SIGTERM and SIGHUP interrupt a command as Ctrl-C does, and leave alone what the shell has decided."""

import os
import signal

import pytest

from proxyfleet.cli.failing import ExitCode, Reporting


@pytest.fixture(autouse=True)
def as_python_starts():
    """Whatever earlier tests have left behind."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def kill(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_a_command_in_order(number):
    with pytest.raises(SystemExit) as end, Reporting():
        kill(number)
    assert end.value.code == 128 + number
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_job_in_the_background_hears_sigterm_but_not_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit) as end, Reporting():
            kill(signal.SIGINT, signal.SIGTERM)
        assert end.value.code == ExitCode.TERMINATED
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Reporting():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
