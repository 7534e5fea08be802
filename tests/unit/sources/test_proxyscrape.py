"""ProxyScrape's three faces."""

from proxyfleet.sources.proxyscrape import PAGE, SOURCES, _mirrored, _older


def test_pages_ask_for_what_comes_after_the_rows_before() -> None:
    (feed,) = SOURCES[0].feeds
    assert feed.page(3, 2 * PAGE).url.endswith(f"&limit={PAGE}&skip={2 * PAGE}")


def test_older_and_mirror_have_one_address_for_each_protocol() -> None:
    assert "protocol=socks4&" in _older("socks4").url
    assert _mirrored("socks5").url.endswith("/protocols/socks5/data.csv")
    assert _mirrored("http").may_be_absent, "no file means that there are none now"
