"""Handing out over the memory store: shortage, waiting in order, keys, races of two nodes, ends that are told."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder, Lease, Token
from proxyfleet.core.orders import Decided, Order, Sweep
from proxyfleet.core.proxy import Details, Measured, Proxy
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import Selector
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.leasing import Grant, Leasing, Wanted
from proxyfleet.services.refusing import ClaimRefused
from proxyfleet.stores.memory import MemoryStore

ANN, BOB = Holder("ann"), Holder("bob")


class World:
    """One store, a clock that is moved by hand, and as many nodes as are asked for."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.proxies: list[Proxy] = []

    async def fill(self, count: int, **fields: object) -> None:
        stored = await self.store.put(some_proxies(count, **{"capacity": 2, **fields}))
        self.proxies = [one.proxy for one in stored]

    def node(self, name: str = "n1", *, share_exits: bool = False) -> Leasing:
        fleet = FleetState(Rules(jitter=0.0, share_exits=share_exits), rng=Random(3))
        for proxy in self.proxies:
            fleet.add(proxy, self.clock())
        return Leasing(fleet, self.store, node=name, clock=self.clock, timer=self.clock)


@pytest.fixture
async def world() -> World:
    return World()


def token(lease: Lease) -> Token:
    return Token(lease.pool, lease.slot, lease.fence)


async def one(leasing: Leasing, holder: Holder = ANN, **fields: object) -> Lease:
    grant = await leasing.acquire(Wanted(holder, **fields))
    assert len(grant.handouts) == 1, grant
    return grant.handouts[0].lease


def codes(grant: Grant) -> str | None:
    return None if grant.refusal is None else grant.refusal.code


async def test_a_lease_has_a_deadline_a_little_before_its_end(world: World) -> None:
    await world.fill(1)
    leasing = world.node()
    grant = await leasing.acquire(Wanted(ANN, ttl=60.0))
    (handout,) = grant.handouts
    assert handout.deadline == world.clock() + 57.0
    assert (grant.missing, grant.refusal) == (0, None)
    longer = await leasing.renew(token(handout.lease), "ann", 10.0)
    assert longer.deadline == handout.deadline
    assert leasing.fleet.leases(1) == 1


async def test_the_cap_holds_and_the_shortage_says_until_when(world: World) -> None:
    await world.fill(2)
    leasing = world.node()
    grant = await leasing.acquire(Wanted(ANN, count=4))
    assert len({handout.lease.token for handout in grant.handouts}) == 4
    short = await leasing.acquire(Wanted(BOB, count=1))
    assert (short.handouts, short.missing, codes(short)) == ((), 1, "capacity")
    assert short.refusal is not None
    assert 59.0 < (short.refusal.retry_after or 0) < 61.0
    impossible = await leasing.acquire(Wanted(BOB, count=5))
    assert codes(impossible) == "impossible"
    assert codes(await leasing.acquire(Wanted(BOB, Selector.parse("country=XX")))) == "no_match"


async def test_different_proxies_first(world: World) -> None:
    await world.fill(3)
    grant = await world.node().acquire(Wanted(ANN, count=3))
    assert {handout.lease.proxy_id for handout in grant.handouts} == {1, 2, 3}


async def test_many_are_spread_evenly_and_not_too_many_on_one(world: World) -> None:
    await world.fill(3, capacity=5)
    leasing = world.node()
    grant = await leasing.acquire(Wanted(ANN, count=12))
    assert sorted(leasing.fleet.leases(one) for one in (1, 2, 3)) == [4, 4, 4]
    await leasing.sweep(Sweep(principal="ann"))
    few = await leasing.acquire(Wanted(ANN, count=12, each=2))
    assert (len(grant.handouts), len(few.handouts), few.missing) == (12, 6, 6)


async def test_part_of_it_or_nothing(world: World) -> None:
    await world.fill(2, capacity=1)
    leasing = world.node()
    held = await one(leasing)
    part = await leasing.acquire(Wanted(BOB, count=2))
    assert (len(part.handouts), part.missing, codes(part)) == (1, 1, "capacity")
    await leasing.release(token(part.handouts[0].lease), "bob")
    nothing = await leasing.acquire(Wanted(BOB, count=2, all_or_nothing=True))
    assert (nothing.handouts, nothing.missing) == ((), 2)
    await leasing.release(token(held), "ann")
    assert len((await leasing.acquire(Wanted(BOB, count=2, all_or_nothing=True))).handouts) == 2


