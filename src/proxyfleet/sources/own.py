"""A source of one's own: an address and a format, checked before it is kept. Errors never show the address's secrets."""

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from proxyfleet.core.errors import FleetError
from proxyfleet.core.source import Feed, Source
from proxyfleet.wire.text.entry import SCHEMES
from proxyfleet.wire.text.reader import FORMATS

KIND: Final = "own"
SOONEST: Final = 60.0
LATEST: Final = 30 * 86_400.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class BadSource(FleetError):
    """A source that cannot be defined like that; the text says what would fit."""

    code = "bad_source_definition"


class Wish(NamedTuple):
    """What is said of an own source besides its address. `owned`: the proxies are the operator's own, not anybody's."""

    format: str = "auto"
    scheme: str = "http"
    interval: float = 3600.0
    owned: bool = False
    trusted: bool = True


def own_source(name: str, urls: tuple[str, ...], wish: Wish) -> Source:
    """The source of these addresses. Raises `BadSource` with the first thing that does not fit."""
    if _NAME.fullmatch(name) is None:
        raise BadSource(
            f"{name[:80]!r} is no name for a source; use small letters, digits, '.', '_' and '-', at most 64"
        )
    if not urls:
        raise BadSource("a source without an address; give one or several http(s) URLs")
    if wish.format not in FORMATS:
        raise BadSource(f"unknown format {wish.format[:80]!r}; use one of: {', '.join(FORMATS)}")
    if wish.scheme not in SCHEMES:
        raise BadSource(f"unknown scheme {wish.scheme[:80]!r}; use one of: {', '.join(SCHEMES)}")
    if not SOONEST <= wish.interval <= LATEST:
        raise BadSource(f"{wish.interval:g} s between two looks is impossible; use {SOONEST:g} s to 30 days")
    feeds = tuple(Feed(_checked(url), wish.scheme) for url in urls)
    return Source(name, KIND, feeds, wish.format, wish.trusted, wish.interval, not wish.owned)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or any(character.isspace() or not character.isprintable() for character in url):
        raise BadSource("an address that is no http or https URL; write it as https://HOST/PATH")
    return url
