"""Credentials: verified once, remembered by a keyed hash, forgotten with the user; guessing is counted."""

import asyncio
from base64 import b64encode

import pytest

from proxyfleet.gateway import access as module
from proxyfleet.gateway.access import Access, Visitor
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.settings import Limits
from proxyfleet.ports import GatewayUser

ALICE = GatewayUser("alice", hash_key("right", b"0123456789abcdef", n=4))
IN = Visitor(ALICE)


def field(user, key):
    return b"Basic " + b64encode(f"{user}:{key}".encode())


class Gate:
    def __init__(self, **limits):
        self.users = {"alice": ALICE}
        self.now = 100.0
        self.access = Access(self.users.get, Limits(**limits), lambda: self.now, b"k" * 32)

    async def ask(self, user, key, client="c"):
        said = asyncio.get_running_loop().create_future()
        verdict = self.access.check(field(user, key), client, said.set_result)
        return verdict if verdict is not None else await asyncio.wait_for(said, 5)


@pytest.fixture
async def gate():
    gate = Gate()
    yield gate
    gate.access.close()


async def test_right_and_wrong(gate):
    assert await gate.ask("alice", "right") == IN
    assert await gate.ask("alice", "wrong") == "credentials_wrong"
    assert await gate.ask("alice", "") == "credentials_wrong"
    assert await gate.ask("bob", "right") == "credentials_wrong"
    assert await gate.ask("", "") == "credentials_wrong"
    assert gate.access.check(b"Basic !!", "c", print) == "credentials_wrong"


async def test_unknown_users_cost_the_same_work(gate, monkeypatch):
    worked = []
    monkeypatch.setattr(module, "verify_key", lambda key, stored: worked.append(stored) or False)
    await gate.ask("bob", "x")
    await gate.ask("alice", "x")
    assert worked == [module.NOBODY, ALICE.key_hash]


async def test_the_second_time_needs_no_scrypt(gate, monkeypatch):
    await gate.ask("alice", "right")
    monkeypatch.setattr(module, "verify_key", None)
    assert gate.access.check(field("alice", "right"), "c", print) == IN


async def test_many_at_once_are_verified_once(gate, monkeypatch):
    calls = []
    real = module.verify_key
    monkeypatch.setattr(module, "verify_key", lambda *a: calls.append(1) or real(*a))
    assert await asyncio.gather(*(gate.ask("alice", "right") for _ in range(20))) == [IN] * 20
    assert len(calls) == 1


async def test_a_changed_or_removed_user_is_noticed_at_once(gate):
    await gate.ask("alice", "right")
    gate.users["alice"] = GatewayUser("alice", hash_key("new", b"0123456789abcdef", n=4))
    assert not gate.access.stands(ALICE)
    assert await gate.ask("alice", "right") == "credentials_wrong"
    assert (await gate.ask("alice", "new")).user == gate.users["alice"]
    del gate.users["alice"]
    assert await gate.ask("alice", "new") == "credentials_wrong"
    assert not gate.access.stands(None)


async def test_guessing_is_stopped_per_client(gate):
    for number in range(10):
        assert await gate.ask("alice", f"guess{number}") == "credentials_wrong"
    assert await gate.ask("alice", "right") == "too_many_failures"
    assert await gate.ask("alice", "right", client="other") == IN
    assert await gate.ask("alice", "right") == IN, "what was proven stays proven"
    gate.now += 60.0
    assert await gate.ask("alice", "guess") == "credentials_wrong"


async def test_parallel_guesses_count_before_they_are_verified(gate):
    verdicts = await asyncio.gather(*(gate.ask("alice", f"g{number}") for number in range(30)))
    assert verdicts.count("too_many_failures") == 20


async def test_successes_do_not_use_up_the_budget(gate):
    for _ in range(30):
        gate.access._known.clear()
        assert await gate.ask("alice", "right") == IN


async def test_the_queue_is_bounded():
    gate = Gate(pending_checks=2)
    verdicts = await asyncio.gather(*(gate.ask("alice", f"g{number}", client=str(number)) for number in range(5)))
    assert verdicts.count("too_many_failures") == 3
    gate.access.close()


async def test_what_is_remembered_is_bounded_and_no_credential(gate, monkeypatch):
    monkeypatch.setattr(module, "MOST_KNOWN", 2)
    for name in ("a", "b", "c"):
        gate.users[name] = GatewayUser(name, ALICE.key_hash)
        await gate.ask(name, "right")
    assert len(gate.access._known) == 2
    assert len(gate.access._proven) == 2
    assert b"right" not in repr((gate.access._known, gate.access._proven)).encode()


async def test_parameters_are_told_apart_and_cost_no_second_scrypt(gate, monkeypatch):
    assert await gate.ask("alice-country-us", "right") == Visitor(ALICE, "country-us")
    monkeypatch.setattr(module, "verify_key", None)
    assert await gate.ask("alice-session-1", "right") == Visitor(ALICE, "session-1")
    assert await gate.ask("alice", "right") == IN
    assert await gate.ask("alice-", "right") == IN


async def test_parameters_do_not_help_guessers(gate):
    for number in range(10):
        assert await gate.ask(f"alice-session-{number}", "wrong") == "credentials_wrong"
    assert await gate.ask("alice-session-11", "wrong") == "too_many_failures"
    assert await gate.ask("alice-session-11", "right") == "too_many_failures"


async def test_many_sessions_at_once_are_verified_once(gate, monkeypatch):
    calls = []
    real = module.verify_key
    monkeypatch.setattr(module, "verify_key", lambda *a: calls.append(1) or real(*a))
    verdicts = await asyncio.gather(*(gate.ask(f"alice-session-{n}", "right") for n in range(20)))
    assert verdicts == [Visitor(ALICE, f"session-{n}") for n in range(20)]
    assert len(calls) == 1


async def test_a_colon_does_not_move_the_border_to_the_key(gate):
    """`a` with the key `b:c` and `a:b` with the key `c` are written alike, and are the first of the two."""
    gate.users["al"] = GatewayUser("al", hash_key("ice:right", b"0123456789abcdef", n=4))
    assert (await gate.ask("al:ice", "right")).user.name == "al"
    assert await gate.ask("al", "right") == "credentials_wrong"
