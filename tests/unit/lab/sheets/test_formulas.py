"""Formulas compute, survive moves of their row, and fail as values."""

import pytest

from proxyfleet.lab.sheets.formulas import Formula

CELLS = {(1, 0): "192.0.2.1", (1, 1): 8080.0, (1, 2): 46387.0}


def value(text, row=1, column=5):
    def look(down, right):
        return CELLS.get((row + down, column + right))

    return Formula.typed(text, row, column).value(look, 46000.25)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('=A2&":"&B2', "192.0.2.1:8080"),
        ("=INT(C2-TODAY())", 387.0),
        ("=NOW()", 46000.25),
        ("=(1+2)*3/2-1", 3.5),
        ("=$B$2", 8080.0),
        ("=Z9", None),
        ("=1/0", "#DIV/0!"),
        ("=A2+1", "#VALUE!"),
        ("=IMPORTRANGE(1)", "#NAME?"),
        ("=1+", "#ERROR!"),
        ("=(1", "#ERROR!"),
        ("=1 1", "#ERROR!"),
        ("=)", "#ERROR!"),
    ],
)
def test_values(text, found):
    assert value(text) == found


def test_references_move_with_their_cell():
    formula = Formula.typed('=INT(C2-TODAY())&"d"', 1, 5)
    assert formula.text(1, 5) == '=INT(C2-TODAY())&"d"'
    assert formula.text(6, 5) == '=INT(C7-TODAY())&"d"'
    assert Formula.typed("=A1", 5, 5).text(0, 0) == "=#REF!"
