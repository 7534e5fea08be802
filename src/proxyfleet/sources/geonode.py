"""Geonode's public list: pages of JSON, newest checks first, which change while they are read."""

from typing import Final

from proxyfleet.core.source import Feed, Source

PAGE: Final = 500
"""The most that is answered at once."""
_LIST: Final = (
    f"https://proxylist.geonode.com/api/proxy-list?limit={PAGE}&page={{page}}&sort_by=lastChecked&sort_type=desc"
)
SOURCES: Final = (Source("geonode", "geonode", (Feed(_LIST, page_size=PAGE),), "json"),)
