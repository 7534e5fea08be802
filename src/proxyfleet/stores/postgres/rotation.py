"""Changes keys without stopping: each step commits whole, so being killed between any two of them loses nothing (SPEC A6).

A rotation that was cut short is finished by the next call. The order of steps lives here, their SQL in `keys`.
"""

from collections.abc import Callable
from functools import partial

from proxyfleet.stores.keykeeping import KeyStatus
from proxyfleet.stores.postgres import keys
from proxyfleet.stores.postgres.database import Database
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.postgres.sources import SourceRows
from proxyfleet.stores.sealing import Sealing
from proxyfleet.vault import Keyring, KeyState, MasterKey, prefix_of

BATCH = 500


async def status(database: Database) -> list[KeyStatus]:
    """All data keys, oldest first."""
    now = database.now()

    async def job(connection: Connection) -> list[KeyStatus]:
        values = await keys.values_by_key(connection)
        return [
            KeyStatus(
                row.kid, row.state, row.master, row.created, row.uses, values.get(row.kid, 0),
                row.state is KeyState.PRIMARY and row.due(now),
            )
            for row in await keys.key_rows(connection)
        ]  # fmt: skip

    return await database.reads.run(job, reads=True)


async def rotate(database: Database, progress: Callable[[int], None] | None = None) -> int:
    """Replace the data key and re-encrypt every secret, or finish what an earlier call began; how many were re-encrypted.

    `progress` is told that number after each batch. Reading and writing go on meanwhile, on other nodes too.
    """
    ring, now = database.ring, database.now()
    await database.change(lambda connection: keys.prepare(connection, ring, now))
    await database.change(lambda connection: keys.promote(connection, ring))
    done, retired = 0, False
    while not retired:
        await database.book(BATCH)
        done += await database.change(SourceRows(ring).reseal)
        done = await _reseal_all(database, done, progress)
        retired = await database.change(keys.retire)
    return done


async def change_master(database: Database, new: MasterKey) -> int:
    """Wrap the data keys with another master key, in one step; how many. From then on only the new one opens the fleet."""
    ring = database.ring
    count = await database.change(lambda connection: keys.change_master(connection, ring.master, new))
    ring.master = new
    return count


async def _reseal_all(database: Database, done: int, progress: Callable[[int], None] | None) -> int:
    sealing, after = Sealing(database.ring), 0
    while True:
        await database.book(2 * BATCH)
        last, count = await database.change(partial(_reseal, sealing=sealing, ring=database.ring, after=after))
        if not count:
            return done
        after, done = last, done + count
        if progress is not None:
            progress(done)


async def _reseal(connection: Connection, sealing: Sealing, ring: Keyring, after: int) -> tuple[int, int]:
    """One batch: the last id and how many secrets."""
    await keys.refresh(connection, ring)
    count, fresh = 0, []
    found = await connection.fetch(SQL["secrets_after"], after, prefix_of(ring.primary), BATCH)
    for proxy_id, uuid, password, url in found:
        fresh.append((proxy_id, *sealing.moved(proxy_id, uuid, password, url)))
        count += (password is not None) + (url is not None)
    await connection.executemany(SQL["replace_secrets"], fresh)
    return (found[-1][0] if found else after), count
