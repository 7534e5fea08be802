"""Sealed values: round trips, hidden lengths, and refusal of everything that was touched or moved."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.vault import Damaged
from proxyfleet.vault.envelope import Seal, bound, kid_of, pad, unpad

KEY, ROW = bytes(range(32)), bytes(16)
SEAL = Seal("0a0b0c0d", KEY, "proxies", "password")


@settings(deadline=None, max_examples=100)
@given(st.text() | st.sampled_from(["", "\x80", "x\0", "\ud800", "pf1.x"]))
def test_any_text_survives(text: str) -> None:
    assert SEAL.open(SEAL.seal(text, ROW), ROW) == text
    assert unpad(pad(text)) == text


@pytest.mark.parametrize(
    ("length", "padded"), [(0, 32), (31, 32), (32, 64), (63, 64), (64, 128), (127, 128), (128, 256), (300, 384)]
)
def test_lengths_are_hidden_in_steps(length: int, padded: int) -> None:
    assert len(pad("x" * length)) == padded


def test_the_form_and_the_bound_place_are_as_documented() -> None:
    value = SEAL.seal("secret", ROW)
    version, kid, packed = value.split(".")
    raw = base64.urlsafe_b64decode(packed)
    place = b"\0\3pf1" + b"\0\x080a0b0c0d" + b"\0\7proxies" + b"\0\x08password" + b"\0\x10" + ROW
    assert (version, kid, len(raw)) == ("pf1", "0a0b0c0d", 12 + 32 + 16)
    assert AESGCM(KEY).decrypt(raw[:12], raw[12:], place) == b"secret\x80" + bytes(25)


def test_the_cipher_is_the_one_of_nist() -> None:
    """Test case 16 of the GCM specification (McGrew and Viega): AES-256 with associated data."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    place = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = AESGCM(key).encrypt(bytes.fromhex("cafebabefacedbaddecaf888"), plain, place)
    assert sealed[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"


def test_no_two_values_are_alike() -> None:
    assert len({SEAL.seal("same", ROW) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("place", range(0, 93, 4))
def test_a_flipped_character_is_refused(place: int) -> None:
    value = SEAL.seal("secret", ROW)
    flipped = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
    with pytest.raises(Damaged):
        Seal(kid_of(flipped), KEY, "proxies", "password").open(flipped, ROW)


@pytest.mark.parametrize(
    "other",
    [
        Seal("0a0b0c0e", KEY, "proxies", "password"),
        Seal("0a0b0c0d", KEY, "users", "password"),
        Seal("0a0b0c0d", KEY, "proxies", "refresh_url"),
        Seal("0a0b0c0d", bytes(32), "proxies", "password"),
        Seal("0a0b0c0d", KEY, "proxiespass", "word"),
    ],
)
def test_a_moved_value_is_refused(other: Seal) -> None:
    with pytest.raises(Damaged, match="enter the secret again"):
        other.open(SEAL.seal("secret", ROW), ROW)
    with pytest.raises(Damaged):
        SEAL.open(SEAL.seal("secret", ROW), b"\1" * 16)


@pytest.mark.parametrize(
    "value", ["", "pf1.", "pf2.0a0b0c0d.AAAA", "hunter2", "pf1.0a0b0c0d", "pf1.0a0b0c0d.", "pf1.0a0b0c0d.A*A", "gAAAAA"]
)
def test_what_is_no_sealed_value_is_refused(value: str) -> None:
    with pytest.raises(Damaged):
        Seal(kid_of(value), KEY, "proxies", "password").open(value, ROW)


def test_parts_never_run_together() -> None:
    assert bound("ab", "c") != bound("a", "bc")
