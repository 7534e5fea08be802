"""Limits of users over several nodes: what is told is heard once, the dead fall silent, a store that is away costs nothing."""

import asyncio

import pytest

from proxyfleet.ports import GatewayUser
from proxyfleet.ports.uses import Elsewhere, UserUse
from proxyfleet.services import limiting
from proxyfleet.services.limiting import SharedLimits
from proxyfleet.stores.errors import StoreAway
from proxyfleet.stores.memory import MemoryStore

BOB = GatewayUser("bob", "hash", concurrency=4)


class Meters:
    def __init__(self):
        self.used, self.heard = {}, None

    def uses(self):
        return self.used

    def hear(self, elsewhere, users):
        self.heard = elsewhere


class Node:
    def __init__(self, name, journal, time):
        self.meters = Meters()
        self.limits = SharedLimits(
            journal, self.meters, name, lambda: time[0], users={"bob": BOB}.get, limited=lambda: True
        )

    async def does(self, *use):
        self.meters.used = {"bob": UserUse(*use)} if use else {}
        await self.limits.exchange()

    @property
    def heard(self):
        return self.meters.heard


@pytest.fixture
def time():
    return [100.0]


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def nodes(store, time):
    return [Node(name, store, time) for name in ("a", "b", "c")]


async def test_what_one_does_the_others_hear(nodes):
    one, two, three = nodes
    await three.does()
    await one.does(2, 3.0, 1000)
    await two.does(1, 0.0, 50)
    await three.does()
    assert three.heard == {"bob": Elsewhere(3, 3.0, 1, 1050, (2, 1), 2)}
    await one.does(2, 1.5, 1400)
    await three.does()
    assert three.heard == {"bob": Elsewhere(3, 1.5, 1, 400, (2, 1), 2)}
    await three.does()
    assert three.heard["bob"].moved == 0, "nothing is counted twice"
    assert one.heard == {"bob": Elsewhere(1, 0.0, 0, 50, (1,), 0)}


async def test_what_was_moved_before_a_node_came_is_nothing_to_it(nodes):
    one, two, _ = nodes
    await one.does(0, 0.0, 10**9)
    await two.does()
    assert two.heard["bob"].moved == 0
    await one.does(0, 0.0, 10**9 + 7)
    await two.does()
    assert two.heard["bob"].moved == 7
    await one.does(0, 0.0, 5)
    await two.does()
    assert two.heard["bob"].moved == 5, "who was forgotten begins at nothing"


async def test_a_node_that_is_gone_counts_no_more_and_is_taken_out(nodes, store, time):
    one, two, _ = nodes
    await one.does(4, 1.0, 0)
    await two.does()
    time[0] += limiting.STANDS + 0.1
    await two.does()
    assert two.heard == {}
    time[0] += limiting.KEPT
    await two.does()
    assert await store.settings() == {}


async def test_more_may_be_wanted_than_is_under_way(nodes):
    one, two, _ = nodes
    await one.does(2, 3.0, 1000, 5)
    await two.does()
    assert two.heard["bob"].wanted == (5,)


async def test_the_word_of_a_process_that_was_killed_before_we_came_does_not_stand_for_long(nodes, time):
    one, two, three = nodes
    await one.does(4, 1.0, 0)
    await two.does(1, 1.0, 0)
    await three.does()
    assert three.heard["bob"].active == 5
    time[0] += limiting.FOUND + 0.1
    await two.does(1, 1.0, 0)
    await three.does()
    assert three.heard["bob"].active == 1


async def test_who_has_nothing_to_say_leaves_no_trace(nodes, store):
    one, two, _ = nodes
    await one.does(1, 1.0, 0)
    await one.does()
    assert await store.settings() == {}
    await one.does(1, 1.0, 0)
    await one.limits.forget()
    assert await store.settings() == {}
    await two.does()
    assert two.heard == {}


@pytest.mark.parametrize(
    "text", ["", "[]", '{"users": 7}', '{"users": {"bob": [1]}}', '{"users": {"bob": ["x", 1, 1]}}']
)
async def test_what_cannot_be_read_says_nothing(nodes, store, text):
    await store.put_setting("use.z", text)
    await nodes[0].does()
    assert nodes[0].heard == {}


async def test_with_a_store_that_is_away_each_node_soon_stands_alone(nodes, store, time, monkeypatch):
    one, two, _ = nodes
    monkeypatch.setattr(limiting, "EVERY", 0.0)
    await two.does(4, 1.0, 0)
    await one.does()
    assert one.heard == {"bob": Elsewhere(4, 1.0, 1, 0, (4,), 0)}

    async def away():
        time[0] += 2.0
        raise StoreAway("no route")

    alone = asyncio.Event()
    monkeypatch.setattr(one.meters, "hear", lambda elsewhere, users: alone.set() if not elsewhere else None)
    store.settings = away
    running = asyncio.ensure_future(one.limits.run())
    await asyncio.wait_for(alone.wait(), 5.0)
    running.cancel()
    assert time[0] - 100.0 > limiting.STANDS
