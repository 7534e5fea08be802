"""spreadsheets.batchUpdate: each request, all or nothing, and the sheet in the answer."""

import pytest

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.changes import batch_update
from proxyfleet.lab.sheets.grid import Cell, Protected
from proxyfleet.lab.sheets.spreadsheet import Refusal


def do(book, *requests, user="u", **more):
    return batch_update(book, {"requests": list(requests), **more}, user)


def cells(*values):
    return [{"values": [{"userEnteredValue": value} for value in values]}]


def update(row, column, *values, fields="userEnteredValue"):
    start = {"sheetId": 0, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": cells(*values), "fields": fields}}


def test_values_change_and_looks_stay(book):
    book.tab.rows[1][0] = Cell("b", "DATE", look=(("bold", True),), note="n")
    do(book, update(1, 0, {"stringValue": "=c"}, {"formulaValue": "=1+1"}), update(2, 1, {"numberValue": 5}, {}))
    assert book.tab.rows[1][0] == Cell("=c", "DATE", look=(("bold", True),), note="n")
    assert book.text() == [["host", "port"], ["=c", "2"], ["a", "5"]]
    do(book, update(2, 0, {}, {"boolValue": True}))
    assert book.text()[2] == ["", "TRUE"]


def test_formats_change_by_mask(book):
    look = {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}, "bold": True}
    repeat = {"range": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 2}}
    do(
        book,
        {"repeatCell": {**repeat, "cell": {"userEnteredFormat": look}, "fields": "userEnteredFormat.numberFormat"}},
    )
    assert book.tab.rows[2][1] == Cell(1.0, "DATE", "yyyy-mm-dd")
    do(
        book,
        {
            "repeatCell": {
                **repeat,
                "cell": {"userEnteredFormat": look, "note": "x"},
                "fields": "userEnteredFormat.bold,note",
            }
        },
    )
    assert book.tab.rows[2][1] == Cell(1.0, "DATE", "yyyy-mm-dd", (("bold", True),), "x")
    do(book, {"repeatCell": {**repeat, "cell": {}, "fields": "*"}})
    assert book.tab.rows[2][1] == Cell()


def test_appending_cells_grows_the_tab(book):
    book.tab.delete_rows(3, 1000)
    do(book, {"appendCells": {"sheetId": 0, "rows": cells({"stringValue": "c"}), "fields": "userEnteredValue"}})
    assert book.text()[3] == ["c"]


def test_all_or_nothing(book):
    with pytest.raises(Refusal, match=r"Invalid requests\[1\].updateCells: Attempting to write row: 1000, beyond"):
        do(book, update(1, 0, {"stringValue": "z"}), update(1000, 0, {"stringValue": "z"}))
    with pytest.raises(Refusal, match=r"Invalid requests\[1\].updateCells: At least one field"):
        do(book, update(1, 0, {"stringValue": "z"}), update(1, 0, {"stringValue": "z"}, fields=""))
    with pytest.raises(Refusal, match=r'Unknown name "paint" at \'requests\[0\]\''):
        do(book, {"paint": {}})
    with pytest.raises(Refusal, match="at least one request"):
        do(book)
    assert book.text()[1] == ["b", "2"]


def test_protected_cells_are_refused_in_googles_words(book):
    book.tab.protected = [Protected(1, Area(1, 0, 2, 1))]
    with pytest.raises(Refusal, match=r"^Invalid requests\[0\].updateCells: You are trying to edit a protected cell"):
        do(book, update(1, 0, {"stringValue": "z"}))
    do(book, update(1, 0, {"stringValue": "z"}), user=book.owner)
    added = do(book, {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0, "endRowIndex": 1}}}})
    assert added["replies"][0]["addProtectedRange"]["protectedRange"]["protectedRangeId"] == 2
    do(book, update(0, 5, {"stringValue": "mine"}))


