"""The document as spreadsheets.get answers it."""

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Cell, Protected, Tab
from proxyfleet.lab.sheets.resource import resource


def test_properties_merges_and_protections(book):
    book.tab.merges, book.tab.frozen = [Area(1, 0, 3, 1)], 1
    book.tab.protected = [Protected(3, Area(0, 0, 1, None), "headings", frozenset({"a@x"}))]
    book.tabs.append(Tab.empty(9, "hidden", 5, 2))
    book.tabs[1].hidden = True
    told = resource(book)
    assert told["properties"]["locale"] == "en_US"
    first, second = told["sheets"]
    assert first["properties"] == {
        "sheetId": 0, "title": "Proxies", "index": 0, "sheetType": "GRID",
        "gridProperties": {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 1},
    }  # fmt: skip
    whole = {"sheetId": 0, "startRowIndex": 1, "startColumnIndex": 0, "endRowIndex": 3, "endColumnIndex": 1}
    assert first["merges"] == [whole]
    assert first["protectedRanges"][0]["editors"] == {"users": ["a@x"]}
    for user, may in (("a@x", True), ("b@x", False), (book.owner, True)):
        (told, _) = resource(book, user=user)["sheets"]
        assert told["protectedRanges"][0]["requestingUserCanEdit"] is may
    assert second["properties"]["hidden"] is True
    assert "data" not in first


def test_data_of_ranges(book):
    book.type(book.tab, 1, 2, "=B2*2")
    book.tab.rows[1][0] = Cell("b", "TEXT", look=(("bold", True),), note="n")
    (sheet,) = resource(book, ["Proxies!A2:C2", "B1"], data=True)["sheets"]
    first, second = sheet["data"]
    assert first["startRow"] == 1
    text, number, formula = first["rowData"][0]["values"]
    assert text["userEnteredFormat"] == {"bold": True, "numberFormat": {"type": "TEXT"}}
    assert (text["note"], text["formattedValue"]) == ("n", "b")
    assert number["userEnteredValue"] == {"numberValue": 2}
    assert formula["userEnteredValue"] == {"formulaValue": "=B2*2"}
    assert formula["effectiveValue"] == {"numberValue": 4}
    assert second == {"startColumn": 1, "rowData": [{"values": [{**number, **second["rowData"][0]["values"][0]}]}]}


def test_empty_rows_and_errors(book):
    book.type(book.tab, 4, 0, "=1/0")
    (sheet,) = resource(book, ["A4:B5"], data=True)["sheets"]
    assert sheet["data"][0]["rowData"][0] == {}
    assert sheet["data"][0]["rowData"][1]["values"][0]["effectiveValue"] == {
        "errorValue": {"type": "ERROR", "message": "#DIV/0!"}
    }
