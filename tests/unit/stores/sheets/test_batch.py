"""Cells into requests, as few as there can be."""

from proxyfleet.stores.sheets.batch import (
    DATED,
    CellEdit,
    address_columns,
    append_request,
    body_of,
    raw_of,
    requests,
    seen_in,
)
from proxyfleet.stores.sheets.columns import layout_of


def edit(row, column, text="x", name="city", **more):
    return CellEdit(row, column, name, text, **more)


def starts(found):
    return [
        (one["updateCells"]["start"]["rowIndex"], one["updateCells"]["start"]["columnIndex"],
         [len(row["values"]) for row in one["updateCells"]["rows"]])
        for one in found
    ]  # fmt: skip


def test_cells_side_by_side_and_rows_below_each_other_are_one_request():
    cells = [edit(row, column) for row in (3, 1, 2, 7) for column in (5, 4)]
    assert sorted(starts(requests(9, cells))) == [(1, 4, [2, 2, 2]), (7, 4, [2])]
    assert starts(requests(9, [edit(1, 1), edit(1, 3)])) == [(1, 1, [1]), (1, 3, [1])]
    (one,) = requests(9, [edit(1, 1)])
    assert one["updateCells"]["start"]["sheetId"] == 9
    assert one["updateCells"]["fields"] == "userEnteredValue"


def test_values_are_typed_and_empty_ones_empty():
    cells = [edit(0, 0, "=1"), edit(0, 1, "", "notes"), edit(0, 2, "80", "port")]
    (one,) = requests(0, cells)
    values = one["updateCells"]["rows"][0]["values"]
    assert values == [{"userEnteredValue": {"stringValue": "=1"}}, {}, {"userEnteredValue": {"numberValue": 80}}]


def test_raw_cells_go_back_as_they_were():
    raws = [None, "", "a", 5, 1.5, True]
    (one,) = requests(0, [edit(0, at, raw=raw, is_raw=True) for at, raw in enumerate(raws)])
    values = [value.get("userEnteredValue") for value in one["updateCells"]["rows"][0]["values"]]
    assert values == [None, None, {"stringValue": "a"}, {"numberValue": 5}, {"numberValue": 1.5}, {"boolValue": True}]


def test_a_date_in_an_empty_cell_becomes_a_date():
    plain, dated = requests(0, [edit(0, 0), edit(0, 1, "2026-12-31", "expires_at", dated=True)])
    assert plain["updateCells"]["fields"] == "userEnteredValue"
    assert dated["updateCells"]["fields"] == DATED
    assert dated["updateCells"]["rows"][0]["values"][0] == {
        "userEnteredValue": {"numberValue": 46387},
        "userEnteredFormat": {"numberFormat": {"type": "DATE"}},
    }


def test_new_rows_go_by_the_layout():
    layout = layout_of([["Mine", "IP", "Port", "Expires"]])
    rows = [{"host": "h", "port": "80", "expires_at": "2026-12-31"}, {"host": "i", "port": "81"}]
    told = append_request(4, layout, rows)["appendCells"]
    assert (told["sheetId"], told["fields"]) == (4, DATED)
    first, second = told["rows"]
    assert [one.get("userEnteredValue") for one in first["values"]] == [
        None, {"stringValue": "h"}, {"numberValue": 80}, {"numberValue": 46387},
    ]  # fmt: skip
    assert second["values"][3] == {}
    assert append_request(4, layout, rows[1:])["appendCells"]["fields"] == "userEnteredValue"
    assert address_columns(layout) == [1, 2]


def test_answers_as_raw_cells():
    data = [{"rowData": [{"values": [{"effectiveValue": {"stringValue": "a"}}, {}]}, {}]}]
    assert seen_in({"updatedSpreadsheet": {"sheets": [{"data": data}]}}) == [["a", None], []]
    assert seen_in({}) == []
    values = [{"numberValue": 5}, {"boolValue": False}, {"errorValue": {"message": "#REF!"}}, {"errorValue": "#X"}, {}]
    assert [raw_of(one) for one in values] == [5, False, "#REF!", "#X", None]
    assert body_of([{}], ["A1"])["responseRanges"] == ["A1"]
