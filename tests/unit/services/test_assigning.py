"""Taking, giving back, exchanging and reserving over the memory store."""

from itertools import count
from random import Random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Held, Holder
from proxyfleet.core.proxy import Kind, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import Selector
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.assigning import Assigning
from proxyfleet.services.leasing import Leasing
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.stores.memory import MemoryStore

ANN, BOB = Holder("local", "ann"), Holder("local", "bob")


class World:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)

    async def open(self, proxies: list[object]) -> Assigning:
        stored = await self.store.put(proxies)
        fleet = FleetState(Rules(), rng=Random(2))
        for one in stored:
            fleet.add(one.proxy, self.clock())
        self.leasing = Leasing(fleet, self.store, node="n", clock=self.clock, timer=self.clock)
        names = count(1)
        return Assigning(self.leasing, self.clock, lambda: f"s{next(names)}")


@pytest.fixture
def world() -> World:
    return World()


async def test_a_batch_tells_taken_and_failed(world: World) -> None:
    assigning = await world.open(some_proxies(4))
    await assigning.take(BOB, "site", [2])
    world.clock.advance(1.0)
    batches = world.leasing.committer.batches
    taken, failed = await assigning.take(ANN, "site", [1, 2, 3, 99])
    assert [hold.proxy_id for hold in taken] == [1, 3]
    assert [(one.proxy_id, one.refusal.code) for one in failed] == [(2, "resource_taken"), (99, "unknown_proxy")]
    assert "local/bob" in str(failed[0].refusal)
    assert world.leasing.committer.batches == batches + 1, "one commit"
    assert [hold.proxy_id for hold in assigning.assignments(holder=ANN)] == [1, 3]
    assert [hold.holder for hold in assigning.assignments("site")] == [BOB, ANN, ANN]


async def test_a_reservation_becomes_an_assignment(world: World) -> None:
    assigning = await world.open(some_proxies(2, capacity=1))
    grant = await assigning.reserve(ANN, "site", proxies=[1])
    assert grant.handouts[0].lease.resource == "site"
    assert world.leasing.fleet.leases(1) == 1
    assert [one.proxy_id for one in (await assigning.take(BOB, "site", [1])).failed] == [1]
    assert len((await assigning.take(ANN, "site", [1])).done) == 1
    assert world.leasing.fleet.leases(1) == 0
    assert len((await assigning.reserve(BOB, "site", count=2)).handouts) == 1, "the pair is taken"


@pytest.mark.parametrize("ids", [[1, 99], [99, 1], [99]])
async def test_reserving_a_proxy_that_is_not_there_says_so(world: World, ids: list[int]) -> None:
    """And not that all its slots are taken, or that oneself is in the way."""
    assigning = await world.open(some_proxies(2))
    grant = await assigning.reserve(ANN, "site", proxies=ids)
    assert [handout.lease.proxy_id for handout in grant.handouts] == [one for one in ids if one == 1]
    assert grant.missing == 1
    assert grant.refusal is not None
    assert grant.refusal.code == "unknown_proxy"
    assert "99" in str(grant.refusal)


async def test_sessions_of_one_rotating_proxy_can_be_reserved_together(world: World) -> None:
    assigning = await world.open([a_proxy(1, kind=Kind.ROTATING)])
    for asked in ({"proxies": [1, 1, 1]}, {"count": 3}):
        grant = await assigning.reserve(ANN, "site", **asked)
        assert (len(grant.handouts), grant.missing) == (3, 0)


@pytest.mark.parametrize("resource", ["", "  "])
async def test_a_resource_has_a_name(world: World, resource: str) -> None:
    assigning = await world.open(some_proxies(2))
    for asked in (
        assigning.reserve(ANN, resource, proxies=[1]),
        assigning.take(ANN, resource, [1]),
        assigning.take_some(ANN, resource, 1),
    ):
        with pytest.raises(ClaimRefused, match="the resource is empty"):
            await asked


