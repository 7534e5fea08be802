"""The entry point hands the exit code on."""

import sys
from types import SimpleNamespace

import proxyfleet.__main__ as entry


def test_it_runs_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["proxyfleet", "--help"])
    assert entry.main() == 0
    assert "Commands:" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["proxyfleet", "nonsense"])
    assert entry.main() == 2


def test_what_is_missing_is_one_line(monkeypatch, capsys):
    for name in [one for one in sys.modules if one.startswith("proxyfleet.cli")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)
    assert entry.main() == 3
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert "typer" in told
    assert told.count("\n") == 1


def test_an_old_python_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(entry, "OLDEST", (9, 0))
    assert entry.main() == 3
    assert "too old" in capsys.readouterr().err


def test_ctrl_c_while_the_program_starts_is_no_traceback(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "proxyfleet.cli.app", SimpleNamespace(main=interrupted))
    assert entry.main() == 130
