"""Stored keys: the right key, only the right key, and hashes that were not ours."""

import pytest

from proxyfleet.gateway.keys import NOBODY, BadKeyHash, hash_key, verify_key

SALT = b"0123456789abcdef"


def test_only_the_key_itself_is_right():
    stored = hash_key("kéy", SALT, n=4)
    assert verify_key("kéy", stored)
    assert not verify_key("key", stored)
    assert not verify_key("", stored)
    assert "kéy" not in stored


def test_salts_make_equal_keys_differ():
    assert hash_key("k", SALT, n=4) != hash_key("k", SALT[::-1], n=4)


@pytest.mark.parametrize(
    "stored", ["", "k", "scrypt$4$8$1$x", "md5$4$8$1$AA==$AA==", "scrypt$x$8$1$AA==$AA==", "scrypt$3$8$1$AA==$AA=="]
)
def test_other_texts_are_an_error(stored):
    with pytest.raises(BadKeyHash):
        verify_key("k", stored)


def test_a_hash_cannot_ask_for_all_memory():
    with pytest.raises(BadKeyHash):
        verify_key("k", "scrypt$1073741824$8$1$AA==$AA==")


@pytest.mark.parametrize("key", ["", "nobody", "A"])
def test_nobody_has_no_key(key):
    assert not verify_key(key, NOBODY)
