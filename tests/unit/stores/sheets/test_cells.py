"""Single cells, both ways."""

import pytest

from proxyfleet.lab.sheets.entering import EPOCH
from proxyfleet.stores.sheets.cells import entered, is_number_as_text, plain, text_of
from proxyfleet.wire.text.reasons import Refused


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), (8080, "8080"), (8080.0, "8080"), (1.5, "1.5"), (True, "TRUE"), (None, ""), (1e20, "1e+20")],
)
def test_cells_as_text(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("country", "Germany", "DE"),
        ("country", "-", ""),
        ("type", "Datacenter", ""),
        ("type", "4G", "mobile"),
        ("kind", "Rotating", "rotating"),
        ("kind", "static", ""),
        ("asn", "AS64500 Acme", "64500"),
        ("asn", 64500, "64500"),
        ("tags", "b; a,a", "a, b"),
        ("capacity", 5, "5"),
        ("cost_per_month", "4,50 €", "4.5"),
        ("cost_per_gb", 10.0, "10"),
        ("status", "On", "active"),
        ("status", "", ""),
        ("status", "Removed", "removed"),
        ("min_interval", "1,5", "1.5"),
        ("min_interval", 0, ""),
        ("max_connections", 4, "4"),
        ("expires_at", 46387, "2026-12-31"),
        ("expires_at", 46387.5, "2026-12-31 12:00:00"),
        ("expires_at", "31.12.2026", "2026-12-31"),
        ("expires_at", "never", ""),
        ("expires_at", "", ""),
        ("expires_at", "2026-12-31 10:00", "2026-12-31 10:00:00"),
        ("expires_at", 1767225600, "2026-01-01 00:00:00"),
        ("password", "-", "-"),
        ("password", "none", "none"),
        ("notes", "  n/a ", "n/a"),
        ("city", "n/a", ""),
    ],
)
def test_what_a_cell_says(name, value, text):
    assert text_of(name, value) == text


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("expires_at", "03/04/2026", "bad_date"),
        ("expires_at", "soon", "bad_date"),
        ("expires_at", 30, "bad_date"),
        ("expires_at", True, "bad_date"),
        ("country", "Nowhere", "bad_value"),
        ("capacity", "many", "bad_value"),
        ("capacity", -1, "bad_value"),
        ("status", "perhaps", "bad_value"),
        ("tags", 'a"b', "bad_value"),
        ("cost_per_gb", "cheap", "bad_value"),
        ("city", "#REF!", "formula_error"),
        ("password", "#N/A", "formula_error"),
        ("notes", "x" * 5000, "too_long"),
        ("min_interval", "-1", "bad_value"),
        ("max_connections", 0, "bad_value"),
    ],
)
def test_what_cannot_be_read_has_a_code(name, value, code):
    with pytest.raises(Refused) as refused:
        text_of(name, value)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("expires_at", "2026-12-31", {"numberValue": 46387}),
        ("expires_at", "2026-12-31 12:00:00", {"numberValue": 46387.5}),
        ("expires_at", "1e+20", {"stringValue": "1e+20"}),
        ("port", "80", {"numberValue": 80}),
        ("capacity", "5", {"numberValue": 5}),
        ("cost_per_gb", "4.5", {"numberValue": 4.5}),
        ("days_left", "-3", {"numberValue": -3}),
        ("password", "=1+1", {"stringValue": "=1+1"}),
        ("username", "007", {"stringValue": "007"}),
        ("city", "", {}),
    ],
)
def test_what_is_written_is_typed(name, text, value):
    assert entered(name, text) == value


def test_a_date_comes_back_as_it_went():
    assert EPOCH.isoformat() == "1899-12-30"
    for text in ("2026-12-31", "2030-01-01 00:00:00", "2026-06-15 13:37:42"):
        assert text_of("expires_at", entered("expires_at", text)["numberValue"]) == text


def test_numbers_as_text_are_noticed():
    assert is_number_as_text("port", "8080")
    assert not is_number_as_text("port", 8080)
    assert not is_number_as_text("username", "8080")
