"""The language of descriptions."""

import pytest

from proxyfleet.providers.answers import Unreadable
from proxyfleet.providers.rest_words import at, body_of, filled, filled_body, holes, is_blank, terms_in

VALUES = {"count": 2, "ids": ["a", "b/c"], "tag": "x y"}


def test_filling():
    assert filled("n={count}&ids={ids}&t={tag}&{term.none}", VALUES) == "n=2&ids=a%2Cb%2Fc&t=x%20y&"
    body = body_of('{"n": "{count}", "all": ["{ids}"], "note": "for {tag}", "m": {"k": 1}}')
    assert filled_body(body, VALUES) == {"n": 2, "all": [["a", "b/c"]], "note": "for x y", "m": {"k": 1}}
    assert body_of("") is None
    assert terms_in("{term.a}{count}", "{term.b}{term.a}") == ["a", "b"]
    assert holes("{count}{count}") == ["count", "count"]
    for odd in ("{odd}", '{"a": "{odd}"}'):
        with pytest.raises(ValueError, match="stands for nothing"):
            body_of(odd)


def test_places():
    value = {"a": {"b": [{"c": 1}]}, "n": None, "e": ""}
    assert at(value, "a.b.0.c") == 1
    assert at(value, "a.b.7.c") is None
    assert at(value, "=text") == "text"
    assert at(value, "") is value
    assert at(value, "n.x") is None
    with pytest.raises(Unreadable):
        at(value, "e.x")
    assert is_blank(value, "n")
    assert is_blank(value, "e")
    assert not is_blank(value, "a")
    assert not is_blank(value, "nosuch")
