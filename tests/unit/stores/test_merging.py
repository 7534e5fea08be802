"""What a list changes about a known proxy."""

from dataclasses import replace

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.stores.merging import (
    claims,
    collected,
    gathered,
    is_bare,
    merged,
    merged_details,
    merged_labels,
    settled,
    taken,
)

KNOWN = Proxy(
    Scheme.HTTP,
    "h",
    1,
    "u",
    Secret("p"),
    7,
    9,
    5.0,
    Status.DISABLED,
    True,
    Labels(Kind.ROTATING, country="DE"),
    Details(notes="n"),
)


def test_nothing_told_changes_nothing() -> None:
    assert merged(KNOWN, Proxy(Scheme.HTTP, "h", 1, "u")) == KNOWN


def test_each_field_that_is_told_is_taken() -> None:
    news = Proxy(
        Scheme.HTTP,
        "h",
        1,
        "u",
        Secret(""),
        0,
        2,
        6.0,
        Status.ACTIVE,
        False,
        Labels(country="FR"),
        Details(target_capacity=3),
    )
    enabled = replace(KNOWN, status=Status.PENDING)
    assert merged(enabled, news) == replace(
        KNOWN, password=Secret(""), capacity=2, expires_at=6.0, status=Status.ACTIVE,
        labels=Labels(Kind.ROTATING, country="FR"), details=Details(target_capacity=3, notes="n"),
    )  # fmt: skip


def test_what_a_person_has_switched_off_stays_off() -> None:
    assert merged(KNOWN, Proxy(Scheme.HTTP, "h", 1, "u", status=Status.ACTIVE)) == KNOWN


def test_labels_and_details_are_overlaid() -> None:
    assert merged_labels(Labels(city="Rome", asn=1), Labels(asn=2)) == Labels(city="Rome", asn=2)
    assert merged_details(None, Details()) is None
    assert merged_details(None, Details(notes="x")) == Details(notes="x")
    assert merged_details(Details(notes="x"), None) == Details(notes="x")


def test_empty_details_are_none() -> None:
    assert settled(replace(KNOWN, details=Details()), 3) == replace(KNOWN, id=3, details=None)


def test_the_message_names_the_proxy_without_its_password() -> None:
    assert taken(KNOWN) == "another proxy is already http://h:1 with user name 'u'; remove one of the two"


FOUND = Proxy(
    Scheme.HTTP, "h", 1, id=9, status=Status.ACTIVE, require_check=True, labels=Labels(country="DE", source="one")
)


def test_claims_are_the_scheme_and_whatever_else_is_said() -> None:
    assert claims(Scheme.HTTP, ()) == ("http",)
    assert claims(Scheme.HTTP, ("socks5", "http")) == ("http", "socks5")
    assert collected(("http",), ("http",)) == ()
    assert collected(("http",), ("socks5", "http")) == ("http", "socks5")


def test_a_find_named_again_keeps_everything_and_gains_what_was_unknown() -> None:
    news = Proxy(
        Scheme.SOCKS5,
        "h",
        1,
        labels=Labels(country="FR", city="Paris", source="two"),
        details=Details(exit_address="e"),
    )
    assert gathered(FOUND, news, overrule=False) == replace(
        FOUND,
        labels=Labels(country="DE", city="Paris", source="one"),
        details=Details(exit_address="e", protocols=("http", "socks5")),
    )
    assert gathered(FOUND, Proxy(Scheme.HTTP, "h", 1), overrule=False) == FOUND


def test_who_is_believed_sets_the_scheme() -> None:
    after = gathered(FOUND, Proxy(Scheme.SOCKS4, "h", 1, labels=Labels(source="two")), overrule=True)
    assert (after.scheme, after.labels.source, after.status) == (Scheme.SOCKS4, "two", Status.ACTIVE)
    assert after.details == Details(protocols=("http", "socks4"))


def test_hearing_what_is_claimed_already_changes_nothing_also_after_the_scheme_was_overruled() -> None:
    first = Proxy(Scheme.HTTP, "h", 1, id=1)
    overruled = gathered(first, Proxy(Scheme.SOCKS4, "h", 1), overrule=True)
    assert overruled.details == Details(protocols=("http", "socks4"))
    assert gathered(overruled, first, overrule=False) == overruled


def test_bare_is_who_says_nothing_but_the_place() -> None:
    assert is_bare(Proxy(Scheme.HTTP, "h", 1, labels=Labels(source="x"), require_check=True))
    for telling in ({"labels": Labels(country="DE")}, {"password": Secret("p")}, {"details": Details(notes="n")}):
        assert not is_bare(replace(FOUND, **{"labels": Labels(), **telling}))
