"""Reading answers: exact numbers, and a refusal that names the place and the type but no value."""

from decimal import Decimal

import pytest

from proxyfleet.providers.answers import Unreadable, json_of, money, number, price, rows, table, text, told


def test_numbers_are_exact():
    assert json_of(b'\xef\xbb\xbf{"a": 0.1}') == {"a": Decimal("0.1")}
    assert price(json_of(b'{"a": 12.50}'), "a", "usd") == (Decimal("12.50"), "USD")
    assert number({"a": "971"}, "a") == 971


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "empty"),
        (b"<html>", "a web page"),
        (b'{"a": ', "half an answer"),
        (b'{"a": NaN}', "half an answer"),
        (b"\xff\xfe", "half an answer"),
        (b"[" * 100_000, "half an answer"),
        (b"9" * 5000, "half an answer"),
    ],
)
def test_what_is_no_json(body, what):
    with pytest.raises(Unreadable, match=what):
        json_of(body)


def unread(read, *arguments):
    with pytest.raises(Unreadable) as caught:
        read(*arguments)
    assert "canary" not in str(caught.value)
    return str(caught.value)


def test_types_are_told_and_values_never():
    assert unread(table, ["canary"], "data") == "data is a list, no object"
    assert unread(rows, {"a": "canary"}, "list") == "list is an object, no list"
    assert unread(text, {}, "id") == "id is missing"
    assert unread(told, {"id": True}, "id") == "id is a yes or no, no text"
    assert unread(told, {"id": "canary\n" * 9}, "id") == "id is no plain text"
    assert unread(told, {"id": 10**30}, "id") == "id is a number without end"
    assert unread(number, {"price": "canary"}, "price") == "price is a text, no number"
    for odd in ("NaN", "Infinity", "1e99", True, None, [1]):
        assert "no number" in unread(number, {"price": odd}, "price")
    assert unread(price, {"price": -1}, "price", "USD") == "price is negative"
    assert "three letters" in unread(money, Decimal(1), "canary")


def test_what_may_be_absent():
    assert told({"a": None}, "a") == told({}, "a") == ""
    assert told({"a": 7}, "a") == "7"
