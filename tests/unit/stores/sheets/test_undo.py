"""The log that a write takes along, carried out by the lab."""

from proxyfleet.lab.sheets import Spreadsheet
from proxyfleet.lab.sheets.changes import batch_update
from proxyfleet.lab.sheets.grid import Tab
from proxyfleet.lab.sheets.values import get
from proxyfleet.stores.sheets.batch import CellEdit, requests
from proxyfleet.stores.sheets.columns import layout_of
from proxyfleet.stores.sheets.undo import ROWS, TOP, Log, LoggedRow, cell, log_of
from proxyfleet.stores.sheets.undo import requests as log_requests

HEAD = ["Mine", "Host", "Port", "Password", "Used for"]


def spreadsheet():
    book = Spreadsheet(tab="T")
    book.tabs.append(Tab.empty(7, "proxyfleet", TOP + 1 + ROWS, 40))
    for row, line in enumerate(
        [HEAD, ["m", "20.0.0.1", 80, "pw", "a"], ["m", "20.0.0.2", 81, "", "b"], ["", "20.0.0.3", 82]]
    ):
        for column, value in enumerate(line):
            book.type(book.tab, row, column, value)
    return book


def write(book, edits, *, vault=False, write_id="w1"):
    layout = layout_of([HEAD])
    changes = [*log_requests(write_id, 7, 0, layout, edits, vault=vault), *requests(0, edits)]
    batch_update(book, {"requests": changes}, "us")
    told = get(book, "proxyfleet", {"valueRenderOption": "UNFORMATTED_VALUE"})
    return log_of(told.get("values", []))


def test_it_holds_what_was_there_and_where():
    book = spreadsheet()
    log = write(
        book, [CellEdit(1, 4, "used_for", "new"), CellEdit(3, 4, "used_for", "new"), CellEdit(1, 3, "password", "x")]
    )
    assert (log.id, list(log.headings)) == ("w1", HEAD)
    first, second = log.rows
    assert (first.row, first.fields, list(first.cells)) == (
        1,
        {3: "password", 4: "used_for"},
        ["", "20.0.0.1", 80, "pw", "a"],
    )
    assert (second.row, second.fields, list(second.cells)) == (3, {4: "used_for"}, ["", "20.0.0.3", 82])
    assert book.text()[1:] == [
        ["m", "20.0.0.1", "80", "x", "new"],
        ["m", "20.0.0.2", "81", "", "b"],
        ["", "20.0.0.3", "82", "", "new"],
    ]


def test_each_write_replaces_the_log_of_the_one_before():
    book = spreadsheet()
    write(book, [CellEdit(row, 4, "used_for", "x") for row in (1, 2, 3)])
    log = write(book, [CellEdit(2, 4, "used_for", "y")], write_id="w2")
    assert log.id == "w2"
    assert [(row.row, cell(row.cells, 4)) for row in log.rows] == [(2, "x")]


def test_secrets_stay_out_of_it_when_they_are_in_the_vault():
    book = spreadsheet()
    log = write(book, [CellEdit(1, 3, "password", "(in the vault)")], vault=True)
    assert "pw" not in repr(log)
    assert log.rows[0].bare == {3}
    assert cell(log.rows[0].cells, 1) == "20.0.0.1"


def test_what_is_no_log_is_none():
    assert log_of([]) is None
    assert log_of([["fleet", "f"], ["about", "x"]]) is None
    lines = [
        ["fleet", "f"],
        ["about"],
        ["write", "w"],
        [],
        [],
        ["", "Host"],
        ["scribble"],
        ["{}"],
        ['{"row": 1, "fields": {"x": 1}}'],
        ['{"row": 2, "fields": {"4": "used_for"}, "bare": []}', "h"],
    ]
    assert log_of(lines) == Log("w", ["Host"], (LoggedRow(2, {4: "used_for"}, ["h"]),))
    assert cell(["a"], 5) is None
