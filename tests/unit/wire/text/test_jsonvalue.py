"""The same as the standard library, whatever is decoded, and in small steps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.text import jsonvalue
from proxyfleet.wire.text.jsonvalue import load

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=25,
)
PIECES = st.lists(
    st.sampled_from([*'{}[],:"', " ", "\n", '"a"', "1", "-", "tru", "true", "null", "\\", "é", "NaN", "\t", "\ufeff"])
)


def outcome(decode, text):
    try:
        return decode(text)
    except json.JSONDecodeError as error:
        return ("JSONDecodeError", error.msg == "Extra data", error.pos if error.msg == "Extra data" else None)
    except (ValueError, RecursionError) as error:
        return type(error).__name__


@given(VALUES, st.sampled_from([None, 1]))
def test_documents(value, indent):
    text = json.dumps(value, indent=indent)
    assert load(f" {text}\n") == value


@given(PIECES.map("".join))
def test_what_is_legal_and_what_is_not(text):
    assert outcome(load, text) == pytest.approx(outcome(json.loads, text), nan_ok=True) or str(
        outcome(load, text)
    ) == str(outcome(json.loads, text))


ODD = (
    *(
        "",
        "[1,]",
        '{"a":1,}',
        '{"a" 1}',
        "{1:2}",
        "[1 2]",
        '["a',
        "[1]x",
        '{"a":1}{"a":2}',
        '{"a":1,"a":2}',
        "[" * 10_000,
    ),
    *("9" * 5_000, "[[[[[[[1]]]]]]]", "\ufeff[1]", '{"a":' * 10_000),
)


@pytest.mark.parametrize("text", ODD)
def test_odd_ones(text):
    assert str(outcome(load, text)) == str(outcome(json.loads, text))


def test_no_step_is_longer_than_a_row(monkeypatch):
    lengths = []

    def step(text, at):
        value, end = json.JSONDecoder().raw_decode(text, at)
        lengths.append(end - at)
        return value, end

    monkeypatch.setattr(jsonvalue, "_STEP", step)
    rows = [{"ip": "1.1.1.1", "geo": {"country": {"code": "DE"}}}] * 500
    for document in (rows, {"data": rows, "total": 3}, {"result": {"proxies": rows}}):
        assert load(json.dumps(document)) == document
    assert max(lengths) < 100
