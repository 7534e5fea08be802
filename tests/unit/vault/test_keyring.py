"""Data keys under a master key, and columns that find their key by its id."""

import pytest

from proxyfleet.vault import Column, Damaged, Keyring, KeyState, MasterKey, WrongKey, new_key, rewrapped
from proxyfleet.vault.keyring import LONGEST_LIFE, MOST_USES

ROW = bytes(16)
MASTER = MasterKey(b"m" * 32, "PROXYFLEET_KEY")


def ring_of(*rows: object, primary: str = "") -> Keyring:
    ring = Keyring(MASTER)
    ring.load(rows)  # type: ignore[arg-type]
    ring.primary = primary
    return ring


def test_older_keys_still_open_while_the_primary_seals() -> None:
    old, new = new_key(MASTER, KeyState.PRIMARY, 0.0), new_key(MASTER, KeyState.PENDING, 0.0)
    ring = ring_of(old, new, primary=old.kid)
    column = Column(ring, "proxies", "password")
    before = column.seal("p", ROW)
    ring.primary = new.kid
    after = column.seal("p", ROW)
    assert (before[4:12], after[4:12]) == (old.kid, new.kid)
    assert column.open(before, ROW) == column.open(after, ROW) == "p"


def test_retired_keys_are_not_opened() -> None:
    row = new_key(MASTER, KeyState.RETIRED, 0.0)
    assert row.kid not in ring_of(row)


def test_a_key_that_is_not_there_is_named_as_the_cause() -> None:
    row = new_key(MASTER, KeyState.PRIMARY, 0.0)
    value = Column(ring_of(row, primary=row.kid), "proxies", "password").seal("p", ROW)
    with pytest.raises(Damaged, match="names a key that this database does not have"):
        Column(ring_of(), "proxies", "password").open(value, ROW)


def test_another_master_is_refused_by_name() -> None:
    row, other = new_key(MASTER, KeyState.PRIMARY, 0.0), MasterKey(b"n" * 32, "the key file /k")
    with pytest.raises(WrongKey, match=f"the key file /k is key {other.name}, .* locked with key {MASTER.name}"):
        other.unwrap(row)


def test_a_row_whose_key_was_altered_or_exchanged_is_refused() -> None:
    one, two = new_key(MASTER, KeyState.PRIMARY, 0.0), new_key(MASTER, KeyState.PENDING, 0.0)
    for spoiled in (
        one._replace(wrapped=two.wrapped),
        one._replace(wrapped=b""),
        one._replace(wrapped=one.wrapped[:-1] + b"x"),
    ):
        with pytest.raises(Damaged, match="restore a backup"):
            MASTER.unwrap(spoiled)


def test_rewrapping_keeps_the_data_key() -> None:
    row, other = new_key(MASTER, KeyState.PRIMARY, 5.0), MasterKey(b"n" * 32, "x")
    after = rewrapped(row, MASTER, other)
    assert other.unwrap(after) == MASTER.unwrap(row)
    assert after._replace(master=row.master, wrapped=row.wrapped) == row


def test_keys_are_never_shown() -> None:
    assert "mmmm" not in repr(MASTER) + str(vars(type(MASTER))) + MASTER.name
    assert MASTER.name == MasterKey(b"m" * 32, "elsewhere").name != MasterKey(b"n" * 32, "x").name


@pytest.mark.parametrize(
    ("uses", "age", "due"),
    [(0, 0.0, False), (MOST_USES, 0.0, True), (0, LONGEST_LIFE, True), (9, LONGEST_LIFE - 1, False)],
)
def test_a_key_is_due_by_uses_or_age(uses: int, age: float, due: bool) -> None:
    assert new_key(MASTER, KeyState.PRIMARY, 100.0)._replace(uses=uses).due(100.0 + age) is due
