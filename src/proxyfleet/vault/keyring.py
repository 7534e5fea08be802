"""Keys that seal values, themselves wrapped by one master key. Holds opened keys in memory; storing rows is a store's work.

The master key wraps random data keys; changing the master re-wraps a few rows, changing the data key re-encrypts values
(design: one key seals, older ones only open, until no value needs them).
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxyfleet.vault.envelope import (
    KEY_BYTES,
    KID_LENGTH,
    NONCE_BYTES,
    PREFIX_LENGTH,
    VERSION,
    Seal,
    bound,
    kid_of,
    packed,
    packed_many,
    prefix_of,
)
from proxyfleet.vault.errors import Damaged, WrongKey

ALGORITHM = "AES-256-GCM"
Unpack = Callable[[bytes], str]
"""Opens what `Column.pack` gave to keep; raises `Damaged`."""
MOST_USES = 2**30
"""Rotate at this many uses of one key: a quarter of what NIST SP 800-38D allows with random nonces."""
LONGEST_LIFE = 90 * 86_400.0


class KeyState(StrEnum):
    """pending: made, not used yet; primary: seals; decrypt_only: only opens; retired: nothing needs it any more."""

    PENDING = "pending"
    PRIMARY = "primary"
    DECRYPT_ONLY = "decrypt_only"
    RETIRED = "retired"


class KeyRow(NamedTuple):
    """One data key as it is stored. `master` names the master key that wraps it; `created` is UTC epoch seconds."""

    kid: str
    algorithm: str
    master: str
    wrapped: bytes
    state: KeyState
    created: float
    uses: int

    def due(self, now: float) -> bool:
        """Whether it is time to rotate."""
        return self.uses >= MOST_USES or now - self.created >= LONGEST_LIFE


class MasterKey:
    """The key that wraps keys. `name` tells two of them apart without telling anything about them; `origin` is for people."""

    __slots__ = ("_aead", "_key", "name", "origin")

    def __init__(self, key: bytes, origin: str) -> None:
        self._aead = AESGCM(key)
        self._key = key
        self.name = hashlib.blake2b(b"proxyfleet master key", key=key, digest_size=4).hexdigest()
        self.origin = origin

    def derive(self, purpose: str) -> bytes:
        """32 bytes for another purpose, from which the key cannot be told."""
        return hashlib.blake2b(
            purpose.encode(), key=self._key, digest_size=KEY_BYTES, person=b"proxyfleet key"
        ).digest()

    def wrap(self, kid: str, key: bytes) -> bytes:
        """A data key as it may be stored."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, bound(VERSION, "key", kid))

    def unwrap(self, row: KeyRow) -> bytes:
        """The data key. Raises `WrongKey` when another master wrapped it, `Damaged` when the row was altered."""
        if row.master != self.name:
            raise WrongKey(
                f"{self.origin} is key {self.name}, but this database was locked with key {row.master}; "
                "set PROXYFLEET_KEY or PROXYFLEET_KEY_FILE to that one"
            )
        try:
            return self._aead.decrypt(
                row.wrapped[:NONCE_BYTES], row.wrapped[NONCE_BYTES:], bound(VERSION, "key", row.kid)
            )
        except (InvalidTag, ValueError):
            raise Damaged(f"key {row.kid} in the database is damaged; restore a backup") from None


def new_key(master: MasterKey, state: KeyState, now: float) -> KeyRow:
    """A fresh data key, wrapped."""
    kid = secrets.token_hex(KID_LENGTH // 2)
    return KeyRow(kid, ALGORITHM, master.name, master.wrap(kid, os.urandom(KEY_BYTES)), state, now, 0)


def rewrapped(row: KeyRow, old: MasterKey, new: MasterKey) -> KeyRow:
    """The same data key under another master."""
    return row._replace(master=new.name, wrapped=new.wrap(row.kid, old.unwrap(row)))


class Keyring:
    """The opened keys of one database. A key once opened stays for the life of the process, so nothing held becomes unreadable."""

    def __init__(self, master: MasterKey) -> None:
        self.master = master
        self.primary = ""
        self._keys: dict[str, bytes] = {}

    def load(self, rows: Iterable[KeyRow]) -> None:
        """Open the keys that are new; which of them seals is `primary`, which the owner of the table sets."""
        for row in rows:
            if row.kid not in self._keys and row.state is not KeyState.RETIRED:
                self._keys[row.kid] = self.master.unwrap(row)

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys

    def key(self, kid: str) -> bytes:
        """An opened key. Raises `Damaged` when it is not in the ring."""
        if kid not in self._keys:
            raise Damaged("a stored secret names a key that this database does not have; restore a backup")
        return self._keys[kid]


class Column:
    """Seals and opens the values of one column with whatever keys the ring has; `row` is 16 bytes of uuid."""

    __slots__ = ("_name", "_ring", "_sealing", "_seals", "_unpacks")

    def __init__(self, ring: Keyring, table: str, column: str) -> None:
        self._ring = ring
        self._name = (table, column)
        self._seals: dict[str, Seal] = {}
        self._unpacks: dict[str, Unpack] = {}
        self._sealing: tuple[str, Callable[[str, bytes], str]] | None = None

    def seal(self, text: str, row: bytes) -> str:
        """The value to store, under the primary key."""
        kid, sealing = self._ring.primary, self._sealing
        if sealing is None or sealing[0] != kid:
            sealing = self._sealing = (kid, self._with(prefix_of(kid)).seal)
        return sealing[1](text, row)

    def open(self, value: str, row: bytes) -> str:
        """The text of a sealed value. Raises `Damaged`, also when its key is not in the ring."""
        prefix = value[:PREFIX_LENGTH]
        return (self._seals.get(prefix) or self._with(prefix)).open(value, row)

    def pack(self, value: str, row: bytes) -> tuple[Unpack, bytes]:
        """How to open it later, and what to keep for that. Raises `Damaged` where that shows without opening it."""
        prefix = value[:PREFIX_LENGTH]
        unpack = self._unpacks.get(prefix)
        if unpack is None:
            unpack = self._unpacks[prefix] = self._with(prefix).unpack
        return unpack, packed(value, row)

    def pack_many(self, values: Sequence[str], rows: Sequence[bytes]) -> tuple[Unpack, list[bytes]] | None:
        """The same for many at once; None unless one key opens them all. Raises `Damaged`, and then one by one tells which."""
        if len({value[:PREFIX_LENGTH] for value in values}) != 1:
            return None
        unpack, _ = self.pack(values[0], rows[0])
        return unpack, packed_many(values, rows)

    def _with(self, prefix: str) -> Seal:
        seal = self._seals.get(prefix)
        if seal is None:
            kid = kid_of(prefix)
            seal = self._seals[prefix] = Seal(kid, self._ring.key(kid), *self._name)
        return seal
