"""Field masks."""

import pytest

from proxyfleet.lab.sheets.masks import mask, masked, wants

DOCUMENT = {"id": 1, "sheets": [{"properties": {"sheetId": 0, "title": "T"}, "data": [{"rowData": []}]}]}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("id", {"id": 1}),
        ("sheets.properties.title", {"sheets": [{"properties": {"title": "T"}}]}),
        ("sheets(properties/sheetId,data)", {"sheets": [{"properties": {"sheetId": 0}, "data": [{"rowData": []}]}]}),
        ("*", DOCUMENT),
        ("nothing,id", {"id": 1}),
    ],
)
def test_what_a_mask_leaves(text, left):
    assert masked(DOCUMENT, mask(text)) == left


@pytest.mark.parametrize("text", ["a(b", "a)", "a..b", ","])
def test_broken_masks(text):
    with pytest.raises(ValueError, match="Invalid field selection"):
        mask(text)


def test_wanting():
    tree = mask("sheets(properties,data.rowData)")
    assert wants(tree, "sheets", "data")
    assert wants(tree, "sheets", "properties", "title")
    assert not wants(tree, "sheets", "merges")
    assert wants(mask("*"), "anything")