async def test_waiting_callers_are_served_in_order(world: World) -> None:
    await world.fill(1, capacity=1)
    leasing = world.node()
    held = await one(leasing)
    waiting = [asyncio.ensure_future(one(leasing, Holder(f"w{n}"), wait=30.0)) for n in range(3)]
    await asyncio.sleep(0)
    late = await leasing.acquire(Wanted(BOB))
    assert codes(late) == "capacity"
    for nth, task in enumerate(waiting):
        await leasing.release(token(held), held.holder.principal)
        held = await task
        assert held.holder.principal == f"w{nth}"
        assert not any(other.done() for other in waiting[nth + 1 :])


async def test_nobody_overtakes_who_waits_for_several(world: World) -> None:
    await world.fill(1, capacity=2)
    leasing = world.node()
    first, second = await one(leasing), await one(leasing)
    both = asyncio.ensure_future(leasing.acquire(Wanted(BOB, count=2, all_or_nothing=True, wait=30.0)))
    await asyncio.sleep(0)
    await leasing.release(token(first), "ann")
    assert codes(await leasing.acquire(Wanted(ANN))) == "capacity"
    await leasing.release(token(second), "ann")
    assert len((await both).handouts) == 2


async def test_who_gives_up_leaves_no_lease_behind(world: World) -> None:
    await world.fill(1, capacity=1)
    leasing = world.node()
    held = await one(leasing)
    gone = asyncio.ensure_future(leasing.acquire(Wanted(BOB, wait=30.0)))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    await leasing.release(token(held), "ann")
    late = asyncio.ensure_future(leasing.acquire(Wanted(BOB)))
    await asyncio.sleep(0)
    late.cancel()
    await leasing.close()
    assert (await world.store.standing()).leases == []
    assert leasing.fleet.leases(1) == 0


async def test_who_goes_just_when_it_was_granted_leaves_nothing_behind(world: World) -> None:
    await world.fill(1, capacity=1)
    leasing = world.node()
    for turns in range(8):
        gone = asyncio.ensure_future(leasing.acquire(Wanted(BOB)))
        for _ in range(turns):
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        if not gone.cancelled():
            await leasing.release(token(gone.result().handouts[0].lease), "bob")
        await leasing.close()
        assert (await world.store.standing()).leases == [], f"cancelled after {turns} turns"


async def test_an_expired_lease_makes_room_for_who_waits(world: World) -> None:
    await world.fill(1, capacity=1)
    leasing = world.node()
    held = await one(leasing, ttl=10.0)
    waits = asyncio.ensure_future(one(leasing, BOB, wait=60.0))
    await asyncio.sleep(0)
    world.clock.advance(10.5)
    leasing.tick()
    assert (await waits).fence == held.fence + 1


async def test_the_same_key_gives_the_same_lease(world: World) -> None:
    await world.fill(3)
    leasing = world.node()
    first = await one(leasing, key="k")
    again = await leasing.acquire(Wanted(ANN, key="k"))
    assert [handout.lease.token for handout in again.handouts] == [first.token]
    assert sum(leasing.fleet.leases(proxy.id) for proxy in world.proxies) == 1
    with pytest.raises(ClaimRefused, match="another request"):
        await leasing.acquire(Wanted(ANN, key="k", count=2))


async def test_wrong_tokens_are_refused_in_words(world: World) -> None:
    await world.fill(1)
    leasing = world.node()
    lease = await one(leasing)
    for wrong, principal, code in [
        (token(lease)._replace(fence=9), "ann", "unknown_lease"),
        (token(lease), "bob", "wrong_holder"),
    ]:
        with pytest.raises(ClaimRefused) as refused:
            await leasing.renew(wrong, principal)
        assert refused.value.code == code
    world.clock.advance(61.0)
    with pytest.raises(ClaimRefused, match="renew it in time"):
        await leasing.renew(token(lease), "ann")
    for ttl in (0.5, 8 * 86_400.0, float("nan")):
        with pytest.raises(ClaimRefused, match="1 second to 7 days"):
            await leasing.acquire(Wanted(ANN, ttl=ttl))
    with pytest.raises(ClaimRefused, match="out of range"):
        await leasing.acquire(Wanted(ANN, count=0))


