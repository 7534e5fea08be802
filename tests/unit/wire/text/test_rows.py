"""Rows of named values: addresses, schemes, claims and terms."""

from decimal import Decimal

import pytest

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry, Extras, Verdict
from proxyfleet.wire.text.lines import Guessed
from proxyfleet.wire.text.rows import judge_row, text_of, trusted

PRIVATE = Rules(allow_private=True)
AT = {"ip": "192.0.2.1", "port": "80"}


def entries(row: dict[str, object], rules: Rules = PRIVATE) -> list[Entry | None]:
    return [verdict.entry for verdict in judge_row(row, 1, rules)]


@pytest.mark.parametrize(
    ("row", "entry"),
    [
        (AT, Entry("http", "192.0.2.1", 80)),
        ({"host": "192.0.2.1", "port": 80}, Entry("http", "192.0.2.1", 80)),
        ({"ip": "2001:db8::1", "port": 80.0}, Entry("http", "2001:db8::1", 80)),
        ({"ip": "[2001:db8::1]", "port": 80}, Entry("http", "2001:db8::1", 80)),
        ({"ip": "192.0.2.1:80"}, Entry("http", "192.0.2.1", 80)),
        ({"host": "socks5://192.0.2.1/", "port": "80"}, Entry("socks5", "192.0.2.1", 80)),
        ({"proxy": "socks5://u:p%40@192.0.2.1:80"}, Entry("socks5", "192.0.2.1", 80, "u", "p@")),
        ({**AT, "scheme": "SOCKS4"}, Entry("socks4", "192.0.2.1", 80)),
        ({**AT, "type": "Socks5"}, Entry("socks5", "192.0.2.1", 80)),
        ({**AT, "scheme": "4"}, Entry("http", "192.0.2.1", 80)),
        ({**AT, "username": "u", "password": " p:@"}, Entry("http", "192.0.2.1", 80, "u", " p:@")),
        ({**AT, "username": "u", "password": ""}, Entry("http", "192.0.2.1", 80, "u", "")),
        ({**AT, "username": "u", "password": 1234}, Entry("http", "192.0.2.1", 80, "u", "1234")),
        ({**AT, "username": None, "password": None}, Entry("http", "192.0.2.1", 80)),
        ({**AT, "username": "", "password": ""}, Entry("http", "192.0.2.1", 80)),
    ],
)
def test_addresses(row: dict[str, object], entry: Entry) -> None:
    assert entries(row) == [entry]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "no_proxy"),
        ({"port": "80"}, "no_proxy"),
        ({"ip": "192.0.2.1"}, "no_port"),
        ({"ip": "192.0.2.1", "port": "http"}, "bad_port"),
        ({"ip": "192.0.2.1", "port": True}, "no_port"),
        ({"ip": "192.0.2.1", "port": 10**30}, "no_port"),
        ({**AT, "scheme": "vmess"}, "unsupported_scheme"),
        ({**AT, "password": "p"}, "bad_credentials"),
        ({**AT, "expires_at": "03/04/2026"}, "bad_date"),
        ({**AT, "capacity": "many"}, "bad_value"),
        ({"proxy": "x" * 5000}, "too_long"),
        ({"proxy": "192.0.2.1:80 192.0.2.2:80"}, "several"),
    ],
)
def test_refusals(row: dict[str, object], code: str) -> None:
    assert [verdict.reason for verdict in judge_row(row, 1, PRIVATE)] == [code]


def test_the_excerpt_names_the_column_or_the_address_and_no_credentials() -> None:
    (verdict,) = judge_row({**AT, "capacity": "canary"}, 3, PRIVATE)
    assert (verdict.line, verdict.excerpt) == (3, "column capacity")
    (verdict,) = judge_row({**AT, "password": "canary", "username": "canary"}, 4, Rules())
    assert (verdict.line, verdict.reason, verdict.excerpt) == (4, "not_global", "192.0.2.1")


def test_each_protocol_is_an_entry_and_free_lists_fold_https_into_http() -> None:
    row = {**AT, "protocols": ["http", "https", "socks5"]}
    claimed = Extras(protocols=("http", "https", "socks5"))
    assert entries(row) == [Entry(s, "192.0.2.1", 80, extras=claimed) for s in ("http", "https", "socks5")]
    free = Rules(allow_private=True, free_list=True)
    assert entries(row, free) == [Entry(s, "192.0.2.1", 80, extras=claimed) for s in ("http", "socks5")]


def test_yes_under_https_claims_connect_for_http_only() -> None:
    assert entries({**AT, "https": "yes"}) == [
        Entry("http", "192.0.2.1", 80, extras=Extras(protocols=("http", "https")))
    ]
    assert entries({**AT, "https": "yes", "scheme": "socks5"}) == [Entry("socks5", "192.0.2.1", 80)]
    assert entries({**AT, "https": "no"}) == [Entry("http", "192.0.2.1", 80)]


def test_everything_an_owner_can_say() -> None:
    row = {
        **AT, "country": "Germany", "country_code": "AT", "region": "Tirol", "city": "Innsbruck", "asn": "AS1", "kind": "static",
        "tags": "a,b", "provider": "acme", "type": "mobile", "expires_at": "2026-12-31", "capacity": "7", "currency": "eur",
        "cost_per_month": "1.5", "cost_per_gb": "$2", "refresh_url": "https://change.example/k", "notes": "n", "anonymity": "high",
        "exit_address": "192.0.2.9",
    }  # fmt: skip
    (entry,) = entries(row)
    assert entry is not None
    assert entry.extras == Extras(
        country="AT", region="Tirol", city="Innsbruck", asn=1, anonymity="elite", exit_address="192.0.2.9",
        tags=("a", "b"), provider="acme", type="mobile", kind="static", expires_at=1798761599.0, capacity=7,
        cost_per_month=Decimal("1.5"), cost_per_gb=Decimal(2), currency="EUR",
        refresh_url="https://change.example/k", notes="n",
    )  # fmt: skip


def test_an_address_beside_the_host_is_where_traffic_leaves() -> None:
    assert entries({"host": "192.0.2.1", "ip": "2001:db8::9", "port": "80"}) == [
        Entry("http", "192.0.2.1", 80, extras=Extras(exit_address="2001:db8::9"))
    ]


def test_words_for_nothing() -> None:
    assert [text_of({"a": value}, "a") for value in ("", " - ", "NULL", None, True, [1], "x ")] == [None] * 6 + ["x"]


def test_guessed_text_is_trusted_without_credentials_only() -> None:
    plain = Verdict(1, Entry("http", "192.0.2.1", 80))
    login = Verdict(1, Entry("http", "192.0.2.1", 80, "ü", "p"))
    assert trusted(plain, Guessed("x")) == plain
    assert trusted(login, "x") == login
    assert trusted(login, Guessed("x")).reason == "bad_encoding"
