"""A source of one's own is checked before it is kept, and what is said of a wrong one never shows its address."""

import pytest

from proxyfleet.sources.own import BadSource, Wish, own_source

URL = "https://user:canary@lists.example/a?key=canary"


def test_what_is_said_is_what_is_kept() -> None:
    source = own_source("my-list.1", (URL, "http://b.example/"), Wish("csv", "socks5", 60.0, owned=True, trusted=False))
    assert (source.name, source.kind, source.format) == ("my-list.1", "own", "csv")
    assert [(feed.url, feed.scheme) for feed in source.feeds] == [(URL, "socks5"), ("http://b.example/", "socks5")]
    assert (source.free, source.trusted, source.interval) == (False, False, 60.0)
    assert own_source("a", (URL,), Wish()).free


@pytest.mark.parametrize("name", ["", "UPPER", "a b", "-a", "a/b", "a" * 65, "ü"])
def test_names(name: str) -> None:
    with pytest.raises(BadSource, match="no name for a source"):
        own_source(name, (URL,), Wish())


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        (Wish(format="odd"), "unknown format"),
        (Wish(scheme="ftp"), "unknown scheme"),
        (Wish(interval=59.0), "between two looks"),
        (Wish(interval=float("nan")), "between two looks"),
        (Wish(interval=1e9), "between two looks"),
    ],
)
def test_what_does_not_fit_is_named(wish: Wish, word: str) -> None:
    with pytest.raises(BadSource, match=word):
        own_source("a", (URL,), wish)


WRONG = (
    *("", "lists.example/canary", "ftp://canary/", "file:///canary", "http://", "http://[canary", "http://a:0/canary"),
    *("http://a:99999/canary", "http://a/can ary", "http://a/canary\n", "http://a/\x00canary"),
)


@pytest.mark.parametrize("url", WRONG)
def test_addresses(url: str) -> None:
    with pytest.raises(BadSource, match="https://HOST/PATH") as told:
        own_source("a", (url,), Wish())
    assert "canary" not in str(told.value)


def test_without_an_address_there_is_no_source() -> None:
    with pytest.raises(BadSource, match="without an address"):
        own_source("a", (), Wish())
