"""Rotation: everything re-encrypted, nothing lost, finished by the next call when it was cut short."""

from pathlib import Path

import pytest

from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sql import keys
from proxyfleet.stores.sql.database import open_and_unlock
from proxyfleet.stores.sql.rotation import BATCH, change_master, rotate, status
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource, KeyState, MasterKey

COUNT = BATCH + 7
PROXIES = [Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret(f"p{n}")) for n in range(COUNT)]
PROXIES += [Proxy(Scheme.HTTP, "url", 1, details=Details(refresh_url=Secret("r"))), Proxy(Scheme.HTTP, "bare", 1)]


async def secrets(store: SqliteStore) -> list[str | None]:
    found = [proxy async for batch in store.proxies() for proxy in batch]
    return [proxy.password.reveal() if proxy.password else None for proxy in found]


async def test_every_secret_moves_to_the_new_key(store: SqliteStore, path: Path) -> None:
    await store.put(PROXIES)
    (before,) = await status(store.database)
    assert (before.state, before.values, before.due) == (KeyState.PRIMARY, COUNT + 1, False)
    told: list[int] = []
    assert await rotate(store.database, told.append) == COUNT + 1
    assert told == [BATCH, COUNT + 1]
    old, new = sorted(await status(store.database), key=lambda key: key.state is KeyState.PRIMARY)
    assert (old.kid, old.state, old.values) == (before.kid, KeyState.RETIRED, 0)
    assert (new.state, new.values) == (KeyState.PRIMARY, COUNT + 1)
    assert await secrets(store) == [f"p{n}" for n in range(COUNT)] + [None, None]
    old_values = f"pf1.{before.kid}".encode()
    assert not [file.name for file in path.parent.iterdir() if old_values in file.read_bytes()]


@pytest.mark.parametrize("step", ["prepare", "promote", "one batch"])
async def test_what_was_cut_short_is_finished(store: SqliteStore, keys_of: KeySource, path: Path, step: str) -> None:
    database = store.database
    await store.put(PROXIES)
    await database.write(lambda connection: keys.prepare(connection, database.ring, 0.0))
    if step != "prepare":
        await database.write(lambda connection: keys.promote(connection, database.ring))
    if step == "one batch":
        with pytest.raises(KeyboardInterrupt):
            await rotate(database, interrupt)
    await store.close()
    again = SqliteStore(open_and_unlock(path, keys_of, lambda: 1.0))
    assert (await secrets(again))[:3] == ["p0", "p1", "p2"]
    await rotate(again.database)
    assert sorted(key.state.value for key in await status(again.database)) == ["primary", "retired"]
    assert await secrets(again) == [f"p{n}" for n in range(COUNT)] + [None, None]
    await again.close()


def interrupt(done: int) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def keys_of(keys: KeySource) -> KeySource:
    return keys


async def test_another_process_reads_and_writes_on(store: SqliteStore, path: Path, keys_of: KeySource) -> None:
    other = SqliteStore(open_and_unlock(path, keys_of, lambda: 1.0))
    await store.put(PROXIES[:3])
    await rotate(other.database)
    assert await secrets(store) == ["p0", "p1", "p2"]
    await store.put(PROXIES[3:4])
    assert {key.values for key in await status(other.database) if key.state is KeyState.PRIMARY} == {4}
    await other.close()


async def test_a_new_master_is_the_only_one_from_then_on(store: SqliteStore, path: Path, keys_of: KeySource) -> None:
    await store.put(PROXIES[:2])
    assert await change_master(store.database, MasterKey(bytes.fromhex("cd" * 32), "new")) == 1
    await rotate(store.database)
    await store.close()
    with pytest.raises(StoreLocked, match="was locked with key"):
        open_and_unlock(path, keys_of, lambda: 1.0)
    again = SqliteStore(open_and_unlock(path, KeySource("cd" * 32), lambda: 1.0))
    assert await secrets(again) == ["p0", "p1"]
    await again.close()


async def test_a_damaged_secret_is_named_and_nothing_else_is_lost(store: SqliteStore) -> None:
    await store.put(PROXIES[:3])
    await store.database.write(lambda c: c.execute("UPDATE proxies SET uuid = zeroblob(16) WHERE id = 2").get)
    with pytest.raises(StoreLocked, match=r"^proxy 2: "):
        await rotate(store.database)
    await store.remove([2])
    await rotate(store.database)
    assert await secrets(store) == ["p0", "p2"]


async def test_no_key_is_made_under_a_master_that_was_changed_meanwhile(
    store: SqliteStore, path: Path, keys_of: KeySource
) -> None:
    """Keys under two masters would lock everybody out."""
    other = SqliteStore(open_and_unlock(path, keys_of, lambda: 1.0))
    await store.put(PROXIES[:2])
    await change_master(store.database, MasterKey(bytes.fromhex("cd" * 32), "new"))
    with pytest.raises(StoreLocked, match="changed meanwhile"):
        await rotate(other.database)
    assert {key.master for key in await status(store.database)} == {store.database.ring.master.name}
    await other.close()
