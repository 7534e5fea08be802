"""The record of a proxy: identity, what it refuses, dates, and that it never shows a password."""

from decimal import Decimal

import pytest

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import (
    DAY,
    MAX_CAPACITY,
    Details,
    Kind,
    Labels,
    Proxy,
    Scheme,
    Secret,
    by_days_left,
)
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("scheme", "family"),
    [
        ("http", "http"),
        ("https", "https"),
        ("socks4", "socks4"),
        ("socks4a", "socks4"),
        ("socks5", "socks5"),
        ("socks5h", "socks5"),
    ],
)
def test_the_family_is_the_scheme_without_its_way_of_resolving(scheme: str, family: str) -> None:
    assert Scheme(scheme).family == family


def test_identity_is_family_host_port_and_username() -> None:
    proxy = a_proxy(1, scheme=Scheme.SOCKS5H, username="u", password="p", country="US")
    assert proxy.identity == ("socks5", "198.18.0.1", 8080, "u")
    assert proxy.identity == a_proxy(1, scheme=Scheme.SOCKS5, username="u", password="q", id=9).identity


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": ""}, "host is empty; give"),
        ({"port": 0}, "port 0 is out of range; use 1 to 65535"),
        ({"port": 65_536}, "port 65536 is out of range"),
        ({"port": -1}, "port -1 is out of range"),
        ({"capacity": 0}, "capacity 0 is impossible; use 1 to 1000000"),
        ({"capacity": -1}, "capacity -1 is impossible"),
        ({"capacity": MAX_CAPACITY + 1}, "capacity 1000001 is impossible"),
    ],
)
def test_impossible_fields_are_refused_with_value_and_range(fields: dict[str, object], words: str) -> None:
    with pytest.raises(BadProxy, match=words):
        a_proxy(1, **fields)


@pytest.mark.parametrize("fields", [{"port": 1}, {"port": 65_535}, {"capacity": 1}, {"capacity": MAX_CAPACITY}])
def test_the_ends_of_a_range_are_possible(fields: dict[str, object]) -> None:
    assert a_proxy(1, **fields)


@pytest.mark.parametrize(
    ("kind", "capacity", "slots"),
    [
        (Kind.STATIC, None, 5),
        (Kind.ROTATING, None, 1000),
        (Kind.ROTATING, 7, 7),
        (Kind.STATIC, 1, 1),
    ],
)
def test_capacity_defaults_by_kind(kind: Kind, capacity: int | None, slots: int) -> None:
    assert a_proxy(1, kind=kind, capacity=capacity).slots == slots


@pytest.mark.parametrize(
    ("seconds", "days"),
    [
        (0.0, 0),
        (DAY - 1, 0),
        (DAY, 1),
        (2 * DAY + 1, 2),
        (-1.0, -1),
        (-DAY, -1),
        (-DAY - 1, -2),
    ],
)
def test_days_left_are_floored(seconds: float, days: int) -> None:
    assert a_proxy(1, expires_at=NOW + seconds).days_left(NOW) == days


def test_a_proxy_without_expiry_has_no_days_left_and_never_expires() -> None:
    assert a_proxy(1).days_left(NOW) is None
    assert not a_proxy(1).expired(1e18)


@pytest.mark.parametrize(("at", "expired"), [(NOW + 0.001, False), (NOW, True), (NOW - 1, True)])
def test_a_proxy_expires_at_its_instant(at: float, expired: bool) -> None:
    assert a_proxy(1, expires_at=at).expired(NOW) is expired


def test_most_days_left_come_first_and_no_expiry_last() -> None:
    proxies = [a_proxy(n, expires_at=at) for n, at in enumerate([None, NOW, NOW + 9 * DAY, NOW + DAY], start=1)]
    assert [p.id for p in sorted(proxies, key=by_days_left)] == [3, 4, 2, 1]


def test_address_has_brackets_around_ipv6_and_no_credentials() -> None:
    assert a_proxy(1, host="2001:db8::1", username="u", password="p").address == "http://[2001:db8::1]:8080"
    assert a_proxy(1, scheme=Scheme.SOCKS5).address == "socks5://198.18.0.1:8080"


@pytest.mark.parametrize(
    "show",
    [repr, str, "{}".format, "{!r:>9}".format, "%s".__mod__],
    ids=["repr", "str", "format", "format-repr", "percent"],
)
def test_a_secret_shows_only_stars(show: "type[str]") -> None:
    assert "hunter2" not in show(Secret("hunter2"))
    assert Secret("hunter2").reveal() == "hunter2"


def test_no_record_shows_its_secrets() -> None:
    proxy = Proxy(Scheme.HTTP, "h", 1, "u", Secret("hunter2"), details=Details(refresh_url=Secret("http://h/hunter2")))
    for shown in (repr(proxy), str(proxy), f"{proxy}", repr(proxy.endpoint), f"{proxy.endpoint}", repr(proxy.details)):
        assert "hunter2" not in shown
    assert proxy.endpoint == (Scheme.HTTP, "h", 1, "u", Secret("hunter2"), None)


def test_secrets_compare_by_text_and_with_nothing_else() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert hash(Secret("a")) == hash(Secret("a")) != hash("a")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    ("claimed", "measured", "place"), [("US", None, "US"), ("US", "DE", "DE"), (None, "DE", "DE"), (None, None, None)]
)
def test_the_measured_country_counts(claimed: str | None, measured: str | None, place: str | None) -> None:
    assert Labels(country=claimed, measured_country=measured).place == place


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-1", "1E+12", "1E-30", "1E+999999"])
def test_an_impossible_cost_is_refused_without_writing_it_out(cost: str) -> None:
    with pytest.raises(BadProxy, match="cost_per_gb") as caught:
        Labels(cost_per_gb=Decimal(cost))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("tag", ["", 'a"b'])
def test_a_tag_that_no_selector_could_name_is_refused(tag: str) -> None:
    with pytest.raises(BadProxy, match="tag"):
        Labels(tags=frozenset({"fine", tag}))
