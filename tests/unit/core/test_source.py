"""Addresses of pages; addresses stay out of every repr."""

from proxyfleet.core.source import Feed, Source


def test_a_page_fills_in_its_number_or_the_rows_before_it() -> None:
    feed = Feed("http://a/?p={page}", mirror="http://b/?s={skip}")
    assert feed.paged
    assert feed.page(3, 400) == Feed("http://a/?p=3", mirror="http://b/?s=400")
    assert Feed("http://a/{skip}").page(1, 0).url == "http://a/0"


def test_other_braces_stay_as_they_are() -> None:
    feed = Feed("http://a/{x}?q={{}}")
    assert not feed.paged
    assert feed.page(1, 0) == feed


def test_addresses_may_hold_secrets_and_are_not_shown() -> None:
    source = Source("s", "own", (Feed("http://u:canary@a/", mirror="http://canary/"),))
    assert "canary" not in repr(source)
