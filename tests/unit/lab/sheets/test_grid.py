"""A tab under the hands of people."""

import pytest

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.formulas import Formula
from proxyfleet.lab.sheets.grid import Cell, Protected, Tab


def tab(*lines):
    made = Tab.empty(0, "T", rows=6, columns=3)
    for row, line in enumerate(lines):
        for column, value in enumerate(line):
            made.put(row, column, value)
    return made


def column(made, at=0):
    return [made.rows[row][at].content for row in range(made.filled)]


def test_rows_come_and_go():
    made = tab(["h"], ["a"], ["b"])
    made.insert_rows(1, 2)
    assert column(made) == ["h", None, None, "a", "b"]
    made.delete_rows(1, 4)
    assert column(made) == ["h", "b"]
    made.move_row(1, 0)
    assert column(made) == ["b", "h"]


def test_an_inserted_row_has_the_formats_of_the_row_above():
    made = tab(["h"])
    made.rows[0][0] = Cell("h", "DATE", note="x")
    made.insert_rows(1)
    assert made.rows[1][0] == Cell(None, "DATE")


def test_columns_come_and_go():
    made = tab(["a", "b"])
    made.insert_columns(1)
    assert ([cell.content for cell in made.rows[0]], made.columns) == (["a", None, "b", None], 4)
    made.delete_columns(0, 2)
    assert ([cell.content for cell in made.rows[0]], made.columns) == (["b", None], 2)


def test_sorting_puts_numbers_before_texts_and_blanks_last():
    made = tab(["h"], ["b"], [None, "blank"], [2.0], [True], ["A"])
    made.sort(0, 0.0)
    assert column(made) == ["h", 2.0, "A", "b", True, None]
    made.sort(0, 0.0, reverse=True)
    assert column(made) == ["h", True, "b", "A", 2.0, None]


def test_putting_far_out_grows_the_tab():
    made = tab()
    made.put(9, 4, "x")
    assert (len(made.rows), made.columns, made.filled) == (10, 5, 10)


def test_merges_and_protections_move_along():
    made = tab()
    made.merges = [Area(2, 0, 4, 1)]
    made.protected = [Protected(1, Area(2, 0, 3, None))]
    made.insert_rows(0)
    assert (made.merges, made.protected[0].area) == ([Area(3, 0, 5, 1)], Area(3, 0, 4, None))
    assert (made.covered(4, 0), made.covered(3, 0)) == (True, False)
    made.delete_rows(3, 4)
    assert (made.merges, made.protected) == ([Area(3, 0, 4, 1)], [])
    made.insert_columns(0)
    made.delete_columns(0, 1)
    assert made.merges == [Area(3, 0, 4, 1)]


def test_a_formula_that_leads_to_itself_is_an_error_value():
    made = tab()
    made.put(0, 0, Formula.typed("=B1", 0, 0))
    made.put(0, 1, Formula.typed("=A1", 0, 1))
    assert made.value(0, 0, 0.0) == "#REF!"
    assert made.value(99, 0, 0.0) == "#REF!"


@pytest.mark.parametrize(("source", "target", "after"), [(0, 3, "bca"), (2, 0, "cab"), (1, 1, "abc")])
def test_dragging(source, target, after):
    made = tab(["a"], ["b"], ["c"])
    made.move_row(source, target)
    assert "".join(column(made)) == after
