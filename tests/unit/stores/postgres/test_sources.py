"""Addresses of own sources are sealed, and bound to their source."""

from dataclasses import replace

import pytest

from proxyfleet.core.source import Feed, Source
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.store import PostgresStore

OWN = Source("mine", "own", (Feed("https://x.example/?key=canary"),))


async def test_no_address_lies_in_the_table(store: PostgresStore, connection: Connection) -> None:
    await store.put_source(OWN)
    rows = [tuple(row) for row in await connection.fetch("SELECT * FROM sources")]
    assert "canary" not in str(rows)
    assert (await store.sources())[0].own == OWN


async def test_a_moved_address_is_refused_with_the_source(store: PostgresStore, connection: Connection) -> None:
    await store.put_source(OWN)
    await store.put_source(replace(OWN, name="other"))
    await connection.execute(
        "UPDATE sources SET feeds = (SELECT feeds FROM sources WHERE name = 'other') WHERE name = 'mine'"
    )
    with pytest.raises(StoreLocked, match="source mine"):
        await store.sources()
