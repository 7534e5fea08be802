"""A fleet of its own in the database of the test run, with its key in a temporary directory; two nodes of it where wanted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests import postgres

from proxyfleet.stores.postgres.address import Address, address_of
from proxyfleet.stores.postgres.database import WRITES, Database, open_and_unlock
from proxyfleet.stores.postgres.driver import Connection, connect
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.vault import KeySource

NOW = 1_700_000_000.0


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with postgres.schema() as made:
        yield made


@pytest.fixture
def address(url: str) -> Address:
    return address_of(url)


@pytest.fixture
def keys(tmp_path: Path) -> KeySource:
    return KeySource(default=tmp_path / "keys" / "key")


@pytest.fixture
async def database(url: str, keys: KeySource) -> AsyncIterator[Database]:
    opened = await open_and_unlock(url, keys, lambda: NOW)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> PostgresStore:
    return PostgresStore(database)


@pytest.fixture
async def other(url: str, keys: KeySource, database: Database) -> AsyncIterator[PostgresStore]:
    """Another node of the same fleet."""
    opened = PostgresStore(await open_and_unlock(url, keys, lambda: NOW))
    yield opened
    await opened.close()


@pytest.fixture
async def connection(address: Address, database: Database) -> AsyncIterator[Connection]:
    """A plain connection to the tables of the fleet."""
    opened = await connect(address, WRITES)
    yield opened
    opened.terminate()
