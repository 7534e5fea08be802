"""Secrets that stay sealed until they are needed, and behave like any other all the same."""

import pytest

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Secret
from proxyfleet.stores.locked import LockedSecret, locked_many, lost
from proxyfleet.vault import Damaged


class Vault:
    """Opens by decoding; counts."""

    def __init__(self) -> None:
        self.opened = 0

    def __call__(self, kept: bytes) -> str:
        self.opened += 1
        if kept == b"?":
            raise Damaged("it was altered; enter it again")
        return kept.decode()


@pytest.fixture
def vault() -> Vault:
    return Vault()


def test_it_is_opened_once_and_only_when_needed(vault: Vault) -> None:
    secret = LockedSecret(vault, b"canary")
    assert "canary" not in repr(secret) + str(secret)
    mark = secret.mark()
    assert vault.opened == 0
    assert [secret.reveal(), secret.reveal()] == ["canary", "canary"]
    assert vault.opened == 1
    assert (mark, secret.mark()) == (LockedSecret(vault, b"canary").mark(), Secret("canary").mark())


def test_it_is_equal_to_the_same_text_however_kept(vault: Vault) -> None:
    assert LockedSecret(vault, b"a") == LockedSecret(vault, b"a")
    assert vault.opened == 0
    for other in (Secret("a"), LockedSecret(Vault(), b"a")):
        assert LockedSecret(vault, b"a") == other == LockedSecret(vault, b"a")
        assert hash(LockedSecret(vault, b"a")) == hash(other)
    assert LockedSecret(vault, b"a") != Secret("b")
    assert Secret("b") != LockedSecret(vault, b"a")
    assert LockedSecret(vault, b"a") != "a"


def test_one_that_is_lost_says_so_each_time_and_is_equal_to_nothing_else(vault: Vault) -> None:
    secret = LockedSecret(vault, b"?")
    for _ in range(2):
        with pytest.raises(SecretLost, match="enter it again"):
            secret.reveal()
    assert secret == LockedSecret(vault, b"?")
    assert secret != Secret("?")
    assert secret != LockedSecret(vault, b"a")
    gone = lost(Damaged("names a key that is not there; restore a backup"))
    with pytest.raises(SecretLost, match="restore a backup"):
        gone.reveal()
    assert isinstance(gone.mark(), int)


def test_many_at_once_are_what_each_would_be(vault: Vault) -> None:
    made = locked_many(vault, [b"a", b"b"])
    assert made == [Secret("a"), Secret("b")]
    assert vault.opened == 2
    assert locked_many(vault, []) == []
