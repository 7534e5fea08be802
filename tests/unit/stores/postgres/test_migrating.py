"""Schemas: made once, brought forward whole or not at all, refused when they are foreign or newer."""

import asyncio

import pytest

from proxyfleet.stores.errors import StoreError, StoreUnusable
from proxyfleet.stores.postgres import migrating
from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.database import WRITES
from proxyfleet.stores.postgres.driver import Connection, connect
from proxyfleet.stores.postgres.migrating import Step, migrate, refuse_old, steps_in, version_of
from proxyfleet.stores.postgres.trouble import explained

KNOWN = steps_in()
NEWEST = KNOWN[-1].version
NEXT = Step(NEWEST + 1, "ALTER TABLE proxies ADD COLUMN more int NOT NULL DEFAULT 7")


@pytest.fixture
async def plain(address: Address) -> Connection:
    """A connection to a database in which there is no fleet yet."""
    return await connect(address, WRITES)


async def test_from_nothing_and_twice(plain: Connection, address: Address) -> None:
    assert await version_of(plain, address) == 0
    assert await migrate(plain, address) == (0, NEWEST)
    assert await migrate(plain, address) == (NEWEST, NEWEST)
    assert await migrate(plain, address, [*KNOWN, NEXT]) == (NEWEST, NEWEST + 1)
    assert await plain.fetchval("SELECT count(*) FROM proxies WHERE more = 7") == 0


async def test_several_nodes_at_once(address: Address) -> None:
    connections = [await connect(address, WRITES) for _ in range(4)]
    done = await asyncio.gather(*(migrate(connection, address) for connection in connections))
    assert {after for _, after in done} == {NEWEST}
    assert sorted(before for before, _ in done)[0] == 0
    for connection in connections:
        connection.terminate()


async def test_a_step_that_fails_leaves_everything_as_it_was(plain: Connection, address: Address) -> None:
    await migrate(plain, address)
    broken = Step(NEXT.version + 1, "SELECT nonsense")
    with pytest.raises(StoreError), explained(address.shown):
        await migrate(plain, address, [*KNOWN, NEXT, broken])
    assert await version_of(plain, address) == NEWEST
    assert await plain.fetchval("SELECT count(*) FROM information_schema.columns WHERE column_name = 'more' "
                                "AND table_schema = current_schema()") == 0  # fmt: skip


async def test_newer_and_foreign_schemas_are_refused(plain: Connection, address: Address) -> None:
    await migrate(plain, address, [*KNOWN, NEXT])
    with pytest.raises(StoreUnusable, match=f"has schema {NEWEST + 1}, this program knows {NEWEST}"):
        await migrate(plain, address)
    await plain.execute("DROP TABLE meta")
    with pytest.raises(StoreUnusable, match="belongs to another program; choose one by"):
        await migrate(plain, address)


async def test_an_old_server_is_refused(plain: Connection, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST", 990_000)
    with pytest.raises(StoreUnusable, match=r"is PostgreSQL \d+; use version 99 or newer"):
        await refuse_old(plain, address)


def test_steps_are_numbered_without_gaps() -> None:
    assert [step.version for step in KNOWN] == list(range(1, NEWEST + 1))
