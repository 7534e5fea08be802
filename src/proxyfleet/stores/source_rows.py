"""Own sources and ledgers between records and rows, for every backend with tables: JSON, and sealed addresses.

Addresses of own sources may hold keys, so they are sealed as passwords are. Knows no database.
"""

import json
from dataclasses import asdict, fields
from typing import Any

from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.records import Row
from proxyfleet.vault import Column, Damaged, Keyring

KEPT = tuple(f.name for f in fields(Ledger) if f.name != "validators")
"""The columns of a ledger, in the order of the statement `sources`."""
WRITTEN = tuple(name for name in KEPT if name != "alive")


class SourceSealing:
    """Seals and opens the addresses of the table `sources` with one ring."""

    def __init__(self, ring: Keyring) -> None:
        self._feeds = Column(ring, "sources", "feeds")

    def entry(self, row: Row) -> SourceEntry:
        """What a row of the statement `sources` means. Raises `StoreLocked` with its name when it does not open."""
        name, uuid, definition, feeds, switched, because, *ledger, validators = row
        told: dict[str, Any] = dict(zip(KEPT, ledger, strict=True))  # Any: columns of many types
        seen = {feed: (etag, modified) for feed, (etag, modified) in json.loads(validators or "{}").items()}
        own = None if definition is None else self._own(name, bytes(uuid), definition, feeds)
        switch = None if switched is None else bool(switched)
        return SourceEntry(name, own, switch, because, Ledger(**told, validators=seen))

    def _own(self, name: str, uuid: bytes, definition: str, feeds: str) -> Source:
        try:
            addresses = json.loads(self._feeds.open(feeds, uuid))
        except Damaged as error:
            raise StoreLocked(f"source {name}: {error}, or remove the source") from None
        return Source(name, feeds=tuple(Feed(**feed) for feed in addresses), **json.loads(definition))

    def definition(self, source: Source, uuid: bytes) -> tuple[str, str]:
        """The columns `definition` and `feeds` of an own source."""
        told = asdict(source)
        del told["name"]
        feeds = self._feeds.seal(json.dumps(told.pop("feeds")), uuid)
        return json.dumps(told), feeds

    def moved(self, feeds: str, uuid: bytes) -> str:
        """The same addresses under the key that seals now."""
        return self._feeds.seal(self._feeds.open(feeds, uuid), uuid)


def ledger_row(ledger: Ledger) -> Row:
    """`WRITTEN` and the validators."""
    return (*(getattr(ledger, column) for column in WRITTEN), json.dumps(dict(ledger.validators)))
