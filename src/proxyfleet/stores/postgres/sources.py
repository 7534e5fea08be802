"""Definitions, switches and ledgers of sources on a connection, inside the caller's transaction.

Addresses of own sources may hold keys, so they are sealed as passwords are. What the ledgers say is others' business.
"""

import json
import os
from dataclasses import asdict, fields

from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.postgres.driver import Connection, Row
from proxyfleet.stores.postgres.keys import learn, refresh
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.sealing import UUID_BYTES
from proxyfleet.vault import Column, Damaged, Keyring, prefix_of

KEPT = tuple(f.name for f in fields(Ledger) if f.name != "validators")
"""The columns of a ledger, in the order of the statement `sources`."""
WRITTEN = tuple(name for name in KEPT if name != "alive")


class SourceRows:
    """Sources in and out of the table `sources`, their addresses sealed and opened by one ring."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._feeds = Column(ring, "sources", "feeds")

    async def read(self, connection: Connection) -> list[SourceEntry]:
        """Everything kept, by name."""
        await learn(connection, self._ring)
        return [self._entry(row) for row in await connection.fetch(SQL["sources"])]

    def _entry(self, row: Row) -> SourceEntry:
        name, uuid, definition, feeds, switched, because, *ledger, validators = row
        told = dict(zip(KEPT, ledger, strict=True))
        seen = {feed: (etag, modified) for feed, (etag, modified) in json.loads(validators or "{}").items()}
        own = None if definition is None else self._own(name, uuid, definition, feeds)
        return SourceEntry(name, own, switched, because, Ledger(**told, validators=seen))

    def _own(self, name: str, uuid: bytes, definition: str, feeds: str) -> Source:
        try:
            addresses = json.loads(self._feeds.open(feeds, uuid))
        except Damaged as error:
            raise StoreLocked(f"source {name}: {error}, or remove the source") from None
        return Source(name, feeds=tuple(Feed(**feed) for feed in addresses), **json.loads(definition))

    async def define(self, connection: Connection, source: Source) -> None:
        """Add an own source, or replace its definition."""
        await refresh(connection, self._ring)
        await note(connection, source.name)
        uuid = await connection.fetchval(SQL["source_uuid"], source.name)
        told = asdict(source)
        del told["name"]
        feeds = self._feeds.seal(json.dumps(told.pop("feeds")), uuid)
        await connection.execute(SQL["define_source"], source.name, json.dumps(told), feeds)

    async def reseal(self, connection: Connection) -> int:
        """Seal under the primary key what is under an older one; how many values."""
        await refresh(connection, self._ring)
        found = await connection.fetch(SQL["sealed_feeds"], prefix_of(self._ring.primary))
        for name, uuid, feeds in found:
            fresh = self._feeds.seal(self._feeds.open(feeds, uuid), uuid)
            await connection.execute(SQL["replace_feeds"], name, fresh)
        return len(found)


async def note(connection: Connection, name: str) -> None:
    """Make sure that something is kept under that name."""
    await connection.execute(SQL["note_source"], name, os.urandom(UUID_BYTES))


async def remove(connection: Connection, name: str) -> bool:
    """False when nothing was kept; its proxies stay, named by nobody."""
    await connection.execute(SQL["forget_naming"], name)
    return await connection.fetchval(SQL["remove_source"], name) is not None


async def switch(connection: Connection, name: str, on: bool | None, because: str | None) -> None:
    """Switch on or off, or back to nobody's word with None."""
    await note(connection, name)
    await connection.execute(SQL["switch_source"], name, on, because)


async def put_ledger(connection: Connection, name: str, ledger: Ledger) -> None:
    """Replace the ledger but for `alive`."""
    await note(connection, name)
    told = [getattr(ledger, column) for column in WRITTEN]
    await connection.execute(SQL["put_ledger"], name, *told, json.dumps(dict(ledger.validators)))
