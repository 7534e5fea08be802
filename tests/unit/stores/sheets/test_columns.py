"""Headings of people mapped to fields."""

import pytest

from proxyfleet.core.mirrored import FIELDS
from proxyfleet.stores.sheets.columns import NEEDED, TELLING, TEMPLATE, field_of, heading_of, layout_of


def test_any_order_and_words_beside_own_columns():
    layout = layout_of(
        [["Our proxies"], ["Mine", "PORT", "proxy_host", "Passwd", "Login", "Used for", "заметки"], ["x"]]
    )
    assert layout.header == 1
    assert layout.columns == {"port": 1, "host": 2, "password": 3, "username": 4, "used_for": 5}
    assert layout.extra == ("Mine", "заметки")
    assert (layout.width, layout.heading("host"), layout.heading("notes")) == (7, "proxy_host", "Notes")


def test_one_column_for_everything_will_do():
    assert layout_of([["Proxy", "Comment"]]).columns == {"proxy": 0, "notes": 1}
    assert layout_of([["Proxy"]]).missing == NEEDED
    assert layout_of([["ip", "port"]]).missing == (*TELLING, *NEEDED)


@pytest.mark.parametrize("lines", [[], [["a", "b"]], [["Host", "Country"]], [["x"]] * 10 + [["Host", "Port"]]])
def test_without_an_address_there_is_no_layout(lines):
    assert layout_of(lines) is None


def test_doubtful_and_double_headings_are_named():
    layout = layout_of([["Host", "Port", "Pasword", "User", "Login"]])
    assert layout.doubtful == (("Pasword", "password"),)
    assert layout.twice == ("Login",)
    assert layout.columns["username"] == 3


def test_a_country_code_counts_only_where_there_is_no_country():
    assert layout_of([["host", "port", "CC"]]).columns["country"] == 2
    assert layout_of([["host", "port", "CC", "Country"]]).columns["country"] == 3
    assert field_of("Code") is None


def test_our_own_headings_are_read_again():
    assert [field_of(heading_of(name)) for name in TEMPLATE] == list(TEMPLATE)
    readable = {field_of(heading_of(name)) for name in FIELDS}
    assert readable == set(FIELDS)
    assert layout_of([[heading_of(name) for name in TEMPLATE]]).missing == ()
