"""Protected cells."""

import pytest

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Protected
from proxyfleet.lab.sheets.guarding import check_writable
from proxyfleet.lab.sheets.spreadsheet import Refusal


def test_only_editors_and_the_owner_may_write(book):
    book.tab.protected = [Protected(1, Area(0, 0, 1, None), editors=frozenset({"alice"}))]
    with pytest.raises(Refusal, match=r"^You are trying to edit a protected cell"):
        check_writable(book, book.tab, Area(0, 1, 5, 2), "bob")
    check_writable(book, book.tab, Area(1, 0, 5, 2), "bob")
    for allowed in ("alice", book.owner):
        check_writable(book, book.tab, Area(0, 1, 5, 2), allowed)
    book.tab.protected = [Protected(1, Area(), warning_only=True)]
    check_writable(book, book.tab, Area(0, 1, 5, 2), "bob")
