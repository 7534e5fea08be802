"""How one secret is sealed: AES-256-GCM, bound to its row, its length hidden. Knows no files, no tables and no key states.

A sealed value reads `pf1.<kid>.<base64url(nonce 12 | ciphertext | tag 16)>`. The associated data are version, key id,
table, column and row, each with its length in front, so that a value moved to another place does not open.
"""

import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxyfleet.vault.errors import Damaged

VERSION = "pf1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
ROW_BYTES = 16
KID_LENGTH = 8
SIZES = (32, 64, 128)
"""A text is padded to the first of these that holds it, longer ones to a multiple of the last."""
_END = b"\x80"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
PREFIX_LENGTH = len(VERSION) + 1 + KID_LENGTH + 1


def bound(*parts: str | bytes) -> bytes:
    """The parts with their lengths (2 bytes, big-endian) in front of each: no two lists of parts read the same."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in raw)


def pad(text: str) -> bytes:
    """UTF-8, an end mark, zeros: 32, 64, 128 bytes, then multiples of 128."""
    raw = text.encode("utf-8", "surrogatepass") + _END
    for size in SIZES:
        if len(raw) <= size:
            return raw.ljust(size, b"\0")
    return raw.ljust(-(-len(raw) // SIZES[-1]) * SIZES[-1], b"\0")


def unpad(padded: bytes) -> str:
    """The text that `pad` was given."""
    return padded.rstrip(b"\0")[:-1].decode("utf-8", "surrogatepass")


def kid_of(value: str) -> str:
    """The id of the key that a sealed value needs. Raises `Damaged` when it is not a sealed value."""
    kid = value[len(VERSION) + 1 : PREFIX_LENGTH - 1]
    if value[:PREFIX_LENGTH] != prefix_of(kid):
        raise Damaged(
            "a stored secret is not in the form this program writes; restore a backup or enter the secret again"
        )
    return kid


def prefix_of(kid: str) -> str:
    """What every value sealed with that key begins with."""
    return f"{VERSION}.{kid}."


class Seal:
    """One key for one column of one table. `row` is always the 16 bytes of the row's uuid."""

    __slots__ = ("_aead", "_bound", "_prefix")

    def __init__(self, kid: str, key: bytes, table: str, column: str) -> None:
        self._aead = AESGCM(key)
        self._prefix = prefix_of(kid)
        self._bound = bound(VERSION, kid, table, column) + ROW_BYTES.to_bytes(2, "big")

    def seal(self, text: str, row: bytes) -> str:
        """The value to store; each call gives another one."""
        nonce = os.urandom(NONCE_BYTES)
        raw = nonce + self._aead.encrypt(nonce, pad(text), self._bound + row)
        return self._prefix + binascii.b2a_base64(raw, newline=False).translate(_TO_URL).decode()

    def open(self, value: str, row: bytes) -> str:
        """The text. Raises `Damaged` for anything but what `seal` gave for this row."""
        try:
            raw = binascii.a2b_base64(value[PREFIX_LENGTH:].encode().translate(_FROM_URL), strict_mode=True)
            return unpad(self._aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._bound + row))
        except (InvalidTag, ValueError):
            raise Damaged(
                "a stored secret was altered or moved from another row; restore a backup or enter the secret again"
            ) from None
