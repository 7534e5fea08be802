"""Rows of an answer, and addresses of stand-ins."""

from proxyfleet.core.source import Feed, Source
from proxyfleet.sources.reading import rebased, rows, shown

LIST = b"1.1.1.1:80\nhttps://8.8.8.8:81\n10.0.0.1:80\n"


def read(source: Source, **options: bool) -> list[tuple[str, str] | str | None]:
    found = rows(source, source.feeds[0], [LIST], **options)
    return [(one.entry.scheme, one.entry.host) if one.entry else one.reason for one in found]


def test_https_of_a_free_list_means_connect_and_of_an_own_one_tls() -> None:
    free = Source("s", "k", (Feed("http://a/", "socks5"),))
    assert read(free) == [("socks5", "1.1.1.1"), ("http", "8.8.8.8"), "not_global"]
    own = Source("s", "k", (Feed("http://a/"),), free=False)
    assert read(own, allow_private=True) == [("http", "1.1.1.1"), ("https", "8.8.8.8"), ("http", "10.0.0.1")]


def test_a_stand_in_gets_host_path_and_query() -> None:
    source = Source(
        "s", "k", (Feed("https://a.example/x/y?q={page}", mirror="https://u:p@b.example:8443/"), Feed("http://c/"))
    )
    moved = rebased(source, "http://127.0.0.1:9/base/")
    assert [(feed.url, feed.mirror) for feed in moved.feeds] == [
        ("http://127.0.0.1:9/base/a.example/x/y?q={page}", "http://127.0.0.1:9/base/b.example:8443/"),
        ("http://127.0.0.1:9/base/c/", None),
    ]


def test_addresses_are_shown_without_secrets() -> None:
    assert shown("https://u:canary@a.example:8/p?key=canary#canary") == "https://a.example:8/p"
    assert shown("http://[bad") == "that address"
