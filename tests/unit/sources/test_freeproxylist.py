"""The sister sites of free-proxy-list.net."""

from proxyfleet.sources.freeproxylist import SOURCES, _site


def test_a_site_has_its_pages_or_its_front_page() -> None:
    assert [feed.url for feed in _site("a.example").feeds] == ["https://a.example/"]
    assert [feed.url for feed in _site("a.example", "", "x.html").feeds] == [
        "https://a.example/",
        "https://a.example/x.html",
    ]
    assert {source.format for source in SOURCES} == {"html"}
