"""Keys change while everything goes on, on every node; what was cut short is finished by the next call."""

import asyncio

import pytest

from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.core.source import Feed, Source
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.postgres import keys, rotation
from proxyfleet.stores.postgres.database import open_and_unlock
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.vault import KeySource, KeyState, MasterKey

MANY = 2 * rotation.BATCH + 7
OWN = Source("mine", "own", (Feed("https://x.example/?key=canary"),))


def proxies(first: int, count: int) -> list[Proxy]:
    return [
        Proxy(
            Scheme.HTTP,
            f"h{n}",
            1,
            "u",
            Secret(f"p{n}"),
            details=Details(refresh_url=Secret("r")) if n % 5 == 0 else None,
        )
        for n in range(first, first + count)
    ]


async def passwords(store: PostgresStore) -> list[str | None]:
    return [proxy.password and proxy.password.reveal() async for batch in store.proxies() for proxy in batch]


async def test_every_secret_moves_to_the_new_key(store: PostgresStore, connection: Connection) -> None:
    await store.put(proxies(0, MANY))
    await store.put_source(OWN)
    before, told = store.database.ring.primary, list[int]()
    expected = MANY + len(range(0, MANY, 5))
    assert await store.rotate(told.append) == expected + 1
    assert told[-1] == expected + 1
    assert store.database.ring.primary != before
    assert await connection.fetchval("SELECT count(*) FROM proxies WHERE password LIKE $1", f"pf1.{before}.%") == 0
    states = {one.state: one.values for one in await store.key_status()}
    assert states == {KeyState.RETIRED: 0, KeyState.PRIMARY: expected + 1}
    assert await passwords(store) == [f"p{n}" for n in range(MANY)]
    assert [entry.own for entry in await store.sources()] == [OWN]


@pytest.mark.parametrize("step", ["prepare", "promote", "reseal", "retire"])
async def test_what_was_cut_short_is_finished(
    store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await store.put(proxies(0, MANY))
    module, name = (rotation, "_reseal") if step == "reseal" else (keys, step)

    async def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, name, killed)
        with pytest.raises(KeyboardInterrupt):
            await store.rotate()
    assert await passwords(other) == [f"p{n}" for n in range(MANY)]
    await other.rotate()
    assert {one.state for one in await other.key_status()} == {KeyState.PRIMARY, KeyState.RETIRED}
    assert await passwords(other) == [f"p{n}" for n in range(MANY)]


async def test_other_nodes_read_and_write_on(store: PostgresStore, other: PostgresStore) -> None:
    await store.put(proxies(0, MANY))
    done = asyncio.Event()

    async def work() -> None:
        first = MANY
        while not done.is_set():
            await other.put(proxies(first, 3))
            assert len(await passwords(other)) == first + 3
            first += 3

    async def rotate() -> None:
        await store.rotate()
        await store.rotate()
        done.set()

    await asyncio.wait_for(asyncio.gather(work(), rotate()), 60.0)
    found = await passwords(store)
    assert found == [f"p{n}" for n in range(len(found))]
    assert {one.state for one in await store.key_status()} == {KeyState.PRIMARY, KeyState.RETIRED}


async def test_a_new_master_is_the_only_one_from_then_on(store: PostgresStore, url: str, keys: KeySource) -> None:
    await store.put(proxies(0, 3))
    assert await store.change_master(MasterKey(bytes.fromhex("cd" * 32), "new")) == 1
    again = PostgresStore(await open_and_unlock(url, KeySource("cd" * 32), lambda: 1.0))
    assert await passwords(again) == ["p0", "p1", "p2"]
    await again.close()
    with pytest.raises(StoreLocked, match="was locked with key"):
        await open_and_unlock(url, keys, lambda: 1.0)


async def test_a_damaged_secret_is_named_and_nothing_else_is_lost(store: PostgresStore, connection: Connection) -> None:
    await store.put(proxies(0, 5))
    await connection.execute("UPDATE proxies SET password = substr(password, 1, 40) WHERE id = 3")
    with pytest.raises(StoreLocked, match=r"^proxy 3: "):
        await store.rotate()
    await store.remove([3])
    await store.rotate()
    assert await passwords(store) == ["p0", "p1", "p3", "p4"]
