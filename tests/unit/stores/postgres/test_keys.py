"""Who may open a fleet, and who may not."""

from pathlib import Path

import pytest

from proxyfleet.stores.errors import StoreBusy, StoreLocked
from proxyfleet.stores.keykeeping import MOST_USES
from proxyfleet.stores.postgres import keys
from proxyfleet.stores.postgres.database import Database, open_and_unlock
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.vault import KeySource, KeyState


async def test_the_first_node_makes_a_key_and_the_second_needs_it(url: str, tmp_path: Path) -> None:
    source = KeySource(default=tmp_path / "key")
    first = await open_and_unlock(url, source, lambda: 1.0)
    second = await open_and_unlock(url, source, lambda: 2.0)
    assert first.ring.primary == second.ring.primary
    for wrong, told in ((KeySource("ab" * 32), "was locked with key"), (KeySource(), "which is not given")):
        with pytest.raises(StoreLocked, match=told) as caught:
            await open_and_unlock(url, wrong, lambda: 3.0)
        assert "ab" * 32 not in str(caught.value)
    for database in (first, second):
        await database.close()


async def test_without_a_key_nothing_is_made(url: str) -> None:
    with pytest.raises(StoreLocked, match="no key for the passwords in the database"):
        await open_and_unlock(url, KeySource(), lambda: 1.0)


async def test_keys_of_other_nodes_are_learnt(database: Database, connection: Connection) -> None:
    ring = database.ring
    async with connection.transaction():
        await keys.prepare(connection, ring, 5.0)
        await keys.promote(connection, ring)
    states = [row.state for row in await keys.key_rows(connection)]
    assert sorted(states) == [KeyState.DECRYPT_ONLY, KeyState.PRIMARY]
    assert await keys.retire(connection)
    assert {row.state for row in await keys.key_rows(connection)} == {KeyState.PRIMARY, KeyState.RETIRED}


async def test_uses_are_counted_and_end(connection: Connection, database: Database) -> None:
    before = (await keys.key_rows(connection))[0].uses
    assert await keys.reserve(connection, 10) == database.ring.primary
    assert (await keys.key_rows(connection))[0].uses == before + 10
    with pytest.raises(StoreLocked, match="rotate it"):
        await keys.reserve(connection, MOST_USES)


async def test_only_one_changes_the_inventory(connection: Connection, database: Database) -> None:
    async with connection.transaction():
        assert await keys.lock_inventory(connection) == 1
        with pytest.raises(StoreBusy):
            await database.reads.run(lambda other: other.execute("SELECT * FROM inventory_state FOR UPDATE NOWAIT"))
