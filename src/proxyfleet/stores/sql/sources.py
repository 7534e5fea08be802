"""Definitions, switches and ledgers of sources on a connection. Sync, inside the caller's transaction.

What a row means is `stores.source_rows`; what the ledgers say is others' business.
"""

from typing import Any

from apsw import Connection

from proxyfleet.core.source import Ledger, Source, SourceEntry
from proxyfleet.stores.records import Row
from proxyfleet.stores.source_rows import SourceSealing, ledger_row
from proxyfleet.stores.sql.keys import learn, refresh
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.vault import Keyring, prefix_of


class SourceRows:
    """Sources in and out of the table `sources`, their addresses sealed and opened by one ring."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._sealing = SourceSealing(ring)

    def read(self, connection: Connection) -> list[SourceEntry]:
        """Everything kept, by name."""
        learn(connection, self._ring)
        return [self._sealing.entry(row) for row in connection.execute(SQL["sources"])]

    def define(self, connection: Connection, source: Source) -> None:
        """Add an own source, or replace its definition."""
        refresh(connection, self._ring)
        note(connection, source.name)
        uuid = bytes(_cell(connection.execute(SQL["source_uuid"], (source.name,)).get))
        connection.execute(SQL["define_source"], (*self._sealing.definition(source, uuid), source.name))

    def reseal(self, connection: Connection) -> int:
        """Seal under the primary key what is under an older one; how many values."""
        refresh(connection, self._ring)
        prefix = prefix_of(self._ring.primary)
        found: list[Row] = connection.execute(SQL["sealed_feeds"], {"prefix": prefix, "length": len(prefix)}).fetchall()
        for number, uuid, feeds in found:
            connection.execute(SQL["replace_feeds"], (self._sealing.moved(feeds, uuid), number))
        return len(found)


def note(connection: Connection, name: str) -> int:
    """Make sure that something is kept under that name; the number that stands for it."""
    connection.execute(SQL["note_source"], (name,))
    return int(_cell(connection.execute(SQL["source_number"], (name,)).get))


def _cell(value: Any) -> Any:
    """A value of one column; `Any` because SQLite's have many types, which the schema guarantees."""
    return value


def remove(connection: Connection, name: str) -> bool:
    """False when nothing was kept."""
    return connection.execute(SQL["remove_source"], (name,)).get is not None


def switch(connection: Connection, name: str, on: bool | None, because: str | None) -> None:
    """Switch on or off, or back to nobody's word with None."""
    note(connection, name)
    connection.execute(SQL["switch_source"], (on, because, name))


def put_ledger(connection: Connection, name: str, ledger: Ledger) -> None:
    """Replace the ledger but for `alive`."""
    note(connection, name)
    connection.execute(SQL["put_ledger"], (*ledger_row(ledger), name))
