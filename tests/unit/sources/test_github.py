"""The table of repositories becomes addresses, each with its mirror."""

from proxyfleet.core.source import Feed
from proxyfleet.sources.github import SOURCES, TABLE, Repository, _source

RAW, CDN = "https://raw.githubusercontent.com", "https://cdn.jsdelivr.net/gh"


def test_a_row_is_one_feed_for_each_protocol_and_file() -> None:
    row = Repository("n", "o/r", "main", "d/{}.txt", ("http", "socks5"), (("c.txt", "https"),), trusted=False)
    source = _source(row)
    assert source.feeds == (
        Feed(f"{RAW}/o/r/main/d/http.txt", "http", f"{CDN}/o/r@main/d/http.txt"),
        Feed(f"{RAW}/o/r/main/d/socks5.txt", "socks5", f"{CDN}/o/r@main/d/socks5.txt"),
        Feed(f"{RAW}/o/r/main/c.txt", "https", f"{CDN}/o/r@main/c.txt"),
    )
    assert not source.trusted


def test_a_pattern_may_name_the_protocol_twice() -> None:
    (source,) = [one for one in SOURCES if one.name == "elliottophellia"]
    assert source.feeds[0].url.endswith("/results/http/global/http_checked.txt")


def test_labels_known_to_be_wrong_are_not_trusted() -> None:
    assert {row.name for row in TABLE if not row.trusted} == {"thespeedx", "gfpcom"}
