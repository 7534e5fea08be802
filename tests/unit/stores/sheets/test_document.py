"""What spreadsheets.get tells besides cells."""

from proxyfleet.lab.sheets import Spreadsheet
from proxyfleet.lab.sheets.a1 import Area as LabArea
from proxyfleet.lab.sheets.grid import Protected
from proxyfleet.lab.sheets.masks import mask, masked
from proxyfleet.lab.sheets.resource import resource
from proxyfleet.stores.sheets.document import FIELDS, Area, document_of


def document(book, user="us"):
    return document_of(masked(resource(book, user=user), mask(FIELDS)))


def test_tabs_merges_and_what_we_may_not_write():
    book = Spreadsheet("Ours", "List")
    book.tab.merges = [LabArea(1, 0, 3, 2)]
    book.tab.protected = [Protected(1, LabArea(0, 0, 1, None)), Protected(2, LabArea(4, 0, 5, 1), editors=frozenset({"us"})),
                          Protected(3, LabArea(6, 0, 7, 1), warning_only=True)]  # fmt: skip
    found = document(book)
    tab = found.tabs[0]
    assert (found.title, tab.title, tab.rows, tab.columns, tab.hidden) == ("Ours", "List", 1000, 26, False)
    assert tab.covered() == {(1, 1), (2, 0), (2, 1)}
    assert tab.guarded == (Area(0, 0, 1, None),)
    assert (tab.is_guarded(0, 9), tab.is_guarded(1, 0), tab.is_guarded(4, 0)) == (True, False, False)
    assert document(book, book.owner).tabs[0].guarded == ()
    assert found.titled("LIST") is tab
    assert found.titled("other") is None


def test_a_huge_merge_is_not_counted_cell_by_cell():
    book = Spreadsheet()
    book.tab.merges = [LabArea(0, 0, 1000, 1000)]
    assert document(book).tabs[0].covered() == frozenset()


def test_nothing_is_a_document_too():
    assert document_of({}).tabs == {}
