"""Tables on a pipe and on a terminal."""

import io
import sys

import pytest

from proxyfleet.cli import tables


def test_columns_are_aligned(capsys):
    tables.table(("a", "long"), [(1, None), (22222, True)])
    assert capsys.readouterr().out == "a      long\n1      -\n22222  yes\n"


def test_no_rows_leave_the_heading(capsys):
    tables.table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_a_terminal_gets_rich_and_markup_is_text(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    tables.table(("name",), [("[red]x[/red]",)])
    assert "[red]x[/red]" in sys.stdout.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (False, "no"), (1.239, "1.24"), ([], "-"), (["a", 1], "a, 1"), ("x\x1b[2Jy", "x?[2Jy"), (5, "5")],
)
def test_cells(value, text, capsys):
    tables.pairs([("name", value), ("longer", 1)])
    assert capsys.readouterr().out == f"name    {text}\nlonger  1\n"
