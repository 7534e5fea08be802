"""Claims move back into the store: what lasts goes with them, what runs is waited for, and nothing is left in Redis."""

from dataclasses import replace

import pytest
from tests.unit.stores.redis.conftest import ANN, Kit, ask, claim, proxies

from proxyfleet.core.orders import GiveBack, Granted, Take, Taken
from proxyfleet.core.proxy import Status
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis.leaving import leave
from proxyfleet.stores.redis.names import HOME, HORIZON, refuse_claims_elsewhere


async def test_what_lasts_moves_back_once_nothing_runs(kit: Kit) -> None:
    inventory = MemoryStore()
    fleet = await kit.fleet(inventory)
    await fleet.put(proxies(3))
    await ask(fleet, claim(ttl=30.0))
    for proxy_id in (1, 2, 3):
        await ask(fleet, Take(proxy_id, "site", ANN))
    await ask(fleet, GiveBack(3, "site", ANN))
    with pytest.raises(StoreUnusable, match="1 leases still run, the last for 30 s; stop all nodes"):
        await leave(fleet)
    kit.ahead += 31.0
    assert await leave(fleet) == 2
    await refuse_claims_elsewhere(inventory)
    assert not {HOME, HORIZON} & set(await inventory.settings())
    assert await fleet.server.ask("EXISTS", *fleet.server.keys) == 0
    assert {hold.proxy_id for hold in (await inventory.standing()).holds} == {1, 2}
    assert isinstance(await ask(inventory, claim()), Granted)


async def test_what_cannot_be_moved_keeps_all_where_it_is(kit: Kit) -> None:
    inventory = MemoryStore()
    fleet = await kit.fleet(inventory)
    (stored,) = await fleet.put(proxies(1))
    await ask(fleet, Take(1, "site", ANN))
    await fleet.change([replace(stored.proxy, status=Status.DISABLED)])
    with pytest.raises(StoreUnusable, match=r"proxy 1 for 'site', assigned to ann, cannot be moved \(disabled\)"):
        await leave(fleet)
    assert HOME in await inventory.settings()
    assert len((await fleet.standing()).holds) == 1
    await fleet.change([stored.proxy])
    assert await leave(fleet) == 1


async def test_a_fleet_may_come_and_go(kit: Kit) -> None:
    inventory = MemoryStore()
    await inventory.put(proxies(1))
    taken = await ask(inventory, Take(1, "site", ANN))
    assert isinstance(taken, Taken)
    for _ in range(2):
        fleet = await kit.fleet(inventory)
        assert [hold.pair for hold in (await fleet.standing()).holds] == [taken.hold.pair]
        assert (await inventory.standing()).holds == []
        assert await leave(fleet) == 1
        assert [hold.pair for hold in (await inventory.standing()).holds] == [taken.hold.pair]
