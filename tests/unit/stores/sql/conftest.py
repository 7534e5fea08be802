"""An open database in a temporary directory, with its key in another one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxyfleet.stores.sql.database import Database, open_and_unlock
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource

NOW = 1_700_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "fleet.db"


@pytest.fixture
def keys(tmp_path: Path) -> KeySource:
    return KeySource(default=tmp_path / "keys" / "key")


@pytest.fixture
async def database(path: Path, keys: KeySource) -> AsyncIterator[Database]:
    opened = open_and_unlock(path, keys, lambda: NOW)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)
