"""proxy-list.download: plain text, one address for each protocol."""

from typing import Final

from proxyfleet.core.source import Feed, Source

_API: Final = "https://www.proxy-list.download/api/v1/get?type="
_FEEDS: Final = tuple(Feed(_API + protocol, protocol) for protocol in ("http", "https", "socks4", "socks5"))
SOURCES: Final = (Source("proxy-list.download", "proxy-list.download", _FEEDS, "text"),)
