"""A tab, judged row by row and cell by cell."""

from proxyfleet.core.uses import Use
from proxyfleet.ports.sheet import CellProblem
from proxyfleet.stores.sheets.columns import layout_of
from proxyfleet.stores.sheets.snapshot import identity_in, snapshot
from proxyfleet.wire.text.checks import Rules

HEAD = [
    "Mine",
    "Host",
    "Port",
    "User",
    "Password",
    "Country",
    "Expires",
    "Used for",
    "Taken by",
    "Taken at",
    "Days left",
]


def read(*lines, head=HEAD, rules=None, hidden=frozenset()):
    every = [head, *lines]
    return snapshot(every, layout_of(every), rules or Rules(), 5.0, hidden)


def problems(found):
    return [(one.row, one.column, one.code) for one in found.problems]


def test_a_row_says_what_its_cells_say():
    found = read(["x", "20.0.0.1", 8080, "u", "p", "Germany", 46387, "shop", "ann", "2026-01-01", 3])
    (key, row) = next(iter(found.rows.items()))
    assert key == "http://u@20.0.0.1:8080"
    assert row.identity == ("http", "20.0.0.1", 8080, "u")
    assert row.said == {
        "scheme": "http", "password": "p", "country": "DE", "expires_at": "2026-12-31", "days_left": "3",
        "used_for": "shop", "taken_by": "ann", "taken_at": "2026-01-01",
    }  # fmt: skip
    assert row.uses == (Use("shop", "", "ann", "2026-01-01"),)
    assert (row.rows, row.unread, found.problems) == ((2,), frozenset(), ())
    assert "p" not in repr(row).replace("SheetRow", "")
    assert found.reading.fields == frozenset(found.layout.columns)
    assert found.cell(2, "port") == 8080
    assert found.cell(3, "port") is found.cell(2, "notes") is None
    assert (found.key_at(2), found.key_at(1), found.key_at(9)) == (key, None, None)


def test_rows_without_an_address_are_the_peoples_own():
    found = read([], ["a heading"], ["", "", ""], ["sum", "", "", "", "", "", "", ""])
    assert (found.rows, found.problems) == ({}, ())
    assert problems(read(["", "", "", "", "", "", "", "shop"])) == [(2, "Host", "no_proxy")]


def test_every_bad_cell_is_named():
    found = read(
        ["", "20.0.0.1", 80, "", "", "Nowhere", "03/04/2026"],
        ["", "20.0.0.300", 80],
        ["", "20.0.0.3", "eighty"],
        ["", "20.0.0.4", ""],
        ["", "10.0.0.1", 80],
        ["", "#REF!", 80],
        ["", "20.0.0.7", "80", "", 1234, "#N/A"],
        ["", "20.0.0.8", 80, "", "", "", "", "a", "x, y", ""],
        ["", "20.0.0.9", 80, "", "", "", "", "#REF!"],
    )
    assert problems(found) == [
        (2, "Country", "bad_value"), (2, "Expires", "bad_date"), (3, "Host", "bad_octet"), (4, "Port", "bad_port"),
        (5, "Port", "no_port"), (6, "Host", "not_global"), (7, "Host", "formula_error"), (8, "Password", "text_as_number"),
        (8, "Country", "formula_error"), (9, "Taken by", "long_list"), (10, "Used for", "formula_error"),
    ]  # fmt: skip
    assert found.rows["http://20.0.0.1:80"].unread == {"country", "expires_at"}
    assert "country" not in found.rows["http://20.0.0.1:80"].said
    assert found.rows["http://20.0.0.7:80"].said["password"] == "1234"
    assert "used_for" in found.rows["http://20.0.0.9:80"].unread
    assert len(found.rows) == 4


def test_numbers_as_text_are_read_all_the_same():
    found = read(["", "20.0.0.1", 80, "5"], head=["Mine", "Host", "Port", "Capacity"])
    assert found.rows["http://20.0.0.1:80"].said["capacity"] == "5"
    assert problems(found)[-1] == (2, "Capacity", "number_as_text")


def test_private_addresses_by_choice():
    line = ["", "10.0.0.1", 80]
    assert not read(line).rows
    assert read(line, rules=Rules(allow_private=True)).rows


def test_duplicates_say_only_what_they_agree_on():
    one = ["", "20.0.0.1", 80, "", "", "DE", 46387, "a", "ann", ""]
    other = ["", "20.0.0.1", 80, "", "", "FR", 46387, "b", "bob", ""]
    found = read(one, ["", "20.0.0.2", 80], other)
    row = found.rows["http://20.0.0.1:80"]
    assert problems(found) == [(4, "", "duplicate_row")]
    assert row.rows == (2, 4)
    assert "country" not in row.said
    assert row.unread == {"country"}
    assert {use.resource for use in row.uses} == {"a", "b"}


def test_headings_that_deserve_a_word():
    found = read(head=["Host", "Port", "Pasword", "Port"])
    assert problems(found) == [
        (1, "Pasword", "unknown_heading"), (1, "Port", "duplicate_column"), (1, "Used for", "missing_column"),
        (1, "Taken by", "missing_column"), (1, "Taken at", "missing_column"),
    ]  # fmt: skip


def test_cells_under_a_merge_say_nothing():
    line = ["", "20.0.0.1", 80, "", "", "DE", 46387, "shop"]
    found = read(line, hidden=frozenset({(1, 5), (1, 8)}))
    row = found.rows["http://20.0.0.1:80"]
    assert problems(found) == [(2, "Country", "merged_cells"), (2, "Used for", "merged_cells")]
    assert (row.unread, row.uses) == ({"country", "used_for"}, ())


def test_schemes_from_their_column_from_type_or_from_the_address():
    head = ["Proxy", "Type"]
    found = read(["socks5://u:p@20.0.0.1:1080", "residential"], ["20.0.0.2:1080", "SOCKS4"], head=head)
    one, two = found.rows.values()
    assert (one.identity, one.said["password"], one.said["type"]) == (
        ("socks5", "20.0.0.1", 1080, "u"),
        "p",
        "residential",
    )
    assert two.identity[0] == "socks4"
    assert "type" in two.unread
    assert "password" not in found.reading.fields
    assert "password" not in two.said
    both = read(
        ["20.0.0.3", 80, "", "SOCKS5"], ["20.0.0.4", 80, "http, socks5"], head=["Host", "Port", "Scheme", "Type"]
    )
    assert [row.identity[0] for row in both.rows.values()] == ["socks5", "http"]
    assert (3, "Scheme", "several") in problems(both)


def test_identity_of_a_single_line():
    layout = layout_of([HEAD])
    assert identity_in(["", "20.0.0.1", 80], layout, Rules()) == ("http", "20.0.0.1", 80, None)
    assert identity_in(["", "20.0.0.1"], layout, Rules()) is None
    assert identity_in([], layout, Rules()) is None


def test_problems_hold_no_values():
    found = read(["", "20.0.0.1", 80, "u\x01", "secret-canary", "secret-canary", "secret-canary"])
    assert found.problems
    assert "canary" not in repr([CellProblem(*one) for one in found.problems])
