"""Places, typing and showing."""

import pytest

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Cell, Tab
from proxyfleet.lab.sheets.spreadsheet import Refusal, shown


def test_places(book):
    book.tabs.append(Tab.empty(7, "A2"))
    assert book.place("Proxies!A1")[1] == Area(0, 0, 1, 1)
    assert book.place("'Proxies'") == (book.tab, Area())
    assert book.place("B2")[0] is book.tab
    assert book.place("A2")[0].id == 7
    assert book.numbered(7).title == "A2"
    for wrong in ("Nowhere!A1", "?", "Proxies!1A"):
        with pytest.raises(Refusal, match="Unable to parse range"):
            book.place(wrong)
    with pytest.raises(Refusal, match=r"exceeds grid limits. Max rows: 1000, max columns: 26"):
        book.place("A1001")
    with pytest.raises(Refusal, match="No grid with id: 9"):
        book.numbered(9)


def test_typing_keeps_what_the_cell_looks_like(book):
    tab = book.tab
    tab.rows[1][0] = Cell("b", "TEXT", look=(("bold", True),), note="n")
    book.type(tab, 1, 0, "007")
    assert tab.rows[1][0] == Cell("007", "TEXT", look=(("bold", True),), note="n")
    book.type(tab, 1, 1, None)
    assert tab.rows[1][1].content == 2.0
    book.type(tab, 1, 1, "")
    assert tab.rows[1][1].content is None
    book.type(tab, 2, 1, "2026-01-02")
    assert (tab.rows[2][1].format, book.formatted(tab, 2, 1)) == ("DATE", "2026-01-02")
    book.type(tab, 2, 1, "=INT(B2-TODAY())", raw=True)
    assert book.effective(tab, 2, 1) == "=INT(B2-TODAY())"
    with pytest.raises(Refusal, match="a cell holds"):
        book.type(tab, 0, 0, [1])


def test_formulas_see_the_clock(book, clock):
    book.type(book.tab, 1, 2, "=INT(B2-TODAY())")
    book.type(book.tab, 1, 1, "2026-01-11")
    assert book.effective(book.tab, 1, 2) == 10.0
    clock.advance(86_400)
    assert book.effective(book.tab, 1, 2) == 9.0


def test_the_text_of_a_tab(book):
    assert book.text() == [["host", "port"], ["b", "2"], ["a", "1"]]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(None, "", ""), (True, "", "TRUE"), (0.5, "PERCENT", "50.00%"), (4.5, "CURRENCY", "$4.50"), (1.5, "", "1.5"),
     (2.5, "DATE_TIME", "1900-01-01 12:00:00"), (1e20, "", "1e+20")],
)  # fmt: skip
def test_values_as_people_see_them(value, kind, text):
    assert shown(value, kind) == text
