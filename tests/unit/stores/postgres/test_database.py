"""Connections for each kind of work, and keys counted before they are used."""

import asyncio

import pytest

from proxyfleet.stores.errors import NoDatabase, StoreClosed
from proxyfleet.stores.keykeeping import USES_BLOCK
from proxyfleet.stores.postgres.database import CLAIMS, Database, open_and_unlock
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.keys import key_rows
from proxyfleet.vault import KeySource


async def uses(database: Database) -> int:
    return sum(row.uses for row in await database.reads.run(key_rows))


async def test_uses_of_the_key_are_booked_in_blocks(database: Database) -> None:
    await database.book(0)
    assert await uses(database) == 0
    await database.book(3)
    await database.book(USES_BLOCK - 3)
    assert await uses(database) == USES_BLOCK
    await database.book(1)
    assert await uses(database) == 2 * USES_BLOCK


async def test_changes_of_the_inventory_come_one_after_the_other(database: Database, url: str, keys: KeySource) -> None:
    second = await open_and_unlock(url, keys, lambda: 0.0)
    inside = 0

    async def job(connection: Connection) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await connection.execute("SELECT pg_sleep(0.05)")
        inside -= 1

    await asyncio.gather(*(one.change(job) for one in (database, second) for _ in range(3)))
    await second.close()


async def test_a_snapshot_sees_one_instant(database: Database) -> None:
    async with database.snapshot() as connection:
        assert await connection.fetchval("SELECT count(*) FROM settings") == 0
        await database.change(lambda other: other.execute("INSERT INTO settings VALUES ('a', 'b')"))
        assert await connection.fetchval("SELECT count(*) FROM settings") == 0


async def test_claims_never_wait_long(database: Database) -> None:
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        told = await database.claims.run(lambda connection, name=name: connection.fetchval(f"SHOW {name}"))
        assert told == CLAIMS[name]


async def test_what_is_not_to_be_made_is_not_made(url: str, keys: KeySource) -> None:
    with pytest.raises(NoDatabase, match="`proxyfleet import` makes one"):
        await open_and_unlock(url, keys, lambda: 0.0, make=False)
    database = await open_and_unlock(url, keys, lambda: 0.0)
    await (await open_and_unlock(url, keys, lambda: 0.0, make=False)).close()
    await database.close()


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    with pytest.raises(StoreClosed):
        async with database.snapshot():
            pass
    with pytest.raises(StoreClosed):
        await database.reads.run(key_rows)
