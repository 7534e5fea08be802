"""Every ending has its exit code and one line."""

import errno
import json

import pytest

from proxyfleet.cli.failing import MEANINGS, BadUsage, Ended, ExitCode, Reporting, exit_code_of
from proxyfleet.core.errors import BadSelector, UnknownProxy
from proxyfleet.gateway.errors import CannotListen, OpenProxyRefused
from proxyfleet.settings import SettingsError
from proxyfleet.stores.errors import StoreBusy, StoreLocked


def ended(error, **options):
    with pytest.raises(SystemExit) as end, Reporting(**options):
        raise error
    return end.value.code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadUsage("x"), 2),
        (BadSelector("x", 0, "y"), 2),
        (SettingsError(["x"]), 2),
        (OpenProxyRefused("::"), 2),
        (StoreBusy("x"), 3),
        (StoreLocked("x"), 3),
        (CannotListen("x", "y"), 3),
        (UnknownProxy(1), 1),
    ],
)
def test_errors_have_codes_and_a_line(error, code, capsys):
    assert exit_code_of(error) == code
    assert ended(error) == code
    assert capsys.readouterr().err == f"error: {error}\n"


def test_several_problems_are_several_lines(capsys):
    ended(SettingsError(["a", "b"]))
    assert capsys.readouterr().err == "error: a\nerror: b\n"


def test_the_unexpected_is_one_line_unless_debugged(capsys):
    assert ended(ZeroDivisionError("canary")) == ExitCode.INTERNAL
    told = capsys.readouterr().err
    assert told == "error: unexpected ZeroDivisionError; repeat with --debug to see where\n"
    ended(ZeroDivisionError("x"), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_quiet_endings(capsys):
    assert ended(Ended(ExitCode.FAILED), debug=True) == 1
    assert ended(KeyboardInterrupt()) == 130
    assert ended(SystemExit(5)) == 5
    assert capsys.readouterr().err == ""
    with Reporting():
        pass


def test_every_code_has_a_meaning():
    assert set(MEANINGS) == set(ExitCode)


def test_a_missing_dependency_is_named(capsys):
    assert ended(ModuleNotFoundError("No module named 'apsw'")) == 3
    assert "install proxyfleet again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownProxy(7), "unknown_proxy"),
        (SettingsError(["a", "b"]), "bad_settings"),
        (ModuleNotFoundError("No module named 'apsw'"), "not_installed"),
        (ZeroDivisionError("canary"), "internal"),
    ],
)
def test_programs_get_an_object(error, code, capsys):
    ended(error, json=True)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)["error"]
    assert told["code"] == code
    assert told["message"]
    assert "canary" not in line


def test_notes_are_part_of_the_message(capsys):
    error = StoreBusy("in use")
    error.add_note("10 lines before are stored")
    ended(error, json=True)
    assert json.loads(capsys.readouterr().err)["error"]["message"] == "in use; 10 lines before are stored"


def test_an_error_does_not_steer_the_terminal(capsys):
    ended(BadUsage("held by \x1b[2Jme"))
    assert capsys.readouterr().err == "error: held by ?[2Jme\n"


def test_output_that_cannot_be_written_is_one_line(capfd):
    assert ended(OSError(errno.ENOSPC, "No space left on device")) == 1
    assert "the output cannot be written (No space left on device)" in capfd.readouterr().err
    assert ended(OSError(errno.ENOSPC, "No space left on device", "/a/file")) == ExitCode.INTERNAL
