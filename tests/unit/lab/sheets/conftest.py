"""A small spreadsheet on a clock that stands still."""

import pytest

from proxyfleet.lab import HandClock
from proxyfleet.lab.sheets import GoogleSheets, Spreadsheet

NEW_YEAR_2026 = 1_767_225_600.0


@pytest.fixture
def clock():
    return HandClock(NEW_YEAR_2026)


@pytest.fixture
def book(clock):
    found = Spreadsheet(tab="Proxies", clock=clock)
    for row, line in enumerate((["host", "port"], ["b", 2], ["a", 1])):
        for column, value in enumerate(line):
            found.type(found.tab, row, column, value)
    return found


@pytest.fixture
def google(book, clock):
    return GoogleSheets(book, clock=clock, guarded=False)
