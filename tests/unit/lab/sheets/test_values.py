"""The values API, as documented: ranges, renderings, trimmed ends, input options."""

import pytest

from proxyfleet.lab.sheets import values
from proxyfleet.lab.sheets.spreadsheet import Refusal

RAW, TYPED = {"valueInputOption": "RAW"}, {"valueInputOption": "USER_ENTERED"}


def test_reading_leaves_empty_ends_out(book):
    assert values.get(book, "Proxies!A1:C5", {}) == {
        "range": "Proxies!A1:C5",
        "majorDimension": "ROWS",
        "values": [["host", "port"], ["b", "2"], ["a", "1"]],
    }
    assert "values" not in values.get(book, "D1:E9", {})
    assert values.get(book, "A2:B3", {"majorDimension": "COLUMNS"})["values"] == [["b", "a"], ["2", "1"]]


def test_renderings(book):
    book.type(book.tab, 1, 2, "=B2*2")
    book.type(book.tab, 1, 3, "2026-12-31")

    def read(how, **more):
        return values.get(book, "B2:D2", {"valueRenderOption": how, **more})["values"]

    assert read("FORMATTED_VALUE") == [["2", "4", "2026-12-31"]]
    assert read("UNFORMATTED_VALUE") == [[2, 4, 46387]]
    assert read("FORMULA") == [[2, "=B2*2", 46387]]
    assert read("UNFORMATTED_VALUE", dateTimeRenderOption="FORMATTED_STRING") == [[2, 4, "2026-12-31"]]
    with pytest.raises(Refusal, match="value_render_option"):
        read("PRETTY")


def test_several_ranges_in_order(book):
    told = values.batch_get(book, ["B1:B2", "A3"], {})
    assert [one.get("values") for one in told["valueRanges"]] == [[["port"], ["2"]], [["a"]]]


def test_writing_says_what_was_written(book):
    told = values.update(book, "A4", RAW, {"values": [["c", "3"]], "majorDimension": None}, "u")
    assert told == {
        "spreadsheetId": "lab-sheet", "updatedRange": "Proxies!A4:B4", "updatedRows": 1, "updatedColumns": 2,
        "updatedCells": 2,
    }  # fmt: skip
    assert book.effective(book.tab, 3, 1) == "3"
    values.update(book, "A4:B4", TYPED, {"values": [[None, "3"]]}, "u")
    assert book.text()[3] == ["c", "3"]
    assert book.effective(book.tab, 3, 1) == 3.0
    values.update(book, "C1", RAW, {"values": [["x", "y"]], "majorDimension": "COLUMNS"}, "u")
    assert [line[2] for line in book.text()[:2]] == ["x", "y"]


def test_what_cannot_be_written_changes_nothing(book):
    before = book.text()
    data = [{"range": "A2", "values": [["z"]]}, {"range": "A2:A3", "values": [["z"]] * 3}]
    with pytest.raises(Refusal, match="tried writing to row"):
        values.batch_update(book, {**RAW, "data": data}, "u")
    with pytest.raises(Refusal, match="valueInputOption"):
        values.update(book, "A2", {}, {"values": [["z"]]}, "u")
    assert book.text() == before


def test_a_batch_adds_up(book):
    data = [{"range": "A2", "values": [["z"]]}, {"range": "A3:B3", "values": [["y", 9]]}]
    told = values.batch_update(book, {**RAW, "data": data}, "u")
    totals = {name: told[name] for name in told if name.startswith("total")}
    assert totals == {
        "totalUpdatedRows": 2, "totalUpdatedColumns": 3, "totalUpdatedCells": 3, "totalUpdatedSheets": 1,
    }  # fmt: skip
    assert book.text()[1:] == [["z", "2"], ["y", "9"]]


@pytest.mark.parametrize("option", ["INSERT_ROWS", "OVERWRITE"])
def test_appending_goes_below_the_last_row(book, option):
    told = values.append(book, "Proxies!A1", {**RAW, "insertDataOption": option}, {"values": [["c", 3]]}, "u")
    assert (told["tableRange"], told["updates"]["updatedRange"]) == ("Proxies!A1:Z3", "Proxies!A4:B4")
    assert book.text()[3] == ["c", "3"]


def test_clearing(book):
    values.batch_clear(book, {"ranges": ["A2:A3", "B1"]}, "u")
    assert book.text() == [["host"], ["", "2"], ["", "1"]]
    assert values.clear(book, "Proxies", "u")["clearedRange"] == "Proxies!A1:Z1000"
    assert book.text() == []
