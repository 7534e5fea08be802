"""Memory follows the store: everything at the start, then what the feeds tell, and all again when they do not reach back."""

from random import Random

import pytest

from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import FOREVER, Holder, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Release, Take
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.ports import GatewayUser
from proxyfleet.services import following
from proxyfleet.services.following import Follower
from proxyfleet.services.leasing import Leasing
from proxyfleet.stores.memory import MemoryStore

ANN = Holder("ann")


class World:
    def __init__(self, ahead: float = 0.0) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(lambda: self.clock() + ahead)
        self.fleet = FleetState(Rules(), rng=Random(1))
        self.leasing = Leasing(self.fleet, self.store, node="me", clock=self.clock, timer=self.clock)
        self.users = 0
        self.follower = Follower(
            self.leasing.table, self.leasing.committer, self.store, self.store,
            node="me", clock=self.clock, users_changed=self.told,
        )  # fmt: skip

    async def told(self) -> None:
        self.users += 1

    async def other(self, *orders: object) -> list[object]:
        return (await self.store.decide(orders, "other")).answers


def claim(proxy_id: int, slot: int = 0) -> Claim:
    return Claim(ANN, (Candidate(proxy_id, slot, proxy_id, 5, FOREVER),), 60.0)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.store.put(some_proxies(4))
    await made.other(claim(1), Take(2, "site", ANN))
    await made.follower.load()
    return made


async def test_the_start_takes_over_everything(world: World) -> None:
    assert list(world.fleet) == [1, 2, 3, 4]
    assert world.fleet.leases(1) == 1
    assert [hold.proxy_id for hold in world.leasing.table.holds(world.clock())] == [2]
    assert world.users == 1


async def test_a_look_applies_what_others_did(world: World) -> None:
    await world.store.remove([4])
    await world.store.put([a_proxy(9)])
    await world.store.put_user(GatewayUser("ann", "hash"))
    await world.other(Release(Token(1, 0, 1), "ann"), claim(3))
    await world.follower.look()
    assert sorted(world.fleet) == [1, 2, 3, 5]
    assert (world.fleet.leases(1), world.fleet.leases(3)) == (0, 1)
    assert world.users == 2
    await world.follower.look()
    assert world.users == 2


async def test_a_removed_proxy_takes_its_leases_along(world: World) -> None:
    await world.store.remove([1])
    await world.follower.look()
    assert len(world.leasing.table) == 0
    assert [lease.proxy_id for lease in world.leasing.table.take_ended()] == [1]


async def test_who_is_far_behind_reads_all(world: World) -> None:
    lease = 1
    for _ in range(2100):
        await world.other(Release(Token(1, 0, lease), "ann"))
        await world.other(claim(1))
        lease += 1
    await world.follower.look()
    assert world.leasing.table.find(Token(1, 0, lease), world.clock()) is not None


async def test_many_changes_are_read_whole(world: World) -> None:
    for n in range(5000):
        world.store._tell([n])
    await world.store.remove([3])
    await world.follower.look()
    assert sorted(world.fleet) == [1, 2, 4]


async def test_all_is_read_again_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fleet.remove(3, world.clock())
    world.follower._marks.forget(3)
    await world.follower.look()
    assert 3 not in world.fleet
    world.clock.advance(following.RECONCILE_EVERY)
    await world.follower.look()
    assert 3 in world.fleet


async def test_after_a_lost_answer_the_claims_are_read_again(world: World) -> None:
    await world.store.decide([claim(3)], "me")
    await world.follower.look()
    assert world.fleet.leases(3) == 0, "own batches are not news"
    world.leasing.committer.lost = True
    await world.follower.look()
    assert world.fleet.leases(3) == 1
    assert not world.leasing.committer.lost


async def test_news_that_are_old_are_read_whole(world: World) -> None:
    """What the node itself has ended since must not come back with them."""
    await world.other(Take(3, "site", ANN))
    await world.store.decide([GiveBack(3, "site", ANN)], "me")
    world.clock.advance(250.0)
    world.leasing.tick()
    world.leasing.tick()
    await world.follower.look()
    assert [hold.proxy_id for hold in world.leasing.table.holds(world.clock())] == [2]


async def test_a_store_with_another_clock() -> None:
    world = World(ahead=5000.0)
    await world.store.put(some_proxies(2))
    await world.other(claim(1))
    await world.follower.load()
    await world.other(claim(2), Take(2, "site", ANN))
    await world.follower.look()
    assert {round(lease.expires - world.clock()) for lease in world.leasing.table.leases(world.clock())} == {60}
    world.clock.advance(61.0)
    world.leasing.tick()
    assert (world.fleet.leases(1), world.fleet.leases(2)) == (0, 0)


async def test_it_goes_on_when_the_store_was_away(world: World, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    looks: list[str] = []

    async def look() -> None:
        looks.append("look")
        if len(looks) < 3:
            raise FleetError("away; come back")
        if len(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(following, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(world.follower, "look", look)
    caplog.set_level("INFO", "proxyfleet.node")
    with pytest.raises(KeyboardInterrupt):
        await world.follower.run()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
