"""The contract of claims where exits are shared: leases of all proxies behind one exit count against the capacity of each."""

import asyncio
from dataclasses import replace

import pytest
from tests.conformance.claimkit import ANN, World, at, codes

from proxyfleet.core.orders import Claim, Granted
from proxyfleet.core.proxy import Details, Kind, Measured

EXIT = "2001:db8::1"


async def test_leases_behind_one_exit_count_together(world: World) -> None:
    one, two = await world.behind(EXIT, *await world.proxies(2, capacity=2))
    first = await world.lease(one, share_exits=True)
    second = await world.lease(two, share_exits=True)
    refused = await world.claim([at(two, 1), at(one, 1)], share_exits=True)
    assert codes(refused) == ["capacity", "capacity"]
    assert all({row.token for row in one.leases} == {first.token, second.token} for one in refused.obstacles)
    assert refused.obstacles[0].until == pytest.approx(min(first.expires, second.expires))
    await world.release(first)
    assert (await world.lease(two, 1, share_exits=True)).proxy_id == two.id


async def test_those_that_come_with_a_measured_exit_share_it(world: World) -> None:
    """As a copy of another database does; what is stored once more stays behind its exit, what only might be changes none."""
    measured = Details(measured=Measured(EXIT))
    one, two = await world.proxies(2, capacity=1, details=measured)
    again = await world.proxies(2, capacity=1, details=measured, expires_at=4e9)
    assert [proxy.id for proxy in again] == [one.id, two.id]
    await world.inventory.gather([replace(one, id=0)], "list", 1.0, dry_run=True)
    await world.lease(one, share_exits=True)
    assert codes(await world.claim([at(two)], share_exits=True)) == ["capacity"]


async def test_only_who_asks_for_it_shares(world: World) -> None:
    one, two = await world.behind(EXIT, *await world.proxies(2, capacity=1))
    await world.lease(one)
    await world.lease(two)


async def test_each_looks_at_its_own_capacity(world: World) -> None:
    small, large = await world.behind(EXIT, *await world.proxies(2, capacity=1))
    large = await world.change(large, capacity=3)
    await world.lease(small, share_exits=True)
    await world.lease(large, share_exits=True)
    assert codes(await world.claim([at(small, 1)], share_exits=True)) == ["capacity"]
    await world.lease(large, 1, share_exits=True)
    assert codes(await world.claim([at(large, 2)], share_exits=True)) == ["capacity"]


async def test_another_exit_and_a_rotating_one_share_nothing(world: World) -> None:
    (one,) = await world.behind(EXIT, *await world.proxies(1, capacity=1))
    await world.lease(one, share_exits=True)
    others = await world.inventory.put([one.__class__(one.scheme, f"o{n}.example", 80, capacity=1) for n in range(2)])
    await world.behind("192.0.2.7", others[0].proxy)
    await world.lease(others[0].proxy, share_exits=True)
    turning = await world.change(others[1].proxy, labels=one.labels.__class__(kind=Kind.ROTATING))
    (turning,) = await world.behind(EXIT, turning)
    await world.lease(turning, share_exits=True)


async def test_joining_breaks_nothing_and_leaving_frees(world: World) -> None:
    one, two, three = await world.proxies(3, capacity=2)
    kept = [await world.lease(proxy, slot) for proxy in (one, two) for slot in (0, 1)]
    one, two, three = await world.behind(EXIT, one, two, three)
    assert await world.running() == {lease.token for lease in kept}
    assert [(await world.renew(lease)).token for lease in kept] == [lease.token for lease in kept]
    assert codes(await world.claim([at(three)], share_exits=True)) == ["capacity"]
    await world.behind("192.0.2.7", three)
    await world.lease(three, share_exits=True)


async def test_one_claim_of_many_counts_what_it_is_about_to_get(world: World) -> None:
    proxies = await world.behind(EXIT, *await world.proxies(3, capacity=2))
    granted = await world.claim([at(one) for one in proxies], wanted=3, share_exits=True)
    assert len(granted.leases) == 2
    assert codes(granted) == ["capacity"]
    whole = await world.claim([at(one, 1) for one in proxies], wanted=3, share_exits=True, all_or_nothing=True)
    assert whole.leases == ()


async def test_a_proxy_that_is_removed_no_longer_counts(world: World) -> None:
    one, two = await world.behind(EXIT, *await world.proxies(2, capacity=1))
    await world.lease(one, share_exits=True)
    await world.inventory.remove([one.id])
    await world.lease(two, share_exits=True)


async def test_many_at_once_never_exceed_it(world: World) -> None:
    proxies = await world.behind(EXIT, *await world.proxies(4, capacity=3))
    asked = [
        world.ask(*(Claim(ANN, (at(proxy, slot),), 60.0, share_exits=True) for proxy in proxies), node=f"n{slot}")
        for slot in range(4)
    ]
    answers = [answer for batch in await asyncio.gather(*asked) for answer in batch]
    assert sum(len(answer.leases) for answer in answers if isinstance(answer, Granted)) == 3
    assert len(await world.running()) == 3
