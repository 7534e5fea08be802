"""Before something that cannot be undone a person is asked; nobody there is no yes."""

import io
import sys

import pytest

from proxyfleet.cli.confirming import confirm
from proxyfleet.cli.failing import BadUsage, Ended


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_only_yes_is_yes(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Terminal("Yes\n"))
    confirm("buy?")
    assert capsys.readouterr().err == "buy? [y/N] "
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    with pytest.raises(Ended):
        confirm("buy?")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(BadUsage, match="give --yes"):
        confirm("buy?")
