"""A store of two halves: changes count at once for every node, and a Redis that goes away costs refusals, nothing else."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.redis_server import RedisProcess, fresh_url
from tests.unit.stores.redis.conftest import ANN, Kit, ask, claim, proxies

from proxyfleet.core.lease import Token
from proxyfleet.core.orders import Granted, Refused, Release, Renewed, Take
from proxyfleet.core.proxy import Status
from proxyfleet.ports import GatewayUser
from proxyfleet.stores.errors import StoreAway, StoreClosed
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis.claims import RedisClaims, Unsettled
from proxyfleet.stores.redis.fleet import RedisFleet

ALWAYS = ("appendonly yes", "appendfsync always", 'save ""')


async def two_nodes(kit: Kit) -> tuple[RedisFleet, RedisFleet]:
    inventory, url = MemoryStore(), fresh_url()
    return await kit.fleet(inventory, url), await kit.fleet(inventory, url)


async def code(fleet: RedisFleet, proxy_id: int = 1) -> str:
    """Why a claim is not granted, or empty."""
    answer = await ask(fleet, claim(proxy_id, ttl=1.0))
    if isinstance(answer, Refused):
        return answer.code
    return answer.obstacles[0].code if answer.obstacles else ""


async def test_what_an_operator_changes_counts_at_once_for_every_node(kit: Kit) -> None:
    one, two = await two_nodes(kit)
    assert await code(two) == "unknown_proxy"
    (stored,) = await one.put(proxies(1))
    assert await code(two) == ""
    await one.change([replace(stored.proxy, status=Status.DISABLED)])
    assert await code(two) == "disabled"
    await one.change([replace(stored.proxy, expires_at=1.0)])
    assert await code(two) == "expired_proxy"
    await one.change([stored.proxy])
    assert await code(two) == ""
    assert await one.remove([1]) == 1
    assert await code(two) == "unknown_proxy"


async def test_a_dry_run_and_a_repetition_tell_nothing(kit: Kit) -> None:
    one, two = await two_nodes(kit)
    await one.put(proxies(1), dry_run=True)
    assert await code(two) == "unknown_proxy"
    await one.put(proxies(1))
    assert [stored.verdict for stored in await one.put(proxies(1))] == ["duplicate"]
    assert await code(two) == ""


async def test_nothing_is_changed_while_redis_is_away(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*ALWAYS)
    fleet = await kit.fleet(url=process.url)
    (stored,) = await fleet.put(proxies(1))
    process.kill()
    for call in (
        lambda: fleet.put(proxies(2)),
        lambda: fleet.change([replace(stored.proxy, capacity=9)]),
        lambda: fleet.remove([1]),
    ):
        with pytest.raises(StoreAway):
            await call()
    assert [page async for page in fleet.proxies()] == [[stored.proxy]], "what is known can be read"
    assert await fleet.some([1]) == [stored.proxy]
    assert (await fleet.inventory_news(None)).ids == frozenset()


async def test_claims_are_refused_while_redis_is_away_and_nothing_acknowledged_is_lost(
    kit: Kit, redis: Callable[..., RedisProcess]
) -> None:
    process = redis(*ALWAYS)
    fleet = await kit.fleet(url=process.url)
    await fleet.put(proxies(2))
    mine = (await ask(fleet, claim())).leases[0]
    taken = await ask(fleet, Take(2, "site", ANN))
    process.kill()
    for _ in range(3):
        with pytest.raises(StoreAway, match="does not answer"):
            await fleet.decide([claim(slot=1)], "n")
        with pytest.raises(StoreAway):
            await fleet.standing()
    await fleet.wait_for_news(0.0)
    begun = time.monotonic()
    await fleet.wait_for_news(0.2)
    assert time.monotonic() - begun >= 0.19, "whoever waits does not spin"
    process.start()
    await asyncio.sleep(0.1)
    standing = await fleet.standing()
    assert standing.leases == [mine]
    assert standing.holds == [taken.hold]
    assert isinstance(await ask(fleet, Release(Token(1, 0, mine.fence), "ann")), Renewed)


async def test_what_could_not_be_told_is_told_before_anything_else(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = await two_nodes(kit)
    (stored,) = await one.put(proxies(1))
    await one.change([replace(stored.proxy, capacity=9)])
    with monkeypatch.context() as patched:
        patched.setattr(RedisClaims, "publish", away)
        with pytest.raises(StoreAway):
            await one.remove([1])
    assert await code(two) == "", "not acknowledged, not told"
    await one.put(proxies(2))
    assert await code(two) == "unknown_proxy"


async def test_a_node_that_dies_between_commit_and_telling_is_healed(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = await two_nodes(kit)
    await one.put(proxies(3))
    position = (await two.inventory_news(None)).position
    await dies_while_removing(one, 1, monkeypatch)
    assert await code(two, 1) == ""
    assert (await two.inventory_news(position)).ids == {1}
    assert await code(two, 1) == "unknown_proxy", "healed by whoever follows"
    await dies_while_removing(two, 2, monkeypatch)
    assert await code(two, 2) == ""
    again = await kit.fleet(one.inventory, f"{one.server.address.url}?prefix={one.server.address.prefix}")
    assert await code(again, 2) == "unknown_proxy", "healed by whoever opens"
    assert await code(two, 3) == ""


async def dies_while_removing(fleet: RedisFleet, proxy_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(RedisClaims, "publish", away)
        with pytest.raises(StoreAway):
            await fleet.remove([proxy_id])


async def away(*_: object, **__: object) -> None:
    raise StoreAway("gone")


async def test_an_inventory_whose_feed_says_all_is_read_whole(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = await two_nodes(kit)
    await one.put(proxies(1))
    await one.inventory.remove([1])
    one.inventory._changes += 10_000  # the feed does not reach back
    again = await kit.fleet(one.inventory, f"{one.server.address.url}?prefix={one.server.address.prefix}")
    assert await code(again) == "unknown_proxy"
    assert await code(two) == "unknown_proxy"


async def test_the_journal_is_the_inventorys(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put_user(GatewayUser("ann", "h"))
    assert await fleet.users() == await fleet.inventory.users() == [GatewayUser("ann", "h")]
    assert await fleet.remove_user("ann")
    await fleet.put_setting("x", "y")
    assert (await fleet.settings())["x"] == "y"
    assert fleet.lease_key() == fleet.inventory.lease_key()


async def test_either_half_wakes(kit: Kit) -> None:
    one, two = await two_nodes(kit)
    await one.put(proxies(1))
    await two.standing()
    await two.wait_for_news(0.2)
    for change in (lambda: one.put_user(GatewayUser("ann", "h")), lambda: ask(one, claim())):
        waiting = asyncio.create_task(two.wait_for_news(20.0))
        await asyncio.sleep(0.1)
        await change()
        await asyncio.wait_for(waiting, 5.0)


async def test_both_halves_are_closed(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.close()
    with pytest.raises(StoreClosed):
        await fleet.users()
    with pytest.raises(StoreClosed):
        await fleet.standing()


async def test_a_redis_that_is_restarted_in_a_loop_is_away(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = await kit.fleet()

    async def never(*_: object) -> object:
        raise Unsettled("restarted")

    monkeypatch.setattr(RedisClaims, "decide", never)
    with pytest.raises(StoreAway, match="in a loop"):
        await fleet.decide([], "n")


async def test_a_lease_outlives_its_node(kit: Kit) -> None:
    one, two = await two_nodes(kit)
    await one.put(proxies(1))
    lease = (await ask(one, claim())).leases[0]
    await one.server.close()
    answer = await ask(two, claim())
    assert isinstance(answer, Granted)
    assert [row.slot for row in answer.leases] == [1]
    assert lease.token in {row.token for row in (await two.standing()).leases}


async def test_what_free_sources_name_and_lose_counts_at_once(kit: Kit) -> None:
    one, two = await two_nodes(kit)
    told = await one.gather(proxies(3), "list", 0.0)
    assert told.added == 3
    assert [await code(two, n) for n in (1, 2, 3)] == ["", "", ""]
    assert (await one.gather(proxies(5), "list", 0.0, dry_run=True)).added == 2
    assert await code(two, 4) == "unknown_proxy"
    kit.ahead += 5.0
    await one.inventory.worked({2: 50.0})
    assert isinstance(await ask(two, claim(3)), Granted)
    assert await one.retire([1, 2, 3, 99], 10.0) == 1, "one has worked since, and one is leased"
    assert [await code(two, n) for n in (1, 2, 3)] == ["unknown_proxy", "", ""]
    assert [proxy.id for proxy in await one.some([1, 2, 3])] == [2, 3]
    assert await code(two, 99) == "unknown_proxy"
