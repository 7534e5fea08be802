"""ProxyScrape: the present API as pages of JSON, the older one as plain text, and the vendor's own mirror as CSV.

The mirror has one file for each protocol; where there are none now, there is no file.
"""

from typing import Final

from proxyfleet.core.source import Feed, Source

API: Final = "https://api.proxyscrape.com"
PAGE: Final = 2000
"""Rows a page, as the vendor's mirror asks for them."""
CDN: Final = "https://cdn.jsdelivr.net/gh/proxyscrape/free-proxy-list@main/proxies/protocols"
RAW: Final = "https://raw.githubusercontent.com/ProxyScrape/free-proxy-list/main/proxies/protocols"


def _older(protocol: str) -> Feed:
    asked = f"request=displayproxies&protocol={protocol}&timeout=10000&country=all&ssl=all&anonymity=all"
    return Feed(f"{API}/v2/?{asked}", protocol)


def _mirrored(protocol: str) -> Feed:
    file = f"{protocol}/data.csv"
    return Feed(f"{CDN}/{file}", protocol, f"{RAW}/{file}", may_be_absent=True)


_PRESENT: Final = (
    f"{API}/v4/free-proxy-list/get?request=display_proxies&proxy_format=protocolipport&format=json"
    f"&limit={PAGE}&skip={{skip}}"
)
SOURCES: Final = (
    Source("proxyscrape", "proxyscrape", (Feed(_PRESENT, page_size=PAGE),), "json"),
    Source("proxyscrape-v2", "proxyscrape", tuple(map(_older, ("http", "socks4", "socks5"))), "text"),
    Source("proxyscrape-mirror", "proxyscrape", tuple(map(_mirrored, ("http", "socks4", "socks5"))), "csv"),
)
