"""The contract of `ports.Claims`, run against every store that decides about claims."""

import asyncio

import pytest
from tests.conformance.claimkit import ANN, BOB, NODE, World, at, codes, token

from proxyfleet.core.lease import ENDED, Hold, Holder, Lease
from proxyfleet.core.orders import Claim, Granted, Obstacle, Refused, Release, Renew, Take
from proxyfleet.core.proxy import Status


async def test_a_lease_is_granted_with_a_fence_and_an_expiry(world: World) -> None:
    (proxy,) = await world.proxies(1)
    before = (await world.claims.standing()).now
    lease = await world.lease(proxy, 1, ttl=30.0)
    assert (lease.pool, lease.slot, lease.proxy_id, lease.holder) == (proxy.id, 1, proxy.id, ANN)
    assert lease.fence >= 1
    assert lease.expires - lease.granted == pytest.approx(30.0, abs=0.01)
    assert 0 <= lease.granted - before < 5
    assert (await world.claims.standing()).leases == [lease]


async def test_a_slot_is_never_given_twice_but_another_one_of_the_proxy_is(world: World) -> None:
    (proxy,) = await world.proxies(1)
    first, second = await world.lease(proxy, 0), await world.lease(proxy, 0)
    assert {first.slot, second.slot} == {0, 1}
    third = await world.claim([at(proxy, 0)])
    assert third.leases == ()
    (obstacle,) = third.obstacles
    assert obstacle.code == "capacity"
    assert obstacle.until == pytest.approx(min(first.expires, second.expires))
    assert {lease.token for lease in obstacle.leases} == {first.token, second.token}


async def test_candidates_are_tried_in_order(world: World) -> None:
    one, two, three = await world.proxies(3, capacity=1)
    await world.lease(one)
    granted = await world.claim([at(one), at(two), at(three)])
    assert [lease.proxy_id for lease in granted.leases] == [two.id]
    assert codes(granted) == ["capacity"]


async def test_as_many_as_wanted_or_nothing(world: World) -> None:
    one, two = await world.proxies(2, capacity=1)
    both = [at(one), at(two)]
    assert (await world.claim([*both, at(one, 1)], wanted=3, all_or_nothing=True)).leases == ()
    assert await world.running() == set()
    assert len((await world.claim([*both, at(one, 1)], wanted=3)).leases) == 2


async def test_several_slots_of_one_proxy_in_one_claim(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=3)
    granted = await world.claim([at(proxy, 0), at(proxy, 0), at(proxy, 2), at(proxy, 1)], wanted=4)
    assert sorted(lease.slot for lease in granted.leases) == [0, 1, 2]
    assert codes(granted) == ["capacity"]


async def test_one_batch_sees_its_own_grants(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=2)
    answers = await world.ask(*(Claim(ANN, (at(proxy, 0),), 60.0) for _ in range(3)))
    assert [len(answer.leases) for answer in answers if isinstance(answer, Granted)] == [1, 1, 0]


