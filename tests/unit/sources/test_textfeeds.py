"""Sites with one file for each protocol."""

from proxyfleet.sources.textfeeds import _of


def test_a_file_for_each_protocol() -> None:
    assert [(feed.url, feed.scheme) for feed in _of("a.example", "http", "socks4")] == [
        ("https://a.example/http.txt", "http"),
        ("https://a.example/socks4.txt", "socks4"),
    ]
