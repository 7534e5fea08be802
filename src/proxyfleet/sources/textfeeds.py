"""Lists as plain text on sites of their own: a table of addresses."""

from typing import Final

from proxyfleet.core.source import Feed, Source

KIND: Final = "text"


def _of(site: str, *protocols: str) -> tuple[Feed, ...]:
    return tuple(Feed(f"https://{site}/{protocol}.txt", protocol) for protocol in protocols)


_SPYS: Final = (Feed("https://spys.me/proxy.txt", "http"), Feed("https://spys.me/socks.txt", "socks5"))
SOURCES: Final = (
    Source("spys.me", KIND, _SPYS, "text", interval=3600.0),
    Source(
        "openproxylist.xyz", KIND, _of("api.openproxylist.xyz", "http", "socks4", "socks5"), "text", interval=3600.0
    ),
    Source("proxyspace.pro", KIND, _of("proxyspace.pro", "http", "socks4", "socks5"), "text", interval=3600.0),
    Source("databay.com", KIND, (Feed("https://databay.com/free-proxy-list.txt"),), "text", interval=3600.0),
    Source("proxyfreeonly.com", KIND, (Feed("https://proxyfreeonly.com/api/free-proxy-list"),), interval=3600.0),
)
