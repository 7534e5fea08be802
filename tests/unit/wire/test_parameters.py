"""The grammar of user names: one reading for each, closed, and nothing of the input in an error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.parameters import (
    LONGEST,
    PARAMETERS,
    BadParameters,
    overriding,
    parse,
    parse_fields,
    seconds,
    split_user,
)


def test_the_example_of_the_specification():
    name, rest = split_user("user-country-us-tag-premium-session-abc123-ttl-10m-strategy-fastest_response")
    assert name == "user"
    assert parse(rest) == (
        ("country", "us"),
        ("tag", "premium"),
        ("session", "abc123"),
        ("ttl", "10m"),
        ("strategy", "fastest_response"),
    )


@pytest.mark.parametrize(
    ("rest", "asked"),
    [
        ("", ()),
        ("COUNTRY-us", (("country", "us"),)),
        ("country-us,CA", (("country", "us,CA"),)),
        ("tag-a-tag-b", (("tag", "a"), ("tag", "b"))),
        ("tag-a%2Db", (("tag", "a-b"),)),
        ("tag-a%2db%25", (("tag", "a-b%"),)),
        ("city-new%20york", (("city", "new york"),)),
        ("city-m%C3%BCnchen", (("city", "münchen"),)),
        ("session-a1-pinned", (("session", "a1"), ("pinned", ""))),
        ("pinned-session-a1", (("pinned", ""), ("session", "a1"))),
        ("session-country-country-de", (("session", "country"), ("country", "de"))),
        ("lease-17x3.42", (("lease", "17x3.42"),)),
        ("asn-AS3320", (("asn", "AS3320"),)),
        ("selector-days_left%3E%3D3", (("selector", "days_left>=3"),)),
        ("min_score-.5", (("min_score", ".5"),)),
    ],
)
def test_what_is_read(rest, asked):
    assert parse(rest) == asked


@pytest.mark.parametrize(
    ("rest", "code", "name"),
    [
        ("canary", "parameter_unknown", ""),
        ("canary-x", "parameter_unknown", ""),
        ("country-us-", "parameter_unknown", ""),
        ("country-us-canary", "parameter_unknown", ""),
        ("country", "parameter_without_value", "country"),
        ("country-", "parameter_without_value", "country"),
        ("country--de", "parameter_without_value", "country"),
        ("country-canary", "parameter_value", "country"),
        ("country-u1", "parameter_value", "country"),
        ("country-us-country-de", "parameter_twice", "country"),
        ("session-a-session-a", "parameter_twice", "session"),
        ("pinned-pinned", "parameter_twice", "pinned"),
        ("session-a b", "parameter_value", "session"),
        ("session-a%0Ab", "parameter_value", "session"),
        ("session-" + "a" * 65, "parameter_value", "session"),
        ("tag-a%", "parameter_value", "tag"),
        ("tag-a%2", "parameter_value", "tag"),
        ("tag-%zz", "parameter_value", "tag"),
        ("tag-%ff", "parameter_value", "tag"),
        ("tag-%00", "parameter_value", "tag"),
        ('tag-a"b', "parameter_value", "tag"),
        ("tag-" + "a" * 300, "parameter_value", "tag"),
        ("asn-x", "parameter_value", "asn"),
        ("min_score-2", "parameter_value", "min_score"),
        ("ttl-10w", "parameter_value", "ttl"),
        ("lease-1.2", "parameter_value", "lease"),
        ("exclude-1,,2", "parameter_value", "exclude"),
        ("tag-" + "a-tag-" * 300 + "a", "parameters_too_long", ""),
    ],
)
def test_what_is_refused(rest, code, name):
    with pytest.raises(BadParameters) as refused:
        parse(rest)
    assert (refused.value.code, refused.value.name) == (code, name)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), ("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("7d", 604_800.0)]
)
def test_times(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["0", "0m", "8d", "604801", "999999h"])
def test_times_out_of_range(text):
    with pytest.raises(BadParameters):
        seconds(text)


def test_header_fields():
    special = {
        b"host": b"a",
        b"x-proxyfleet-min-score": b"0.5",
        b"x-proxyfleet-tag": b"a-b",
        b"x-proxyfleet-pinned": b"1",
    }
    assert parse_fields(special) == (("min_score", "0.5"), ("tag", "a-b"), ("pinned", ""))
    assert parse_fields({b"host": b"a"}) == ()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (b"x-proxyfleet-canary", b"1", "parameter_unknown"),
        (b"x-proxyfleet-", b"1", "parameter_unknown"),
        (b"x-proxyfleet-proxy", b"1", "parameter_unknown"),
        (b"x-proxyfleet-country", b"", "parameter_without_value"),
        (b"x-proxyfleet-country", b"us, de", "parameter_value"),
        (b"x-proxyfleet-tag", b"\xff", "parameter_value"),
        (b"x-proxyfleet-pinned", b"no", "parameter_value"),
    ],
)
def test_header_fields_that_are_refused(field, value, code):
    with pytest.raises(BadParameters) as refused:
        parse_fields({field: value})
    assert refused.value.code == code


def test_a_field_wins_over_the_user_name():
    asked = parse("country-us-tag-a-tag-b")
    assert overriding(asked, (("tag", "c"),)) == (("country", "us"), ("tag", "c"))


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_example_is_one(name):
    one = PARAMETERS[name]
    assert parse(name if one.flag else f"{name}-{one.example.split(' ')[0]}")
    assert one.meaning
    assert one.wants


WORDS = st.sampled_from([*PARAMETERS, "us", "10m", "a1", "x", "", "%2D", "%", "tag", "17x3.42", "0.5"])


@given(st.lists(WORDS, max_size=12).map("-".join) | st.text(max_size=60) | st.text("-%aT2d", max_size=LONGEST + 10))
@settings(max_examples=600, deadline=None)
def test_any_text_is_read_or_refused(rest):
    asked = read(rest)
    if asked is not None:
        written = "-".join(
            name if PARAMETERS[name].flag else f"{name}-{value.replace('%', '%25').replace('-', '%2D')}"
            for name, value in asked
        )
        assert parse(written) == asked


def read(rest):
    """What is asked, None for a refusal; anything else escapes."""
    with suppress(BadParameters):
        return parse(rest)
    return None