async def test_what_one_does_not_have_is_not_exchanged(world: World) -> None:
    assigning = await world.open(some_proxies(2))
    await assigning.take(ANN, "site", [1, 2])
    with pytest.raises(ClaimRefused) as refusal:
        await assigning.exchange(BOB, "site", 1)
    assert refusal.value.code == "not_assigned"


async def test_cancelling_ends_the_reservations_of_one_holder(world: World) -> None:
    assigning = await world.open(some_proxies(3))
    await assigning.reserve(ANN, "site", count=2)
    await assigning.reserve(ANN, "shop", count=1)
    await assigning.reserve(BOB, "site", count=1)
    assert await assigning.cancel(ANN, "shop") == 1
    assert await assigning.cancel(ANN) == 2
    assert await assigning.cancel(ANN) == 0
    assert len((await world.store.standing()).leases) == 1


async def test_some_that_fit_and_that_nobody_holds(world: World) -> None:
    assigning = await world.open([*some_proxies(3, country="DE"), a_proxy(9, country="US")])
    first = await assigning.take_some(ANN, "site", 2, Selector.parse("country=DE"))
    second = await assigning.take_some(BOB, "site", 5, Selector.parse("country=DE"))
    assert len(first.done) == 2
    assert len(second.done) == 1
    assert len((await assigning.take_some(BOB, "shop", 5)).done) == 4


async def test_giving_back(world: World) -> None:
    assigning = await world.open(some_proxies(2))
    await assigning.take(ANN, "site", [1, 2])
    back = await assigning.give_back(BOB, "site", [1])
    assert back.failed[0].refusal.code == "wrong_holder"
    assert len((await assigning.give_back(BOB, "site", [1], force=True)).done) == 1
    assert len((await assigning.give_back(ANN, "site", [2], reuse_after=50.0)).done) == 1
    assert [one.refusal.code for one in (await assigning.take(BOB, "site", [1, 2])).failed] == ["cooling"]


async def test_a_rotating_proxy_is_assigned_by_session(world: World) -> None:
    assigning = await world.open([a_proxy(1, kind=Kind.ROTATING)])
    for holder in (ANN, BOB):
        assert len((await assigning.take(holder, "site", [1])).done) == 1
    assert [hold.session for hold in assigning.assignments()] == ["s1", "s2"]
    assert len((await assigning.give_back(BOB, "site", [1])).done) == 1
    assert [hold.session for hold in assigning.assignments()] == ["s1"]
    assert [one.id for one in assigning.available("site")] == [1]


async def test_an_exchange_takes_before_it_gives(world: World) -> None:
    assigning = await world.open(some_proxies(2))
    await assigning.take(ANN, "site", [1])
    other = await assigning.exchange(ANN, "site", 1)
    assert other.proxy_id == 2
    assert [hold.proxy_id for hold in assigning.assignments("site")] == [2]
    await assigning.take(BOB, "site", [1])
    with pytest.raises(ClaimRefused):
        await assigning.exchange(ANN, "site", 2)
    assert {hold.proxy_id for hold in assigning.assignments("site")} == {1, 2}
    with pytest.raises(ClaimRefused, match="not assigned"):
        await (assigning).exchange(ANN, "shop", 1)
    assert assigning.assignments("shop") == []


async def test_the_available_ones_by_days_left(world: World) -> None:
    day, now = 86_400.0, world.clock()
    proxies = [
        a_proxy(1, expires_at=now + 3 * day),
        a_proxy(2, expires_at=now + 9 * day),
        a_proxy(3),
        a_proxy(4, expires_at=now - day),
        a_proxy(5, status=Status.DISABLED),
        a_proxy(6, capacity=1),
        a_proxy(7),
    ]
    assigning = await world.open(proxies)
    await assigning.reserve(ANN, "other", proxies=[6])
    await assigning.take(ANN, "site", [7])
    assert [proxy.id for proxy in assigning.available("site")] == [2, 1, 3]
    assert [proxy.id for proxy in assigning.available()] == [2, 1, 3, 7]
    assert all(hold.kind is Held.ASSIGNMENT for hold in assigning.assignments())