async def test_two_nodes_never_give_one_slot_twice(world: World) -> None:
    await world.fill(2, capacity=3)
    one_node, other = world.node("n1"), world.node("n2")
    asked = [node.acquire(Wanted(ANN, count=1)) for _ in range(4) for node in (one_node, other)]
    grants = await asyncio.gather(*asked)
    tokens = [handout.lease.token for grant in grants for handout in grant.handouts]
    assert len(tokens) == len(set(tokens)) == 6
    assert sorted(codes(grant) or "" for grant in grants) == [""] * 6 + ["capacity"] * 2


async def test_very_proxies_by_name(world: World) -> None:
    await world.fill(4, capacity=1)
    leasing = world.node()
    grant = await leasing.acquire(Wanted(ANN, count=3, proxies=(2, 4, 99), resource="site", ttl=300.0))
    assert [handout.lease.proxy_id for handout in grant.handouts] == [2, 4]
    assert grant.missing == 1
    other = await leasing.acquire(Wanted(BOB, Selector(resource="site"), count=4, resource="site"))
    assert {handout.lease.proxy_id for handout in other.handouts} == {1, 3}


async def test_the_end_of_a_lease_is_told(world: World) -> None:
    await world.fill(1)
    leasing = world.node()
    told: list[str] = []
    released, expires = await one(leasing), await one(leasing, ttl=5.0)
    leasing.watch(token(released), lambda: told.append("released"))
    leasing.watch(token(expires), lambda: told.append("expired"))
    leasing.watch(Token(1, 1, 99), lambda: told.append("unknown"))
    assert told == ["unknown"]
    await leasing.release(token(released), None)
    assert told == ["unknown", "released"]
    world.clock.advance(5.5)
    leasing.tick()
    assert told == ["unknown", "released", "expired"]
    never = await one(leasing)
    leasing.watch(token(never), tell := lambda: told.append("never"))
    leasing.unwatch(token(never), tell)
    await leasing.sweep(Sweep(principal="ann"))
    assert told[-1] == "expired"
    assert leasing.fleet.leases(1) == 0


async def test_reassigning_ends_the_old_token(world: World) -> None:
    await world.fill(1)
    leasing = world.node()
    lease = await one(leasing)
    after = await leasing.reassign(token(lease), BOB)
    assert leasing.table.find(token(lease), world.clock()) is None
    assert leasing.table.find(token(after), world.clock()) == after
    assert leasing.fleet.leases(1) == 1


async def test_callers_at_once_share_commits(world: World) -> None:
    await world.fill(30, capacity=5)
    leasing = world.node()
    await asyncio.gather(*(leasing.acquire(Wanted(Holder(f"u{n}"), count=5)) for n in range(5)))
    assert leasing.committer.batches <= 2


async def test_who_waits_asks_now_and_then_while_this_node_does_not_know_why_there_is_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store knows that both leave by one exit, and that it is full; until the news are here, memory sees a free proxy."""
    await world.fill(2, capacity=1)
    behind = world.node(share_exits=True)
    await world.store.amend([1, 2], lambda proxy: replace(proxy, details=Details(measured=Measured("192.0.2.1"))))
    world.proxies = await world.store.some([1, 2])
    ahead = world.node("n2", share_exits=True)
    held = await one(ahead, BOB, proxies=(1,))
    asked, decide = 0, world.store.decide

    async def counted(orders: Sequence[Order], node: str) -> Decided:
        nonlocal asked
        asked += 1
        return await decide(orders, node)

    monkeypatch.setattr(world.store, "decide", counted)
    waiting = [asyncio.create_task(one(behind, wait=60.0)) for _ in range(2)]
    await asyncio.sleep(0.05)
    for _ in range(3):
        behind.tick()
        await asyncio.sleep(0.01)
    assert asked < 10
    await ahead.release(token(held), "bob")
    behind.tick()
    done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=1.0)
    assert [task.result().proxy_id for task in done] in ([1], [2])
    for task in left:
        task.cancel()