async def test_an_expired_lease_frees_its_slot_with_nobody_running(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    old = await world.lease(proxy, ttl=10.0)
    world.advance(9.5)
    assert (await world.claim([at(proxy)])).leases == ()
    world.advance(0.6)
    assert await world.running() == set()
    new = await world.lease(proxy, holder=BOB)
    assert (new.slot, new.fence) == (old.slot, old.fence + 1)


async def test_renewing_goes_on_and_never_shortens(world: World) -> None:
    (proxy,) = await world.proxies(1)
    lease = await world.lease(proxy, ttl=60.0)
    world.advance(10.0)
    longer = await world.renew(lease, 120.0)
    assert isinstance(longer, Lease)
    assert longer.expires == pytest.approx(lease.expires + 70.0, abs=0.5)
    same = await world.renew(lease, 5.0)
    assert isinstance(same, Lease)
    assert same.expires == pytest.approx(longer.expires)


async def test_a_late_renewal_fails_even_if_nobody_took_the_slot(world: World) -> None:
    (proxy,) = await world.proxies(1)
    lease = await world.lease(proxy, ttl=10.0)
    world.advance(10.5)
    assert (await world.renew(lease)).code == "lease_expired"
    assert (await world.release(lease)).code == "lease_expired"


async def test_stale_tokens_change_nothing(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    old = await world.lease(proxy, ttl=10.0)
    world.advance(11.0)
    new = await world.lease(proxy, holder=BOB)
    assert (await world.renew(old)).code == "stale_token"
    assert (await world.release(old)).code == "stale_token"
    assert (await world.release(old, None)).code == "stale_token"
    assert await world.running() == {new.token}
    future = new._replace(fence=new.fence + 5)
    assert (await world.renew(future, principal="bob")).code == "unknown_lease"
    assert (await world.release(new._replace(slot=7))).code == "unknown_lease"


async def test_only_its_principal_or_the_operator_ends_a_lease(world: World) -> None:
    (proxy,) = await world.proxies(1)
    mine, other = await world.lease(proxy, 0), await world.lease(proxy, 1)
    assert (await world.renew(mine, principal="bob")).code == "wrong_holder"
    assert (await world.release(mine, "bob")).code == "wrong_holder"
    ended = await world.release(mine)
    assert isinstance(ended, Lease)
    assert ended.expires == ENDED
    assert (await world.release(mine)).code == "lease_ended"
    assert isinstance(await world.release(other, None), Lease)
    assert await world.running() == set()


async def test_hard_states_are_refused_by_the_store(world: World) -> None:
    fine, off, gone = await world.proxies(3)
    await world.change(off, status=Status.DISABLED)
    await world.inventory.remove([gone.id])
    granted = await world.claim([at(off), at(gone), at(fine)], wanted=3)
    assert [lease.proxy_id for lease in granted.leases] == [fine.id]
    assert codes(granted) == ["disabled", "unknown_proxy"]


async def test_a_lease_ends_with_its_proxy(world: World) -> None:
    now = (await world.claims.standing()).now
    (proxy,) = await world.proxies(1, expires_at=now + 30.0)
    lease = await world.lease(proxy, ttl=600.0)
    assert lease.expires == pytest.approx(now + 30.0)
    renewed = await world.renew(lease, 600.0)
    assert isinstance(renewed, Lease)
    assert renewed.expires == pytest.approx(now + 30.0)
    world.advance(31.0)
    assert codes(await world.claim([at(proxy)])) == ["expired_proxy"]


async def test_lowering_a_capacity_stops_new_leases_and_breaks_none(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=5)
    leases = [await world.lease(proxy, slot) for slot in range(5)]
    await world.change(proxy, capacity=2)
    assert len(await world.running()) == 5
    assert isinstance(await world.renew(leases[4]), Lease)
    for count, lease in enumerate(leases[:3]):
        await world.release(lease)
        assert (await world.claim([at(proxy, 0)])).leases == (), f"{4 - count} run already"
    await world.release(leases[3])
    assert len((await world.claim([at(proxy, 0)])).leases) == 1
    assert (await world.claim([at(proxy, 1)])).leases == ()
    assert len(await world.running()) == 2


async def test_raising_a_capacity_makes_room(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    await world.lease(proxy)
    proxy = await world.change(proxy, capacity=3)
    assert len((await world.claim([at(proxy, 1), at(proxy, 2)], wanted=2)).leases) == 2


async def test_proxies_of_one_pool_share_its_capacity(world: World) -> None:
    one, two = await world.proxies(2, capacity=2)
    await world.lease(one, 0)
    await world.claim([at(two, 1, pool=one.id)])
    assert (await world.claim([at(two, 0, pool=one.id)])).leases == ()
    assert {lease.proxy_id for lease in (await world.claims.standing()).leases} == {one.id, two.id}
    await world.inventory.remove([two.id])
    assert {lease.proxy_id for lease in (await world.claims.standing()).leases} == {one.id}


async def test_the_same_key_gives_the_same_lease(world: World) -> None:
    one, two = await world.proxies(2)
    first = await world.claim([at(one)], key="k", arguments="x")
    again = await world.claim([at(two)], key="k", arguments="x")
    assert again.repeated
    assert [lease.token for lease in again.leases] == [lease.token for lease in first.leases]
    (conflict,) = await world.ask(Claim(ANN, (at(two),), 60.0, key="k", arguments="y"))
    assert isinstance(conflict, Refused)
    assert conflict.code == "key_conflict"
    other = await world.claim([at(two)], BOB, key="k", arguments="x")
    assert not other.repeated, "keys belong to their principal"
    await world.release(first.leases[0])
    (spent,) = await world.ask(Claim(ANN, (at(two),), 60.0, key="k", arguments="x"))
    assert isinstance(spent, Refused)
    assert spent.code == "key_spent"


async def test_a_key_lives_ten_minutes_longer_than_its_lease(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=5)
    first = await world.claim([at(proxy)], key="k", ttl=60.0)
    world.advance(60.0 + 599.0)
    (answer,) = await world.ask(Claim(ANN, (at(proxy),), 60.0, key="k"))
    assert isinstance(answer, Refused)
    world.advance(2.0)
    after = await world.claim([at(proxy)], key="k")
    assert not after.repeated
    assert after.leases[0].token != first.leases[0].token


async def test_a_key_without_a_lease_is_not_spent(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    lease = await world.lease(proxy)
    assert (await world.claim([at(proxy)], key="k")).leases == ()
    await world.release(lease)
    assert len((await world.claim([at(proxy)], key="k")).leases) == 1


async def test_removing_a_proxy_ends_what_was_claimed_of_it(world: World) -> None:
    one, two = await world.proxies(2)
    lease, kept = await world.lease(one), await world.lease(two)
    await world.take(one)
    await world.inventory.remove([one.id])
    standing = await world.claims.standing()
    assert [row.token for row in standing.leases] == [kept.token]
    assert standing.holds == []
    assert (await world.renew(lease)).code == "unknown_lease"
    assert (await world.give_back(one)).code == "not_assigned"


async def test_a_slot_keeps_its_fence_when_a_guest_is_removed(world: World) -> None:
    leader, guest = await world.proxies(2, capacity=1)
    (old,) = (await world.claim([at(guest, 0, pool=leader.id)])).leases
    await world.inventory.remove([guest.id])
    new = await world.lease(leader, holder=BOB)
    assert (new.slot, new.fence) == (old.slot, old.fence + 1)
    assert (await world.release(old, None)).code == "stale_token"


async def test_sweeps_end_what_fits_and_nothing_else(world: World) -> None:
    one, two = await world.proxies(2, capacity=5)
    plain = await world.lease(one)
    reserved = await world.lease(one, 1, resource="site")
    foreign = await world.lease(two, 0, BOB)
    elsewhere = await world.lease(two, 1, ANN._replace(label="other"))
    assert await world.sweep() == set()
    assert await world.sweep(principal="ann", reservations_only=True) == {reserved.token}
    assert (await world.claims.standing()).holds == []
    assert await world.sweep(principal="ann", label="other") == {elsewhere.token}
    assert await world.sweep(proxy_id=two.id) == {foreign.token}
    assert await world.sweep(principal="ann") == {plain.token}
    assert await world.running() == set()


async def test_a_reassigned_lease_has_another_holder_and_fence(world: World) -> None:
    (proxy,) = await world.proxies(1)
    lease = await world.lease(proxy, resource="site")
    after = await world.reassign(lease, BOB)
    assert isinstance(after, Lease)
    assert (after.holder, after.slot, after.fence) == (BOB, lease.slot, lease.fence + 1)
    assert after.expires == pytest.approx(lease.expires)
    assert (await world.renew(lease)).code == "stale_token"
    (hold,) = (await world.claims.standing()).holds
    assert (hold.holder, hold.token) == (BOB, after.token)
    assert isinstance(await world.release(after), Lease)
    assert (await world.claims.standing()).holds == []


async def test_one_bad_order_spoils_no_other(world: World) -> None:
    one, _ = await world.proxies(2)
    lease = await world.lease(one)
    answers = await world.ask(
        Release(token(lease)._replace(fence=99), "ann"),
        Claim(ANN, (), 60.0),
        Claim(ANN, (at(one, 1),), 60.0),
        Renew(token(lease), "ann", 60.0),
        Take(10_000, "site", ANN),
    )
    assert [type(answer).__name__ for answer in answers] == ["Refused", "Granted", "Granted", "Renewed", "Refused"]
    assert len(await world.running()) == 2


async def test_other_nodes_read_what_has_changed(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=5)
    start = (await world.claims.standing()).position
    lease = await world.lease(proxy, resource="site")
    news = await world.claims.claim_news(start, "n2")
    assert news.complete
    assert news.rows[0] == lease
    assert isinstance(news.rows[1], Hold)
    assert news.rows[1].token == lease.token
    own = await world.claims.claim_news(start, NODE)
    assert own.rows == []
    assert own.position == news.position
    await world.release(lease)
    more = await world.claims.claim_news(news.position, "n2")
    assert [row.expires for row in more.rows if isinstance(row, Lease)] == [ENDED]
    assert (await world.claims.claim_news(more.position, "n2")).rows == []


async def test_changes_of_the_inventory_are_told_by_id(world: World) -> None:
    start = await world.inventory.inventory_news(None)
    one, two = await world.proxies(2)
    news = await world.inventory.inventory_news(start.position)
    assert news.ids == {one.id, two.id}
    await world.change(one, capacity=4)
    await world.inventory.remove([two.id])
    later = await world.inventory.inventory_news(news.position)
    assert later.ids == {one.id, two.id}
    assert not later.users
    assert [proxy.id for proxy in await world.inventory.some([two.id, one.id, 999])] == [one.id]
    assert (await world.inventory.inventory_news(later.position)).ids == frozenset()


async def test_obstacles_name_the_candidate(world: World) -> None:
    (proxy,) = await world.proxies(1, capacity=1)
    await world.lease(proxy)
    granted = await world.claim([at(proxy)])
    assert [obstacle.candidate for obstacle in granted.obstacles] == [at(proxy)]
    assert isinstance(granted.obstacles[0], Obstacle)


async def test_waiting_for_news_ends(world: World) -> None:
    (proxy,) = await world.proxies(1)
    start = (await world.claims.standing()).position
    await world.lease(proxy)
    for _ in range(2):
        await asyncio.wait_for(world.claims.wait_for_news(0.05), 5.0)
    assert len((await world.claims.claim_news(start, "n2")).rows) == 1


async def test_an_order_that_no_database_can_hold_spoils_no_other(world: World) -> None:
    (proxy,) = await world.proxies(1)
    odd = Holder("\ud800")
    _, taken, granted = await world.ask(
        Claim(odd, (at(proxy),), 60.0), Take(2**80, "site", ANN), Claim(ANN, (at(proxy, 1),), 60.0)
    )
    assert taken == Refused("unknown_proxy")
    assert isinstance(granted, Granted)
    assert len(granted.leases) == 1
