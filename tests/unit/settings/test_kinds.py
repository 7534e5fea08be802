"""Values as text and as TOML, good and bad."""

import pytest

from proxyfleet.settings import kinds


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (kinds.TEXT, " a ", "a"),
        (kinds.BOOLEAN, True, True),
        (kinds.BOOLEAN, "Off", False),
        (kinds.ADDRESS, "127.0.0.1:80", ("127.0.0.1", 80)),
        (kinds.ADDRESS, "[::1]:0", ("::1", 0)),
        (kinds.OPTIONAL_ADDRESS, "OFF", None),
        (kinds.NETWORKS, ["10.0.0.0/8", "::1"], ("10.0.0.0/8", "::1/128")),
        (kinds.NETWORKS, "10.0.0.0/8, 127.0.0.1", ("10.0.0.0/8", "127.0.0.1/32")),
        (kinds.PORTS, [80, 443], frozenset({80, 443})),
        (kinds.PORTS, "any", None),
        (kinds.PLACES, "h:1,[::1]:2", frozenset({("h", 1), ("::1", 2)})),
        (kinds.whole(1, 5), "5", 5),
        (kinds.seconds(), 2, 2.0),
        (kinds.seconds(), "0.5", 0.5),
        (kinds.share(), 1, 1.0),
        (kinds.choice("a", "b"), "B", "b"),
    ],
)
def test_what_is_read(kind, given, value):
    assert kind.read(given) == value


@pytest.mark.parametrize(
    "kind",
    [
        kinds.BOOLEAN,
        kinds.ADDRESS,
        kinds.OPTIONAL_ADDRESS,
        kinds.NETWORKS,
        kinds.PORTS,
        kinds.PLACES,
        kinds.SELECTOR,
        kinds.whole(1, 5),
        kinds.seconds(1, 5),
        kinds.share(),
        kinds.choice("a"),
    ],
)
@pytest.mark.parametrize("given", ["nonsense here", "9:99:999", {"a": 1}, 7.5, float("nan"), ["1:2:3"]])
def test_what_does_not_fit_says_what_would(kind, given):
    with pytest.raises(ValueError) as told:
        kind.read(given)
    assert str(told.value)


@pytest.mark.parametrize("text", ["127.0.0.1", ":80", "::1:80", "h:65536", "h:-1", "h:x", "[h]:1x"])
def test_addresses_that_are_none(text):
    with pytest.raises(ValueError):
        kinds.address_of(text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kinds.BOOLEAN, "true"),
        (kinds.ADDRESS, "[::1]:80"),
        (kinds.OPTIONAL_ADDRESS, "off"),
        (kinds.NETWORKS, "10.0.0.0/8,127.0.0.1/32"),
        (kinds.PORTS, "80,443"),
        (kinds.PORTS, "any"),
        (kinds.PLACES, "[::1]:2,h:1"),
        (kinds.SELECTOR, "scheme=http"),
    ],
)
def test_what_is_written_is_read_again(kind, text):
    assert kind.write(kind.read(text)) == text


def test_numbers_that_look_like_booleans_are_refused():
    for given in (True, False):
        with pytest.raises(ValueError):
            kinds.whole().read(given)
        with pytest.raises(ValueError):
            kinds.seconds(0).read(given)


@pytest.mark.parametrize(
    ("default", "given", "value"), [(True, "no", False), (5, "6", 6), (0.5, "1", 1.0), ("x", "y", "y")]
)
def test_a_default_tells_its_kind(default, given, value):
    found = kinds.kind_like(default).read(given)
    assert found == value
    assert type(found) is type(value)
