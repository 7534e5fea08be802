"""Secrets on their way into rows and out of them."""

import pytest

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sealing import Sealing, sealed_values
from proxyfleet.vault import Keyring, KeyState, MasterKey, new_key

UUID, PROXY = bytes(16), Proxy(Scheme.HTTP, "h", 1, "u", Secret("p"), details=Details(refresh_url=Secret("r")))
OTHER = bytes([1] * 16)


@pytest.fixture
def ring() -> Keyring:
    ring = Keyring(MasterKey(bytes(32), "test"))
    another_key(ring)
    return ring


def another_key(ring: Keyring) -> str:
    key = new_key(ring.master, KeyState.PRIMARY, 0.0)
    ring.load([key])
    ring.primary = key.kid
    return key.kid


def test_a_row_gives_the_proxy_back(ring: Keyring) -> None:
    sealing = Sealing(ring)
    assert sealing.read((0, *sealing.written(PROXY, UUID))) == PROXY


def test_a_touched_secret_is_found_when_it_is_needed(ring: Keyring) -> None:
    """Whoever reads the record has it; whoever needs the password is told, and so is who would write it again."""
    sealing = Sealing(ring)
    row = (7, *sealing.written(PROXY, UUID))
    touched = sealing.read((row[0], OTHER, *row[2:]))
    assert (touched.host, touched.username) == ("h", "u")
    with pytest.raises(SecretLost, match="altered or moved from another row"):
        touched.password.reveal()
    with pytest.raises(StoreLocked, match=r"^proxy 7: .*or remove the proxy$"):
        sealing.written(touched, OTHER)


def test_both_secrets_of_a_row_move_to_the_key_that_seals_now(ring: Keyring) -> None:
    sealing = Sealing(ring)
    password, url = sealing.seal("password", Secret("p"), UUID), sealing.seal("refresh_url", Secret("r"), UUID)
    kid = another_key(ring)
    after = sealing.moved(7, UUID, password, url)
    assert all(value is not None and value.startswith(f"pf1.{kid}.") for value in after)
    assert sealing.lock("password", after[0], UUID) == Secret("p")
    assert sealing.moved(7, UUID, None, None) == (None, None)
    with pytest.raises(StoreLocked, match=r"^proxy 7: "):
        sealing.moved(7, UUID, url, password)


@pytest.mark.parametrize("texts", [["a", "b"], ["a", "long" * 20, "b"], [""]])
def test_many_are_what_each_is(ring: Keyring, texts: list[str]) -> None:
    sealing = Sealing(ring)
    uuids = [bytes([nth] * 16) for nth in range(len(texts))]
    values = [sealing.seal("password", Secret(text), uuid) for text, uuid in zip(texts, uuids, strict=True)]
    assert [secret.reveal() for secret in sealing.lock_many(values, uuids)] == texts
    another_key(ring)
    values.append(sealing.seal("password", Secret("under another key"), UUID))
    assert [secret.reveal() for secret in sealing.lock_many(values, [*uuids, UUID])] == [*texts, "under another key"]


@pytest.mark.parametrize("broken", ["pf1.00000000.AAAA", "nonsense", "", "pf1.{kid}.????", "pf1.{kid}.AAAA"])
def test_one_that_is_broken_leaves_the_others_readable(ring: Keyring, broken: str) -> None:
    sealing = Sealing(ring)
    values = [sealing.seal("password", Secret("p"), UUID), broken.format(kid=ring.primary)]
    good, bad = sealing.lock_many(values, [UUID, UUID])
    assert good == Secret("p")
    assert bad != Secret("p")
    with pytest.raises(SecretLost, match="; "):
        bad.reveal()


def test_how_many_secrets_there_are() -> None:
    assert sealed_values([PROXY, Proxy(Scheme.HTTP, "h", 1), Proxy(Scheme.HTTP, "h", 1, password=Secret(""))]) == 3
