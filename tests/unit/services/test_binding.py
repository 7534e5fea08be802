"""Sessions as leases: begun once, prolonged by use, moved, the same on every node; leases as their users show them."""

import asyncio
from random import Random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.picking import Refusal
from proxyfleet.core.proxy import Kind
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.ports.bonds import Bond, SessionAsk
from proxyfleet.services import binding as module
from proxyfleet.services.binding import Binding
from proxyfleet.services.leasing import Leasing, Wanted
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.wire.lease_pass import lease_password

ASK = SessionAsk("ann", "s1", ANY, 600.0)
HOLDER = Holder("ann", "session s1")


class Node:
    """One node: its leasing, its bonds, and news of the others on demand."""

    def __init__(self, world, name):
        fleet = FleetState(Rules(jitter=0.0), rng=Random(3))
        for proxy in world.proxies:
            fleet.add(proxy, world.clock())
        self.leasing = Leasing(fleet, world.store, node=name, clock=world.clock, timer=world.clock)
        self.bonds = Binding(self.leasing, world.store.lease_key(), world.clock)

    async def hear(self):
        """What other nodes have committed."""
        standing = await self.leasing.committer._claims.standing()
        self.leasing.table.replace(standing.leases, standing.holds, standing.now)
        self.leasing.tick()


class World:
    def __init__(self):
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.proxies = []

    async def fill(self, count, **fields):
        self.proxies = [one.proxy for one in await self.store.put(some_proxies(count, **{"capacity": 2, **fields}))]


@pytest.fixture
async def world():
    world = World()
    await world.fill(3)
    return world


@pytest.fixture
async def node(world):
    return Node(world, "n1")


async def turns():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_session_is_begun_and_then_found(node):
    assert node.bonds.find(ASK) is None
    bond = await node.bonds.begin(ASK)
    assert isinstance(bond, Bond)
    assert node.bonds.find(ASK) == bond
    lease = node.leasing.table.find(Token.parse(bond.token), node.leasing._clock())
    assert lease.holder == HOLDER
    assert lease.proxy_id == bond.proxy_id
    assert node.leasing.fleet.leases(bond.proxy_id) == 1


async def test_those_who_ask_at_once_get_one(node):
    bonds = await asyncio.gather(*(node.bonds.begin(ASK) for _ in range(10)))
    assert len(set(bonds)) == 1
    assert len(node.leasing.table) == 1


