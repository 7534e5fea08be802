"""Values of settings about money: exact, with a currency, or refused."""

from decimal import Decimal

import pytest

from proxyfleet.core.purchase import Money
from proxyfleet.settings.schema_buying import COUNTRY, MONEY, NAMES, WORDS


@pytest.mark.parametrize(
    ("text", "amount"), [("50 USD", "50"), ("0.0625eur", "0.0625"), (" 1.5 rub ", "1.5"), ("", None)]
)
def test_money(text, amount):
    told = MONEY.read(text)
    assert told is None if amount is None else told.amount == Decimal(amount)
    assert MONEY.read(MONEY.write(told)) == told


@pytest.mark.parametrize("text", ["50", "USD", "-1 USD", "1e3 USD", "1.23456 USD", "1 USDT", 50])
def test_what_is_no_money(text):
    with pytest.raises(ValueError, match="50 USD"):
        MONEY.read(text)


def test_words_names_countries():
    assert dict(WORDS.read("a=b, c.d=1")) == dict(WORDS.read({"a": "b", "c.d": 1})) == {"a": "b", "c.d": "1"}
    assert dict(WORDS.read({"x": True})) == {"x": "true"}
    assert WORDS.write(WORDS.read({"a": "b"})) == "a=b"
    assert NAMES.read("a, b") == NAMES.read(["a", "b"]) == ("a", "b")
    assert (COUNTRY.read("de"), COUNTRY.read("")) == ("DE", "")
    for kind, value in ((WORDS, {"a": [1]}), (WORDS, 7), (NAMES, 7), (COUNTRY, "Germany")):
        with pytest.raises(ValueError):
            kind.read(value)
    assert isinstance(MONEY.read("1 USD"), Money)
