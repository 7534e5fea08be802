"""Gateway users: names the gateway can read, passwords shown once and kept as hashes only."""

import pytest

from proxyfleet.services.users import (
    BadUser,
    UnknownUser,
    add_user,
    check_name,
    check_password,
    new_password,
    remove_user,
)
from proxyfleet.stores.memory import MemoryStore


def hashed(key, salt):
    return f"hash of {len(key)} with {len(salt)}"


@pytest.mark.parametrize("name", ["a", "Alice_2", "a.b", "x" * 64])
def test_good_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "a-b", "a b", "a:b", "é", "x" * 65, "a\n"])
def test_bad_names(name):
    with pytest.raises(BadUser):
        check_name(name)


@pytest.mark.parametrize("password", ["", "x" * 257, "a\nb"])
def test_bad_passwords_are_not_repeated(password):
    with pytest.raises(BadUser) as told:
        check_password(password)
    assert not password or password not in str(told.value)


def test_made_passwords_differ_and_need_no_escaping():
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 27 and all(c.isalnum() or c in "-_" for c in one) for one in made)


async def test_add_replace_remove():
    store = MemoryStore()
    password, known = await add_user(store, "alice", hashed)
    assert (len(password), known) == (27, False)
    assert await add_user(store, "alice", hashed, "mine") == ("mine", True)
    assert [(user.name, user.key_hash) for user in await store.users()] == [("alice", "hash of 4 with 16")]
    await remove_user(store, "alice")
    with pytest.raises(UnknownUser):
        await remove_user(store, "alice")