def test_values_are_copied_before_they_change(book):
    grid = {"rowCount": 4, "columnCount": 3}
    told = do(book, {"addSheet": {"properties": {"title": "copies", "gridProperties": grid}}})
    there = told["replies"][0]["addSheet"]["properties"]["sheetId"]
    book.type(book.tab, 1, 2, "=B2*2")
    source = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 3}
    copy = {
        "source": source,
        "destination": {"sheetId": there, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 1},
    }
    do(book, {"copyPaste": {**copy, "pasteType": "PASTE_VALUES"}}, update(1, 1, {"numberValue": 9}))
    copies = book.tabs[1]
    assert [[cell.content for cell in row] for row in copies.rows[1:3]] == [[None, 2.0, 4.0], [None, 1.0, None]]
    assert book.text()[1] == ["b", "9", "18"]
    with pytest.raises(Refusal, match="values only"):
        do(book, {"copyPaste": copy})
    with pytest.raises(Refusal, match="beyond the grid"):
        do(
            book,
            {"copyPaste": {"source": {"sheetId": 0}, "destination": {"sheetId": there}, "pasteType": "PASTE_VALUES"}},
        )


def test_a_range_without_data_is_emptied(book):
    area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    do(book, {"updateCells": {"range": area, "fields": "userEnteredValue"}})
    assert book.text() == [["host", "port"], ["", "2"], ["", "1"]]
    do(book, {"updateCells": {"range": area, "rows": cells({"stringValue": "x"}), "fields": "userEnteredValue"}})
    assert book.text() == [["host", "port"], ["x", "2"], ["", "1"]]


def test_tabs(book):
    grid = {"rowCount": 4, "columnCount": 2, "frozenRowCount": 1}
    told = do(book, {"addSheet": {"properties": {"title": "proxyfleet", "hidden": True, "gridProperties": grid}}})
    made = told["replies"][0]["addSheet"]["properties"]
    assert (made["title"], made["hidden"], made["gridProperties"]["rowCount"]) == ("proxyfleet", True, 4)
    with pytest.raises(Refusal, match='name "proxyfleet" already exists'):
        do(book, {"addSheet": {"properties": {"title": "proxyfleet"}}})
    order = {"sheetId": made["sheetId"], "title": "fleet", "hidden": False, "gridProperties": {}}
    do(book, {"updateSheetProperties": {"properties": order, "fields": "title,hidden,gridProperties.frozenRowCount"}})
    assert (book.tabs[1].title, book.tabs[1].hidden, book.tabs[1].frozen) == ("fleet", False, 0)
    do(book, {"deleteSheet": {"sheetId": made["sheetId"]}})
    assert len(book.tabs) == 1


def test_dimensions_sorting_and_merging(book):
    def lines(dimension, start, end):
        return {"range": {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}}

    do(book, {"insertDimension": lines("ROWS", 1, 2)}, {"insertDimension": lines("COLUMNS", 0, 1)})
    assert book.text() == [["", "host", "port"], [], ["", "b", "2"], ["", "a", "1"]]
    do(book, {"deleteDimension": lines("ROWS", 1, 2)}, {"deleteDimension": lines("COLUMNS", 0, 1)})
    order = {
        "range": {"sheetId": 0, "startRowIndex": 1},
        "sortSpecs": [{"dimensionIndex": 1, "sortOrder": "ASCENDING"}],
    }
    do(book, {"sortRange": order}, {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 5}})
    assert (book.text(), len(book.tab.rows)) == ([["host", "port"], ["a", "1"], ["b", "2"]], 1005)
    merged = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    do(book, {"mergeCells": {"range": merged, "mergeType": "MERGE_ALL"}})
    assert (book.text(), book.tab.merges) == ([["host", "port"], ["a", "1"], ["", "2"]], [Area(1, 0, 3, 1)])


def test_the_answer_can_show_what_became_of_it(book):
    told = do(
        book, update(1, 0, {"stringValue": "z"}),
        includeSpreadsheetInResponse=True, responseRanges=["Proxies!A2"], responseIncludeGridData=True,
    )  # fmt: skip
    (sheet,) = told["updatedSpreadsheet"]["sheets"]
    assert sheet["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "z"
