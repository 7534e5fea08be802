"""free-proxy-list.net and its sister sites: one operator's HTML tables, some 300 rows each, renewed every ten minutes."""

from typing import Final

from proxyfleet.core.source import Feed, Source

KIND: Final = "free-proxy-list"
_PAGES: Final = ("", "uk-proxy.html", "anonymous-proxy.html", "ssl-proxy.html", "us-proxy.html", "google-proxy.html")


def _site(name: str, *pages: str, scheme: str = "http") -> Source:
    return Source(name, KIND, tuple(Feed(f"https://{name}/{page}", scheme) for page in pages or ("",)), "html")


SOURCES: Final = (
    _site("free-proxy-list.net", *_PAGES),
    _site("sslproxies.org"),
    _site("us-proxy.org"),
    # Its `Version` column says socks4 or socks5; lines that say neither are socks4, as the site's older pages had it.
    _site("socks-proxy.net", scheme="socks4"),
)