async def test_who_gives_up_does_not_end_it_for_the_others(node):
    first, second = (asyncio.ensure_future(node.bonds.begin(ASK)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert isinstance(await second, Bond)


async def test_use_prolongs_it(world, node):
    bond = await node.bonds.begin(ASK)
    for _ in range(20):
        world.clock.advance(400.0)
        node.leasing.tick()
        assert node.bonds.find(ASK) == bond
        await turns()
    world.clock.advance(760.0)
    node.leasing.tick()
    assert node.bonds.find(ASK) is None
    assert node.leasing.fleet.leases(bond.proxy_id) == 0


async def test_a_session_lasts_at_least_its_time_after_its_last_use(world, node):
    await node.bonds.begin(ASK)
    for _ in range(10):
        assert node.bonds.find(ASK) is not None
        await turns()
        world.clock.advance(599.0)
        node.leasing.tick()
    assert node.bonds.find(ASK) is not None


async def test_it_moves_away_from_a_proxy(node):
    first = await node.bonds.begin(ASK)
    second = await node.bonds.begin(ASK, first)
    assert second.proxy_id != first.proxy_id
    assert node.bonds.find(ASK) == second
    assert node.leasing.fleet.leases(first.proxy_id) == 0
    assert await node.bonds.begin(ASK, first) == second, "others have moved it already"


async def test_a_rotating_endpoint_gives_another_exit(world):
    world.store = MemoryStore(world.clock)
    await world.fill(1, kind=Kind.ROTATING)
    node = Node(world, "n1")
    first = await node.bonds.begin(ASK)
    assert first.exit
    second = await node.bonds.begin(ASK, first)
    assert second.proxy_id == first.proxy_id
    assert second.exit not in ("", first.exit)


async def test_there_may_be_no_room(node):
    for number in range(6):
        assert isinstance(await node.bonds.begin(ASK._replace(session=f"s{number}")), Bond)
    refusal = await node.bonds.begin(ASK._replace(session="s7"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "capacity"
    assert refusal.retry_after > 0
    nobody = await node.bonds.begin(ASK._replace(session="s8", selector=Selector.parse("country=US")))
    assert nobody.code == "no_match"


async def test_one_proxy_only(node):
    assert (await node.bonds.begin(ASK, None, 2)).proxy_id == 2
    assert node.bonds.last(ASK) == 2
    await node.bonds.begin(ASK._replace(session="a"), None, 2)
    assert (await node.bonds.begin(ASK._replace(session="b"), None, 2)).code == "capacity"


async def test_the_last_proxy_is_remembered_for_the_time_of_the_session(world, node):
    bond = await node.bonds.begin(ASK)
    await node.leasing.release(Token.parse(bond.token), None)
    assert node.bonds.find(ASK) is None
    assert node.bonds.last(ASK) == bond.proxy_id
    world.clock.advance(601.0)
    assert node.bonds.last(ASK) is None
    assert node.bonds.last(ASK._replace(session="never")) is None


async def test_it_is_the_same_on_every_node(world):
    one, other = Node(world, "n1"), Node(world, "n2")
    at_once = await asyncio.gather(one.bonds.begin(ASK), other.bonds.begin(ASK))
    assert at_once[0] == at_once[1]
    for _ in range(3):
        moved = await asyncio.gather(one.bonds.begin(ASK, at_once[0]), other.bonds.begin(ASK, at_once[0]))
        assert moved[0] == moved[1]
        at_once = moved
    third = Node(world, "n3")
    await third.hear()
    assert third.bonds.find(ASK) == at_once[0], "a node that has only heard of it"
    assert len((await world.store.standing()).leases) == 1


async def test_a_node_that_remembers_nothing_begins_it_anew(world):
    """The key of the first lease is spent; that must not stand in the way for ten minutes."""
    one = Node(world, "n1")
    bond = await one.bonds.begin(ASK)
    await one.leasing.release(Token.parse(bond.token), None)
    other = Node(world, "n2")
    await other.hear()
    assert isinstance(await other.bonds.begin(ASK), Bond)


async def test_another_question_under_the_same_name_is_served(world):
    one, other = Node(world, "n1"), Node(world, "n2")
    await one.bonds.begin(ASK)
    assert isinstance(await other.bonds.begin(ASK._replace(ttl=60.0)), Bond)


async def test_a_store_that_is_away_begins_nothing_and_ends_nothing(world, node, monkeypatch):
    bond = await node.bonds.begin(ASK)

    async def away(*_):
        raise StoreUnusable("the store is away; bring it back")

    monkeypatch.setattr(node.leasing.committer._claims, "decide", away)
    world.clock.advance(500.0)
    assert node.bonds.find(ASK) == bond
    await turns()
    assert node.bonds.find(ASK) == bond
    refusal = await node.bonds.begin(ASK._replace(session="s2"))
    assert (refusal.code, refusal.retry_after) == ("store_away", module.AWAY)
    monkeypatch.undo()
    world.clock.advance(2.0)
    assert node.bonds.find(ASK) == bond
    await turns()
    world.clock.advance(300.0)
    node.leasing.tick()
    assert node.bonds.find(ASK) == bond, "prolonged once the store was back"


async def test_what_is_remembered_is_bounded(node, monkeypatch):
    monkeypatch.setattr(module, "MOST_SESSIONS", 2)
    for number in range(4):
        await node.bonds.begin(ASK._replace(session=f"s{number}"))
    assert len(node.bonds._known) == 2
    assert node.bonds.find(ASK._replace(session="s0")) is not None, "its lease runs, so it is found again"


async def test_leases_are_for_their_holder_or_for_their_password(world, node):
    grant = await node.leasing.acquire(Wanted(Holder("ann"), ttl=60.0))
    token = grant.handouts[0].lease.token
    assert node.bonds.lease(token, "ann").token == token
    assert node.bonds.lease(token, None).token == token
    assert node.bonds.lease(token, "bob") is None
    for wrong in ("", "1x0.999", "9x9.9", "nonsense", "1x0"):
        assert node.bonds.lease(wrong, "ann") is None
    assert node.bonds.opens(token, lease_password(world.store.lease_key(), token))
    assert not node.bonds.opens(token, "x")
    world.clock.advance(61.0)
    assert node.bonds.lease(token, "ann") is None


async def test_the_end_of_a_lease_is_told(node):
    bond, told = await node.bonds.begin(ASK), []
    node.bonds.watch(bond.token, lambda: told.append(1))
    never = lambda: told.append(2)  # noqa: E731
    node.bonds.watch(bond.token, never)
    node.bonds.unwatch(bond.token, never)
    await node.leasing.release(Token.parse(bond.token), None)
    assert told == [1]
    node.bonds.watch(bond.token, lambda: told.append(3))
    node.bonds.watch("nonsense", lambda: told.append(4))
    node.bonds.unwatch("nonsense", never)
    assert told == [1, 3, 4]


async def test_closing_ends_what_is_under_way(node):
    waiting = asyncio.ensure_future(node.bonds.begin(ASK))
    await asyncio.sleep(0)
    await node.bonds.close()
    assert isinstance(await waiting, Bond | Refusal)
