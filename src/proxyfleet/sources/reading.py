"""From an answer of a source to rows, and from the address of a built-in source to that of a stand-in. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from proxyfleet.core.source import Feed, Source
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.reader import read


def rows(source: Source, feed: Feed, chunks: Iterable[bytes], *, allow_private: bool = False) -> Iterator[Verdict]:
    """A verdict for every row of one answer. In a free list `https` means an HTTP proxy that can CONNECT (SPEC rule 16)."""
    return read(chunks, format=source.format, scheme=feed.scheme, allow_private=allow_private, free_list=source.free)


def rebased(source: Source, base: str) -> Source:
    """The same source asked at `base` + `/` + its host + its path: where a stand-in answers for everybody."""
    feeds = [replace(f, url=_moved(f.url, base), mirror=f.mirror and _moved(f.mirror, base)) for f in source.feeds]
    return replace(source, feeds=tuple(feeds))


def _moved(url: str, base: str) -> str:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{base.rstrip('/')}/{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


def shown(url: str) -> str:
    """An address for people: without user name, password and query, which may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "that address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
