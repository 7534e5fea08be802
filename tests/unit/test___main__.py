"""The entry point hands the exit code on."""

import sys

import proxyfleet.__main__ as entry


def test_it_runs_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["proxyfleet", "--help"])
    assert entry.main() == 0
    assert "Commands:" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["proxyfleet", "nonsense"])
    assert entry.main() == 2
