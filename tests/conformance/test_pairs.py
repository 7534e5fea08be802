"""The contract of `ports.Claims` about pairs of proxy and resource: reservations and assignments."""

import pytest
from tests.conformance.claimkit import ANN, BOB, NODE, World, at, codes, token

from proxyfleet.core.lease import FOREVER, Held, Lease
from proxyfleet.core.orders import Claim, Refused, Release, Take, Taken
from proxyfleet.core.proxy import Kind, Status


async def test_a_pair_has_at_most_one_holder(world: World) -> None:
    one, two = await world.proxies(2, capacity=5)
    mine = await world.lease(one, resource="site", ttl=300.0)
    other = await world.claim([at(one, 1), at(two, 0)], BOB, resource="site", wanted=2)
    assert [lease.proxy_id for lease in other.leases] == [two.id]
    (obstacle,) = other.obstacles
    assert (obstacle.code, obstacle.by) == ("resource_taken", ANN)
    assert obstacle.until == pytest.approx(mine.expires)
    assert len((await world.claim([at(one, 1)], BOB, resource="elsewhere")).leases) == 1
    assert len((await world.claim([at(one, 2)], BOB)).leases) == 1


async def test_a_reservation_holds_its_pair_while_it_runs(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=5)
    lease = await world.lease(proxy, resource="site", ttl=10.0)
    (hold,) = (await world.claims.standing()).holds
    assert (hold.kind, hold.holder, hold.token) == (Held.RESERVATION, ANN, lease.token)
    assert isinstance(await world.renew(lease, 30.0), Lease)
    world.advance(11.0)
    assert codes(await world.claim([at(proxy, 1)], BOB, resource="site")) == ["resource_taken"]
    world.advance(20.0)
    second = await world.lease(proxy, 1, BOB, resource="site")
    assert isinstance(await world.release(second), Lease)
    assert (await world.claims.standing()).holds == []
    assert len((await world.claim([at(proxy, 1)], resource="site")).leases) == 1


async def test_rotating_proxies_are_unique_by_session(world: World) -> None:
    (proxy,) = await world.proxies(1, kind=Kind.ROTATING, capacity=None)
    leases = [await world.lease(proxy, slot, resource="site") for slot in range(3)]
    assert len({lease.session for lease in leases}) == 3
    assert all(lease.session.isalnum() for lease in leases)
    assert (await world.lease(proxy, 999)).slot == 999
    assert len((await world.claim([at(proxy, 1000)])).leases) == 1, "another free slot is found below the cap"


async def test_taking_turns_an_own_reservation_into_an_assignment(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    lease = await world.lease(proxy, resource="site")
    answer = await world.take(proxy)
    assert isinstance(answer, Taken)
    assert answer.lease is not None
    assert answer.lease.token == lease.token
    assert (answer.hold.kind, answer.hold.until) == (Held.ASSIGNMENT, FOREVER)
    assert await world.running() == set(), "an assignment is no lease"
    assert len((await world.claim([at(proxy)], BOB)).leases) == 1
    world.advance(10 * 86_400.0)
    (hold,) = (await world.claims.standing()).holds
    assert hold == answer.hold


async def test_taking_and_giving_back(world: World) -> None:
    one, two = await world.proxies(2)
    first = await world.take(one)
    assert isinstance(first, Taken)
    assert await world.take(one) == Taken(first.hold), "twice is once"
    other = await world.take(one, holder=BOB)
    assert isinstance(other, Refused)
    assert (other.code, other.by) == ("resource_taken", ANN)
    assert codes(await world.claim([at(one)], BOB, resource="site")) == ["resource_taken"]
    assert (await world.give_back(one, holder=BOB)).code == "wrong_holder"
    assert (await world.give_back(two)).code == "not_assigned"
    back = await world.give_back(one)
    assert isinstance(back, Taken)
    assert back.hold.kind is Held.FREE
    assert (await world.give_back(one)).code == "not_assigned"
    assert isinstance(await world.take(one, holder=BOB), Taken)
    assert isinstance(await world.give_back(one, force=True), Taken)


async def test_a_pair_may_have_to_cool_down(world: World) -> None:
    (proxy,) = await world.proxies(1)
    await world.take(proxy)
    await world.give_back(proxy, reuse_after=100.0)
    again = await world.take(proxy)
    assert isinstance(again, Refused)
    assert again.code == "cooling"
    assert codes(await world.claim([at(proxy)], resource="site")) == ["resource_taken"]
    world.advance(101.0)
    assert isinstance(await world.take(proxy), Taken)


async def test_what_cannot_be_taken(world: World) -> None:
    now = (await world.claims.standing()).now
    off, old, gone = await world.proxies(3, expires_at=now + 10.0)
    await world.change(off, status=Status.DISABLED)
    await world.inventory.remove([gone.id])
    world.advance(11.0)
    assert [(await world.take(proxy)).code for proxy in (off, old, gone)] == [
        "disabled",
        "expired_proxy",
        "unknown_proxy",
    ]


async def test_a_batch_tells_the_pairs_it_has_changed(world: World) -> None:
    one, two = await world.proxies(2)
    decided = await world.claims.decide(
        [Claim(ANN, (at(one),), 60.0, resource="site"), Claim(ANN, (at(two),), 60.0), Take(two.id, "shop", BOB)], NODE
    )
    assert [(hold.proxy_id, hold.resource, hold.kind) for hold in decided.holds] == [
        (one.id, "site", Held.RESERVATION),
        (two.id, "shop", Held.ASSIGNMENT),
    ]
    standing = await world.claims.standing()
    assert sorted(standing.holds) == sorted(decided.holds)
    lease = standing.leases[0] if standing.leases[0].proxy_id == one.id else standing.leases[1]
    ended = await world.claims.decide([Release(token(lease), "ann")], NODE)
    assert [(hold.kind, hold.version) for hold in ended.holds] == [(Held.FREE, decided.holds[0].version + 1)]
