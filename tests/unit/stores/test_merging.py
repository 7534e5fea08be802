"""What a list changes about a known proxy."""

from dataclasses import replace

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.stores.merging import merged, merged_details, merged_labels, settled, taken

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
    assert merged(KNOWN, news) == replace(
        KNOWN, password=Secret(""), capacity=2, expires_at=6.0, status=Status.ACTIVE,
        labels=Labels(Kind.ROTATING, country="FR"), details=Details(target_capacity=3, notes="n"),
    )  # fmt: skip


def test_labels_and_details_are_overlaid() -> None:
    assert merged_labels(Labels(city="Rome", asn=1), Labels(asn=2)) == Labels(city="Rome", asn=2)
    assert merged_details(None, Details()) is None
    assert merged_details(None, Details(notes="x")) == Details(notes="x")
    assert merged_details(Details(notes="x"), None) == Details(notes="x")


def test_empty_details_are_none() -> None:
    assert settled(replace(KNOWN, details=Details()), 3) == replace(KNOWN, id=3, details=None)


def test_the_message_names_the_proxy_without_its_password() -> None:
    assert taken(KNOWN) == "another proxy is already http://h:1 with user name 'u'; remove one of the two"
