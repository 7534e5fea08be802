"""Addresses of own sources are sealed, bound to their row, and move to new keys with everything else."""

from pathlib import Path

import pytest

from proxyfleet.core.source import Feed, Source
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sql.rotation import rotate, status
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeyState

OWN = Source("mine", "own", (Feed("https://u:canary-1@lists.example/?key=canary-2"),))


async def test_addresses_are_nowhere_in_the_file(store: SqliteStore, path: Path) -> None:
    await store.put_source(OWN)
    assert b"canary" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert "canary" not in repr(await store.sources())
    assert (await store.sources())[0].own == OWN


async def test_a_new_key_seals_them_too_and_the_old_one_retires(store: SqliteStore) -> None:
    await store.put_source(OWN)
    (before,) = await status(store.database)
    assert before.values == 1
    assert await rotate(store.database) == 1
    found = {key.kid: (key.state, key.values) for key in await status(store.database)}
    assert found.pop(before.kid) == (KeyState.RETIRED, 0)
    assert list(found.values()) == [(KeyState.PRIMARY, 1)]
    assert (await store.sources())[0].own == OWN
    assert await rotate(store.database) == 1


async def test_a_value_of_another_row_does_not_open_and_is_named(store: SqliteStore) -> None:
    await store.put_source(OWN)
    await store.database.write(lambda c: c.execute("UPDATE sources SET uuid = zeroblob(16)").get)
    with pytest.raises(StoreLocked, match=r"^source mine: .*remove the source"):
        await store.sources()
    assert await store.remove_source("mine")
    assert await store.sources() == []
