"""How one secret is sealed: AES-256-GCM, bound to its row, its length hidden. Knows no files, no tables and no key states.

A sealed value reads `pf1.<kid>.<base64url(nonce 12 | ciphertext | tag 16)>`. The associated data are version, key id,
table, column and row, each with its length in front, so that a value moved to another place does not open.
"""

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxyfleet.vault.errors import Damaged

VERSION = "pf1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
ROW_BYTES = 16
KID_LENGTH = 8
SHORT = 32
SIZES = (SHORT, 64, 128)
"""A text is padded to the first of these that holds it, longer ones to a multiple of the last."""
_END = b"\x80"
_SHORT_ENDS = [_END.ljust(SHORT - length, b"\0") for length in range(SHORT)]
"""What is put behind a short text, by its length: nearly all passwords are such."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_SEALED = ROW_BYTES + NONCE_BYTES
PREFIX_LENGTH = len(VERSION) + 1 + KID_LENGTH + 1
USUAL_BYTES = NONCE_BYTES + SIZES[0] + TAG_BYTES
USUAL_LENGTH = PREFIX_LENGTH + USUAL_BYTES * 4 // 3
"""Of the value of a short secret: its bytes are a multiple of three, so that many of them decode as one."""
ALTERED = "a stored secret was altered or moved from another row; restore a backup or enter the secret again"


def bound(*parts: str | bytes) -> bytes:
    """The parts with their lengths (2 bytes, big-endian) in front of each: no two lists of parts read the same."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in raw)


def pad(text: str) -> bytes:
    """UTF-8, an end mark, zeros: 32, 64, 128 bytes, then multiples of 128."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # half a character; asking for it always would cost as much as the encoding
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) < SHORT:
        return raw + _SHORT_ENDS[len(raw)]
    raw += _END
    for size in SIZES:
        if len(raw) <= size:
            return raw.ljust(size, b"\0")
    return raw.ljust(-(-len(raw) // SIZES[-1]) * SIZES[-1], b"\0")


def unpad(padded: bytes) -> str:
    """The text that `pad` was given."""
    raw = padded.rstrip(b"\0")[:-1]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogatepass")


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


def packed(value: str, row: bytes) -> bytes:
    """A sealed value and its row in two thirds of the space, to be opened by `Seal.unpack`. Raises `Damaged`."""
    try:
        return row + a2b_base64(value[PREFIX_LENGTH:].encode().translate(_FROM_URL), strict_mode=True)
    except ValueError:
        raise Damaged(ALTERED) from None


def packed_many(values: Sequence[str], rows: Sequence[bytes]) -> list[bytes]:
    """As `packed`, for values of the same key; those of the usual length are decoded together. Raises `Damaged`."""
    if {*map(len, values)} != {USUAL_LENGTH}:
        return [packed(value, row) for value, row in zip(values, rows, strict=True)]
    whole = packed("".join([values[0][:PREFIX_LENGTH], *[value[PREFIX_LENGTH:] for value in values]]), b"")
    if len(whole) != USUAL_BYTES * len(values):
        raise Damaged(ALTERED)
    return [row + whole[at : at + USUAL_BYTES] for row, at in zip(rows, range(0, len(whole), USUAL_BYTES), strict=True)]


class Seal:
    """One key for one column of one table. `row` is always the 16 bytes of the row's uuid."""

    __slots__ = ("_bound", "_decrypt", "_encrypt", "_prefix")

    def __init__(self, kid: str, key: bytes, table: str, column: str) -> None:
        aead = AESGCM(key)
        self._encrypt, self._decrypt = aead.encrypt, aead.decrypt
        self._prefix = prefix_of(kid)
        self._bound = bound(VERSION, kid, table, column) + ROW_BYTES.to_bytes(2, "big")

    def seal(self, text: str, row: bytes) -> str:
        """The value to store; each call gives another one."""
        nonce = os.urandom(NONCE_BYTES)
        raw = nonce + self._encrypt(nonce, pad(text), self._bound + row)
        return self._prefix + b2a_base64(raw, newline=False).translate(_TO_URL).decode()

    def open(self, value: str, row: bytes) -> str:
        """The text. Raises `Damaged` for anything but what `seal` gave for this row."""
        try:
            raw = a2b_base64(value[PREFIX_LENGTH:].encode().translate(_FROM_URL), strict_mode=True)
            return unpad(self._decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._bound + row))
        except (InvalidTag, ValueError):
            raise Damaged(ALTERED) from None

    def unpack(self, kept: bytes) -> str:
        """The text of what `packed` gave; raises `Damaged` as `open` does."""
        try:
            nonce, sealed = kept[ROW_BYTES:_SEALED], kept[_SEALED:]
            return unpad(self._decrypt(nonce, sealed, self._bound + kept[:ROW_BYTES]))
        except (InvalidTag, ValueError):
            raise Damaged(ALTERED) from None
