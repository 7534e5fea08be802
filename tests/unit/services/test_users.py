"""Gateway users: names the gateway can read, passwords shown once and kept as hashes only."""

import pytest

from proxyfleet.core.errors import BadSelector
from proxyfleet.services.users import (
    BadUser,
    Rules,
    UnknownUser,
    add_user,
    change_user,
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


@pytest.mark.parametrize("name", ["", "a-b", "a b", "a:b", "é", "x" * 65, "a\n", "lease"])
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


async def test_a_new_password_keeps_what_a_user_may_do():
    journal = MemoryStore()
    await add_user(journal, "alice", hashed, "one", Rules(selector="tag=a", concurrency=3))
    await add_user(journal, "alice", hashed, "two", Rules(rate=2.0))
    (alice,) = await journal.users()
    assert (alice.selector, alice.concurrency, alice.rate) == ("tag=a", 3, 2.0)


async def test_what_a_user_may_do_can_be_changed_and_taken_back():
    journal = MemoryStore()
    await add_user(journal, "alice", hashed, "one")
    changed = await change_user(journal, "alice", Rules("tag=a", ("10.0.0.0/8", "2001:DB8::/32"), 5, 1.5, 1000))
    assert changed.clients == ("10.0.0.0/8", "2001:db8::/32")
    assert (await journal.users())[0] == changed
    back = await change_user(journal, "alice", Rules("", (), 0, 0.0, 0))
    assert (back.selector, back.clients, back.concurrency, back.rate, back.bytes_per_minute) == ("", (), 0, 0.0, 0)
    with pytest.raises(UnknownUser):
        await change_user(journal, "bob", Rules())


@pytest.mark.parametrize(
    "rules",
    [
        Rules(selector="nonsense"),
        Rules(clients=("10.0.0.1/8",)),
        Rules(clients=("x",)),
        Rules(concurrency=-1),
        Rules(rate=-0.1),
        Rules(bytes_per_minute=-1),
    ],
)
async def test_impossible_rules_change_nothing(rules):
    journal = MemoryStore()
    await add_user(journal, "alice", hashed, "one")
    before = await journal.users()
    with pytest.raises((BadUser, BadSelector)):
        await change_user(journal, "alice", rules)
    with pytest.raises((BadUser, BadSelector)):
        await add_user(journal, "bob", hashed, "one", rules)
    assert await journal.users() == before
