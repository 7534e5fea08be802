"""The open database of a process: reading, writing, booking uses, closing."""

import asyncio
from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreClosed, StoreLocked
from proxyfleet.stores.keykeeping import USES_BLOCK
from proxyfleet.stores.sql.database import Database, open_and_unlock
from proxyfleet.stores.sql.keys import key_rows
from proxyfleet.vault import KeySource


async def uses(database: Database) -> int:
    return (await database.read(key_rows))[0].uses


async def test_uses_are_booked_in_blocks_before_they_happen(database: Database) -> None:
    assert await uses(database) == 0
    for _ in range(3):
        await database.book(10)
    assert await uses(database) == USES_BLOCK
    await database.book(USES_BLOCK * 3)
    assert await uses(database) == 4 * USES_BLOCK


async def test_calls_at_the_same_time_book_enough(database: Database) -> None:
    await asyncio.gather(*(database.book(USES_BLOCK // 2) for _ in range(6)))
    assert await uses(database) >= 3 * USES_BLOCK


async def test_reading_sees_what_was_acknowledged_and_cannot_write(database: Database) -> None:
    await database.write(lambda connection: connection.execute("INSERT INTO meta VALUES ('a', 'b')").get)
    assert await database.read(lambda connection: connection.execute("SELECT value FROM meta").get) == "b"
    with pytest.raises(Exception, match="cannot be written"):
        await database.read(lambda connection: connection.execute("DELETE FROM meta").get)


async def test_closing_leaves_one_file(database: Database, path: Path) -> None:
    await database.write(lambda connection: connection.execute("INSERT INTO meta VALUES ('a', 'b')").get)
    await database.close()
    await database.close()
    assert [file.name for file in path.parent.iterdir()] == ["fleet.db"]
    with pytest.raises(StoreClosed):
        await database.read(key_rows)


async def test_a_missing_key_refuses_and_no_second_one_is_made(database: Database, path: Path, keys: KeySource) -> None:
    await database.close()
    assert keys.default is not None
    (name,) = {row.master for row in key_rows(apsw.Connection(str(path)))}
    keys.default.unlink()
    for source in (keys, KeySource()):
        with pytest.raises(StoreLocked, match=f"locked with key {name}, which is not given; set PROXYFLEET_KEY"):
            open_and_unlock(path, source, lambda: 0.0)
    assert not keys.default.exists()


async def test_a_wrong_key_is_told_apart(database: Database, path: Path) -> None:
    await database.close()
    with pytest.raises(StoreLocked, match=r"PROXYFLEET_KEY is key \w{8}, but this database was locked with key \w{8}"):
        open_and_unlock(path, KeySource("00" * 32), lambda: 0.0)
