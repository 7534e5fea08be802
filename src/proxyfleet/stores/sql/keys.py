"""The table of wrapped data keys: who may open this database, which key seals now, how often it was used.

Every function takes a connection and runs inside the caller's transaction; what a key does is the vault's work.
"""

from pathlib import Path

from apsw import Connection

from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.keykeeping import MOST_USES
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.transaction import transaction
from proxyfleet.vault import (
    Keyring,
    KeyRow,
    KeySource,
    KeyState,
    MasterKey,
    MissingKey,
    new_key,
    rewrapped,
)


def key_rows(connection: Connection) -> list[KeyRow]:
    """All data keys, oldest first."""
    return [KeyRow(*row)._replace(state=KeyState(row[4])) for row in connection.execute(SQL["keys"])]


def unlock(connection: Connection, path: Path, source: KeySource, now: float) -> Keyring:
    """The opened ring of a database; a database without keys gets its first, one with keys never a second master.

    Raises `MissingKey`, `WrongKey` or `BadKey`.
    """
    rows = key_rows(connection)
    master = source.find(path)
    if master is None and rows:
        raise MissingKey(
            f"the passwords in {path} are locked with key {rows[0].master}, which is not given; "
            "set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE to it"
        )
    ring = Keyring(master or source.make(path))
    with transaction(connection):
        refresh(connection, ring)
        if not ring.primary:
            _insert(connection, new_key(ring.master, KeyState.PRIMARY, now))
            refresh(connection, ring)
    return ring


def learn(connection: Connection, ring: Keyring) -> None:
    """Open keys that another process made; for readers, whose snapshot may be too old to say which one seals."""
    if any(state != KeyState.RETIRED and kid not in ring for kid, state in connection.execute(SQL["key_states"])):
        ring.load(key_rows(connection))


def refresh(connection: Connection, ring: Keyring) -> None:
    """Learn of keys and of the one that seals; for writers, who see the latest state."""
    learn(connection, ring)
    ring.primary = str(connection.execute(SQL["primary_key"]).get or "")


def reserve(connection: Connection, count: int) -> str:
    """Book that many uses of the primary key before they happen; its id. A crash books too many, never too few."""
    kid = str(connection.execute(SQL["count_uses"], (count,)).get)
    uses = next(row.uses for row in key_rows(connection) if row.kid == kid)
    if uses > MOST_USES:
        raise StoreLocked("the key of this database has been used too often to be safe; rotate it and try again")
    return kid


def prepare(connection: Connection, ring: Keyring, now: float) -> None:
    """First half of a rotation: a pending key, unless one is there or older keys are still being replaced."""
    rows = key_rows(connection)
    if any(row.master != ring.master.name for row in rows):
        raise StoreLocked("the key of this database was changed meanwhile; start again with the new one")
    states = {row.state for row in rows}
    if not states & {KeyState.PENDING, KeyState.DECRYPT_ONLY}:
        _insert(connection, new_key(ring.master, KeyState.PENDING, now))
    refresh(connection, ring)


def promote(connection: Connection, ring: Keyring) -> None:
    """Second half: the pending key seals from now on, the one before only opens."""
    if any(row.state is KeyState.PENDING for row in key_rows(connection)):
        connection.execute(SQL["set_key_state"], (KeyState.DECRYPT_ONLY, KeyState.PRIMARY))
        connection.execute(SQL["set_key_state"], (KeyState.PRIMARY, KeyState.PENDING))
    refresh(connection, ring)


def values_by_key(connection: Connection) -> dict[str, int]:
    """How many sealed values need each key."""
    return {str(kid): int(str(count)) for kid, count in connection.execute(SQL["secrets_by_key"])}


def retire(connection: Connection) -> bool:
    """Retire the keys that only open, if no value needs them; False when some still does."""
    needed = values_by_key(connection)
    if any(row.state is KeyState.DECRYPT_ONLY and row.kid in needed for row in key_rows(connection)):
        return False
    connection.execute(SQL["set_key_state"], (KeyState.RETIRED, KeyState.DECRYPT_ONLY))
    return True


def change_master(connection: Connection, old: MasterKey, new: MasterKey) -> int:
    """Wrap every data key with another master; how many. No value is touched."""
    rows = key_rows(connection)
    for row in rows:
        after = rewrapped(row, old, new)
        connection.execute(SQL["rewrap_key"], (after.master, after.wrapped, after.kid))
    return len(rows)


def refuse_unopenable(connection: Connection, master: MasterKey) -> None:
    """Raises `WrongKey` when the keys in a database were wrapped by another master."""
    for row in key_rows(connection):
        master.unwrap(row)


def _insert(connection: Connection, row: KeyRow) -> None:
    connection.execute(SQL["insert_key"], row)
