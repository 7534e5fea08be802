"""Changes keys without stopping: each step commits whole, so being killed between any two of them loses nothing (SPEC A6).

A rotation that was cut short is finished by the next call. The order of steps lives here, their SQL in `keys`.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from apsw import Connection

from proxyfleet.stores.keykeeping import KeyStatus
from proxyfleet.stores.records import Row
from proxyfleet.stores.sealing import Sealing
from proxyfleet.stores.sql import keys
from proxyfleet.stores.sql.database import Database
from proxyfleet.stores.sql.opening import connect
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.sources import SourceRows
from proxyfleet.stores.sql.trouble import explained
from proxyfleet.vault import Keyring, KeyState, MasterKey, prefix_of

BATCH = 500


async def status(database: Database) -> list[KeyStatus]:
    """All data keys, oldest first."""
    now = database.now()

    def job(connection: Connection) -> list[KeyStatus]:
        values = keys.values_by_key(connection)
        return [
            KeyStatus(
                row.kid, row.state, row.master, row.created, row.uses, values.get(row.kid, 0),
                row.state is KeyState.PRIMARY and row.due(now),
            )
            for row in keys.key_rows(connection)
        ]  # fmt: skip

    return await database.read(job)


async def rotate(database: Database, progress: Callable[[int], None] | None = None) -> int:
    """Replace the data key and re-encrypt every secret, or finish what an earlier call began; how many were re-encrypted.

    `progress` is told that number after each batch. Reading and writing go on meanwhile, in other processes too.
    """
    ring, now = database.ring, database.now()
    await database.write(lambda connection: keys.prepare(connection, ring, now))
    await database.write(lambda connection: keys.promote(connection, ring))
    done, retired = 0, False
    while not retired:
        done = await _reseal_all(database, done, progress)
        done += await database.write(SourceRows(ring).reseal)
        retired = await database.write(keys.retire)
    await asyncio.to_thread(_empty_log, database)
    return done


async def change_master(database: Database, new: MasterKey) -> int:
    """Wrap the data keys with another master key, in one step; how many. From then on only the new one opens the database."""
    ring = database.ring
    count = await database.write(lambda connection: keys.change_master(connection, ring.master, new))
    ring.master = new
    return count


async def _reseal_all(database: Database, done: int, progress: Callable[[int], None] | None) -> int:
    rows, after = Sealing(database.ring), 0
    while True:
        await database.book(2 * BATCH)
        last, count = await database.write(partial(_reseal, rows=rows, ring=database.ring, after=after))
        if not count:
            return done
        after, done = last, done + count
        if progress is not None:
            progress(done)


def _reseal(connection: Connection, rows: Sealing, ring: Keyring, after: int) -> tuple[int, int]:
    """One batch: the last id and how many secrets."""
    keys.refresh(connection, ring)
    prefix = prefix_of(ring.primary)
    wanted = {"after": after, "prefix": prefix, "length": len(prefix), "batch": BATCH}
    count = 0
    found: list[Row] = connection.execute(SQL["secrets_after"], wanted).fetchall()
    for after, uuid, password, url in found:
        connection.execute(SQL["replace_secrets"], (*rows.moved(after, uuid, password, url), after))
        count += (password is not None) + (url is not None)
    return after, count


def _empty_log(database: Database) -> None:
    """Copy the log into the file and cut it to nothing, so that values under the old key are gone from it."""
    with explained(database.path):
        connection = connect(database.path)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
