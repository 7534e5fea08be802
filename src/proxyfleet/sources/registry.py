"""All built-in sources by name, and what becomes of them once an operator has added, switched and named some. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from proxyfleet.core.errors import FleetError
from proxyfleet.core.source import Source, SourceEntry
from proxyfleet.sources import freeproxylist, geonode, github, proxylistdownload, proxyscrape, textfeeds

_ROOMS: Final = (proxyscrape, geonode, proxylistdownload, freeproxylist, github, textfeeds)
BUILT_IN: Final[Mapping[str, Source]] = MappingProxyType(
    {source.name: source for room in _ROOMS for source in room.SOURCES}
)
"""In the order in which they are listed."""


class UnknownSource(FleetError):
    """A name that no source has; the list tells the names."""

    code = "unknown_source"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no source {name[:80]!r}; `proxyfleet sources list` tells the names")


class Known(NamedTuple):
    """A source with all that is kept of it."""

    source: Source
    entry: SourceEntry

    @property
    def on(self) -> bool:
        """Whether a node looks at it by itself: own ones unless switched off, built-in ones once switched on."""
        return self.entry.switched is not False if self.entry.own is not None else self.entry.switched is True

    @property
    def off(self) -> bool:
        """Switched off: only looked at when it is named."""
        return self.entry.switched is False


def every(entries: Iterable[SourceEntry]) -> dict[str, Known]:
    """Built-in and own sources by name; an own one of a built-in name takes its place."""
    kept = {entry.name: entry for entry in entries}
    known = {name: Known(source, kept.get(name) or SourceEntry(name)) for name, source in BUILT_IN.items()}
    return known | {name: Known(entry.own, entry) for name, entry in kept.items() if entry.own is not None}


def named(known: Mapping[str, Known], names: Sequence[str]) -> list[Known]:
    """Those of these names, each once; `all` is every one. Raises `UnknownSource`."""
    wanted = known if "all" in names else dict.fromkeys(names)
    for name in wanted:
        if name not in known:
            raise UnknownSource(name)
    return [known[name] for name in wanted]


def by_hand(known: Mapping[str, Known]) -> list[Known]:
    """What is looked at when nobody names any: all but those switched off, and those on request only once switched on."""
    return [one for one in known.values() if not one.off and (one.on or not one.source.on_request)]


def due(known: Mapping[str, Known], now: float) -> list[Known]:
    """What a node has to look at now by itself."""
    return [one for one in known.values() if one.on and one.entry.ledger.next_due <= now]
