"""The table of data keys: one primary, rotation in two steps, another master."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sql import keys
from proxyfleet.stores.sql.migrating import migrate, steps_in
from proxyfleet.vault import Keyring, KeySource, KeyState, MasterKey, WrongKey

HEX = "ab" * 32
SOURCE = KeySource(HEX)
MASTER = MasterKey(bytes.fromhex(HEX), "x")


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    opened = apsw.Connection(str(tmp_path / "fleet.db"))
    migrate(opened, tmp_path / "fleet.db", steps_in())
    return opened


@pytest.fixture
def ring(connection: apsw.Connection, tmp_path: Path) -> Keyring:
    return keys.unlock(connection, tmp_path / "fleet.db", SOURCE, 5.0)


def states(connection: apsw.Connection) -> list[str]:
    return sorted(row.state.value for row in keys.key_rows(connection))


def test_the_first_start_makes_one_key_and_later_ones_none(
    connection: apsw.Connection, ring: Keyring, tmp_path: Path
) -> None:
    again = keys.unlock(connection, tmp_path / "fleet.db", SOURCE, 6.0)
    assert again.primary == ring.primary
    assert states(connection) == ["primary"]
    assert HEX not in repr(keys.key_rows(connection))


def test_a_rotation_goes_through_pending(connection: apsw.Connection, ring: Keyring) -> None:
    first = ring.primary
    keys.prepare(connection, ring, 7.0)
    assert (states(connection), ring.primary) == (["pending", "primary"], first)
    keys.prepare(connection, ring, 7.0)
    assert states(connection) == ["pending", "primary"]
    keys.promote(connection, ring)
    assert states(connection) == ["decrypt_only", "primary"]
    assert ring.primary != first
    keys.promote(connection, ring)
    keys.prepare(connection, ring, 8.0)
    assert states(connection) == ["decrypt_only", "primary"], "what was begun is finished first"
    assert keys.retire(connection)
    assert states(connection) == ["primary", "retired"]


def test_another_ring_learns_of_the_new_key(connection: apsw.Connection, ring: Keyring, tmp_path: Path) -> None:
    other = keys.unlock(connection, tmp_path / "fleet.db", SOURCE, 5.0)
    keys.prepare(connection, ring, 7.0)
    keys.promote(connection, ring)
    keys.learn(connection, other)
    assert ring.primary in other
    assert other.primary != ring.primary
    keys.refresh(connection, other)
    assert other.primary == ring.primary


def test_only_one_key_can_be_primary(connection: apsw.Connection, ring: Keyring) -> None:
    with pytest.raises(apsw.ConstraintError):
        connection.execute("INSERT INTO keyring VALUES ('12345678', 'x', 'm', x'00', 'primary', 0, 0)")


def test_a_key_used_too_often_is_refused(connection: apsw.Connection, ring: Keyring) -> None:
    assert keys.reserve(connection, 10) == ring.primary
    with pytest.raises(StoreLocked, match="rotate it"):
        keys.reserve(connection, keys.MOST_USES)


def test_another_master_opens_afterwards_and_the_old_one_does_not(connection: apsw.Connection, ring: Keyring) -> None:
    new = MasterKey(bytes(32), "new")
    keys.prepare(connection, ring, 7.0)
    assert keys.change_master(connection, MASTER, new) == 2
    keys.refuse_unopenable(connection, new)
    with pytest.raises(WrongKey):
        keys.refuse_unopenable(connection, MASTER)


def test_no_key_is_retired_while_a_value_needs_it(connection: apsw.Connection, ring: Keyring) -> None:
    row = f"VALUES (x'{'00' * 16}', 'http', 'http', 'h', 1, 'pf1.{ring.primary}.x', 'active', 0, 'static', 'isp')"
    names = "uuid, family, scheme, host, port, refresh_url, status, require_check, kind, type"
    connection.execute(f"INSERT INTO proxies ({names}) {row}")
    assert keys.values_by_key(connection) == {ring.primary: 1}
    keys.prepare(connection, ring, 7.0)
    keys.promote(connection, ring)
    assert not keys.retire(connection)
    assert KeyState.DECRYPT_ONLY in states(connection)
