"""The table of wrapped data keys: who may open this fleet, which key seals now, how often it was used.

Every function takes a connection; those that change something run inside the caller's transaction, behind `lock_inventory`.
"""

from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.keykeeping import MOST_USES
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.vault import Keyring, KeyRow, KeySource, KeyState, MasterKey, MissingKey, new_key, rewrapped


async def lock_inventory(connection: Connection) -> int:
    """Be the only one who changes proxies or keys until the transaction ends; the next id."""
    return int(await connection.fetchval(SQL["lock_inventory"]))


async def key_rows(connection: Connection) -> list[KeyRow]:
    """All data keys, oldest first."""
    return [KeyRow(*row)._replace(state=KeyState(row[4])) for row in await connection.fetch(SQL["keys"])]


async def unlock(connection: Connection, shown: str, source: KeySource, now: float) -> Keyring:
    """The opened ring; a fleet without keys gets its first, one with keys never a second master.

    Raises `MissingKey`, `WrongKey` or `BadKey`.
    """
    rows = await key_rows(connection)
    master = source.find(None)
    if master is None and rows:
        raise MissingKey(
            f"the passwords in {shown} are locked with key {rows[0].master}, which is not given; "
            "set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE to it"
        )
    ring = Keyring(master or source.make(None))
    async with connection.transaction():
        await lock_inventory(connection)
        await refresh(connection, ring)
        if not ring.primary:
            await _insert(connection, new_key(ring.master, KeyState.PRIMARY, now))
            await refresh(connection, ring)
    return ring


async def learn(connection: Connection, ring: Keyring) -> None:
    """Open keys that another node made; for readers, whose snapshot may be too old to say which one seals."""
    states = await connection.fetch(SQL["key_states"])
    if any(state != KeyState.RETIRED and kid not in ring for kid, state in states):
        ring.load(await key_rows(connection))


async def refresh(connection: Connection, ring: Keyring) -> None:
    """Learn of keys and of the one that seals; for writers, behind `lock_inventory`."""
    await learn(connection, ring)
    states = await connection.fetch(SQL["key_states"])
    ring.primary = next((str(kid) for kid, state in states if state == KeyState.PRIMARY), "")


async def reserve(connection: Connection, count: int) -> str:
    """Book that many uses of the primary key before they happen; its id. A crash books too many, never too few."""
    row = await connection.fetchrow(SQL["count_uses"], count)
    if row is None or row[1] > MOST_USES:
        raise StoreLocked("the key of this fleet has been used too often to be safe; rotate it and try again")
    return str(row[0])


async def prepare(connection: Connection, ring: Keyring, now: float) -> None:
    """First half of a rotation: a pending key, unless one is there or older keys are still being replaced."""
    rows = await key_rows(connection)
    if any(row.master != ring.master.name for row in rows):
        raise StoreLocked("the key of this fleet was changed meanwhile; start again with the new one")
    if not {row.state for row in rows} & {KeyState.PENDING, KeyState.DECRYPT_ONLY}:
        await _insert(connection, new_key(ring.master, KeyState.PENDING, now))
    await refresh(connection, ring)


async def promote(connection: Connection, ring: Keyring) -> None:
    """Second half: the pending key seals from now on, the one before only opens."""
    if any(row.state is KeyState.PENDING for row in await key_rows(connection)):
        await connection.execute(SQL["set_key_state"], KeyState.DECRYPT_ONLY, KeyState.PRIMARY)
        await connection.execute(SQL["set_key_state"], KeyState.PRIMARY, KeyState.PENDING)
    await refresh(connection, ring)


async def values_by_key(connection: Connection) -> dict[str, int]:
    """How many sealed values need each key."""
    return {str(kid): int(count) for kid, count in await connection.fetch(SQL["secrets_by_key"])}


async def retire(connection: Connection) -> bool:
    """Retire the keys that only open, if no value needs them; False when some still does."""
    needed = await values_by_key(connection)
    if any(row.state is KeyState.DECRYPT_ONLY and row.kid in needed for row in await key_rows(connection)):
        return False
    await connection.execute(SQL["set_key_state"], KeyState.RETIRED, KeyState.DECRYPT_ONLY)
    return True


async def change_master(connection: Connection, old: MasterKey, new: MasterKey) -> int:
    """Wrap every data key with another master; how many. No value is touched."""
    rows = await key_rows(connection)
    for row in rows:
        after = rewrapped(row, old, new)
        await connection.execute(SQL["rewrap_key"], after.kid, after.master, after.wrapped)
    return len(rows)


async def _insert(connection: Connection, row: KeyRow) -> None:
    await connection.execute(SQL["insert_key"], *row)
