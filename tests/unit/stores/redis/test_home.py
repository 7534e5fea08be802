"""Which Redis keeps the claims: restarts, losses, rollbacks, another Redis, another fleet, and moving in."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from tests.redis_server import RedisProcess, fresh_url
from tests.unit.stores.redis.conftest import ANN, Kit, ask, claim, proxies

from proxyfleet.core.lease import Held, Lease, Token
from proxyfleet.core.orders import Granted, Refused, Renew, Renewed, Take, Taken
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.claims import Unsettled
from proxyfleet.stores.redis.fleet import RedisFleet
from proxyfleet.stores.redis.home import SLACK, State, generation, released
from proxyfleet.stores.redis.keys import SECOND, names
from proxyfleet.stores.redis.names import FLEET_ID, HOME, HORIZON, PLACES
from proxyfleet.stores.redis.server import RedisServer

ALWAYS = ("appendonly yes", "appendfsync always", 'save ""')
NOTHING = ("appendonly no", 'save ""')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def lease(fleet: RedisFleet, ttl: float = 60.0) -> Lease:
    """Slot 0 of proxy 1, which must be free."""
    answer = await ask(fleet, claim(ttl=ttl))
    assert isinstance(answer, Granted), answer
    return answer.leases[0]


async def started(kit: Kit, process: RedisProcess, options: str = "") -> RedisFleet:
    fleet = await kit.fleet(url=process.url + options)
    await fleet.put(proxies(1, capacity=1))
    return fleet


async def crash(process: RedisProcess) -> None:
    """kill -9 and a new start; connections notice that they are broken."""
    process.kill()
    process.start()
    await asyncio.sleep(0.1)


async def test_nothing_is_granted_while_forgotten_leases_may_run(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    fleet = await started(kit, process)
    old = await lease(fleet, ttl=100.0)
    await crash(process)
    answer = await ask(fleet, claim())
    assert isinstance(answer, Refused)
    assert answer.code == "store_recovering"
    assert old.expires <= answer.until <= old.expires + SLACK / SECOND
    assert (await ask(fleet, Take(1, "site", ANN))).code == "store_recovering"
    assert (await ask(fleet, Renew(Token(1, 0, old.fence), "ann", 60.0))).code == "unknown_lease"
    kit.ahead += 100.0 + SLACK / SECOND
    new = await lease(fleet)
    assert new.fence > old.fence, "the lost fences are never used again"


async def test_unless_told_otherwise(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    fleet = await started(kit, process, "?after_loss=accept")
    old = await lease(fleet)
    await crash(process)
    assert (await lease(fleet)).fence > old.fence


async def test_or_told_so_later(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    inventory = MemoryStore()
    fleet = await kit.fleet(inventory, process.url)
    await fleet.put(proxies(1, capacity=1))
    await lease(fleet)
    await crash(process)
    assert (await ask(fleet, claim())).code == "store_recovering"
    other = await kit.fleet(inventory, process.url + "?after_loss=accept")
    await lease(other)


async def test_a_wait_is_not_cut_short_by_another_restart(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*ALWAYS)
    fleet = await started(kit, process)
    await lease(fleet)
    await fleet.server.ask("DEL", *fleet.server.keys)
    assert (await ask(fleet, claim())).code == "store_recovering"
    await crash(process)
    assert (await ask(fleet, claim())).code == "store_recovering"
    kit.ahead += 60.0 + SLACK / SECOND
    await lease(fleet)


async def test_a_fleet_that_never_leased_has_nothing_to_wait_for(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    fleet = await started(kit, process)
    await crash(process)
    await lease(fleet)


async def test_a_synced_log_loses_nothing(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*ALWAYS)
    fleet = await started(kit, process)
    old = await lease(fleet)
    position = (await fleet.standing()).position
    await crash(process)
    assert (await fleet.standing()).leases == [old]
    assert not (await fleet.claim_news(position, "n")).complete, "positions of before mean nothing any more"
    full = await ask(fleet, claim())
    assert isinstance(full, Granted)
    assert [one.code for one in full.obstacles] == ["capacity"]


async def test_a_snapshot_of_before_is_a_loss(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis("appendonly no", 'save ""')
    fleet = await started(kit, process)
    await fleet.server.ask("SAVE")
    position = (await fleet.standing()).position
    old = await lease(fleet)
    await crash(process)
    assert (await fleet.standing()).leases == []
    assert (await ask(fleet, claim())).code == "store_recovering"
    assert not (await fleet.claim_news(position, "n")).complete
    kit.ahead += 60.0 + SLACK / SECOND
    assert (await lease(fleet)).fence > old.fence


async def test_what_an_operator_deleted_is_a_loss(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(1))
    await lease(fleet)
    await fleet.server.ask("DEL", *fleet.server.keys)
    assert (await ask(fleet, claim())).code == "store_recovering"
    kit.ahead += 200.0
    await lease(fleet)


async def test_terms_are_back_after_a_loss(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    fleet = await started(kit, process, "?after_loss=accept")
    await fleet.put(proxies(3, capacity=2))
    await fleet.remove([3])
    await crash(process)
    codes = [[one.code for one in (await ask(fleet, claim(n))).obstacles] for n in (1, 2, 3)]
    assert codes == [[], [], ["unknown_proxy"]]


async def test_another_fleet_is_refused(kit: Kit) -> None:
    url = fresh_url()
    fleet = await kit.fleet(url=url)
    with pytest.raises(StoreUnusable, match="claims of another fleet under the prefix"):
        await kit.fleet(MemoryStore(), url)
    other = await kit.fleet(MemoryStore(), url + "-2")
    await other.put(proxies(1))
    await lease(other)
    assert (await fleet.standing()).leases == []


async def test_two_nodes_that_come_first_agree(kit: Kit) -> None:
    for _ in range(5):
        inventory, url = MemoryStore(), fresh_url()
        await inventory.put(proxies(1, capacity=1))
        one, two, three = await asyncio.gather(*(kit.fleet(inventory, url) for _ in range(3)))
        first, second, third = [await ask(fleet, claim()) for fleet in (one, two, three)]
        assert [len(answer.leases) for answer in (first, second, third)] == [1, 0, 0]
        assert (await inventory.settings())[HOME] == one._claims.home == two._claims.home


async def test_nodes_meet_a_restart_together(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*ALWAYS)
    inventory = MemoryStore()
    await inventory.put(proxies(1, capacity=1))
    fleets = [await kit.fleet(inventory, process.url) for _ in range(4)]
    old = await lease(fleets[0])
    await crash(process)
    answers = await asyncio.gather(*(ask(fleet, claim()) for fleet in fleets))
    assert all(isinstance(answer, Granted) and not answer.leases for answer in answers)
    assert (await fleets[1].standing()).leases == [old]


async def test_no_lease_ends_later_than_the_inventory_knows(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(3))
    for proxy_id, ttl in ((1, 10.0), (1, 500.0), (2, 20.0), (2, 86_400.0)):
        got = await ask(fleet, claim(proxy_id, ttl=ttl))
        assert isinstance(got, Granted)
        assert got.leases[0].expires * SECOND <= int((await fleet.settings())[HORIZON])
    token = Token(2, got.leases[0].slot, got.leases[0].fence)
    renewed = await ask(fleet, Renew(token, "ann", 6 * 86_400.0))
    assert isinstance(renewed, Renewed)
    assert renewed.lease.expires * SECOND <= int((await fleet.settings())[HORIZON])


async def test_the_horizon_is_written_about_once_a_minute(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(40))
    written = set()
    for n in range(1, 41):
        await ask(fleet, claim(n))
        written.add((await fleet.settings())[HORIZON])
        kit.ahead += 2.0
    assert 1 <= len(written) <= 3


async def test_another_redis_takes_over_and_the_former_notices(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    inventory = MemoryStore()
    await inventory.put(proxies(1, capacity=5))
    former = await kit.fleet(inventory, redis(*ALWAYS).url)
    await ask(former, claim(ttl=100.0))
    empty = redis(*ALWAYS)
    with pytest.raises(StoreUnusable, match=r"knows nothing of this fleet, whose claims are kept at unix://.*redis0"):
        await kit.fleet(inventory, empty.url)
    assert isinstance(await ask(former, claim(ttl=1.0)), Granted), "a mistake changes nothing"
    later = await kit.fleet(inventory, f"{empty.url}?instead=yes")
    assert (await ask(later, claim())).code == "store_recovering", "what the former has granted may still run"
    assert isinstance(await ask(former, claim(ttl=20.0)), Granted), "within what the inventory knows it may go on"
    with pytest.raises(StoreUnusable, match="have moved from Redis at"):
        await ask(former, claim(ttl=500.0))
    with pytest.raises(StoreUnusable, match="delete the keys"):
        await kit.fleet(inventory, f"unix://{former.server.address.shown.removeprefix('unix://')}")
    kit.ahead += 100.0 + SLACK / SECOND
    await lease(later)


async def test_a_former_master_that_lives_on_gives_nothing_twice(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    port = free_port()
    master = redis(*ALWAYS, f"port {port}", "bind 127.0.0.1", "repl-diskless-sync-delay 0")
    replica = redis(*ALWAYS, f"replicaof 127.0.0.1 {port}")
    inventory = MemoryStore()
    await inventory.put(proxies(1, capacity=5))
    former = await kit.fleet(inventory, master.url)
    old = await lease(former, ttl=100.0)
    watch = RedisServer(redis_address(replica.url))
    async with asyncio.timeout(20):
        while not await watch.ask("HEXISTS", former.server.keys[3], old.key):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
    await watch.ask("REPLICAOF", "NO", "ONE")
    await watch.close()
    later = await kit.fleet(inventory, replica.url)
    assert (await ask(later, claim())).code == "store_recovering"
    assert isinstance(await ask(former, claim(ttl=20.0)), Granted)
    with pytest.raises(StoreUnusable, match="have moved from Redis at"):
        await ask(former, claim(ttl=500.0))
    kit.ahead += 100.0 + SLACK / SECOND
    assert (await lease(later)).fence > old.fence + 5


async def test_one_redis_has_many_names(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis(*NOTHING)
    inventory = MemoryStore()
    await inventory.put(proxies(1))
    await kit.fleet(inventory, process.url)
    other = process.directory / "alias.sock"
    other.symlink_to(process.socket)
    fleet = await kit.fleet(inventory, f"unix://{other}?after_loss=accept")
    await crash(process)
    await lease(fleet)
    assert len((await inventory.settings())[PLACES].splitlines()) == 2


async def test_it_may_change_again_while_it_is_settled(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(1))
    seeds, seed = iter((True, True, False)), fleet._home._seed

    async def disturbed() -> None:
        if next(seeds):
            raise Unsettled("restarted")
        await seed()

    monkeypatch.setattr(fleet._home, "_seed", disturbed)
    await fleet.server.ask("DEL", *fleet.server.keys)
    await lease(fleet)


async def test_a_node_that_died_while_moving_in_is_followed_by_another(kit: Kit) -> None:
    url, inventory = fresh_url(), MemoryStore()
    await inventory.put(proxies(1))
    fleet = await kit.fleet(inventory, url)
    home = fleet._home
    trouble = RuntimeError("killed")

    async def die() -> None:
        raise trouble

    home._seed = die
    await fleet.server.ask("DEL", *fleet.server.keys)
    with pytest.raises(RuntimeError, match="killed"):
        await ask(fleet, claim())
    other = await kit.fleet(inventory, url)
    assert len((await ask(other, claim())).leases) == 1


async def test_a_node_that_died_before_it_was_founded(kit: Kit) -> None:
    url, inventory = fresh_url(), MemoryStore()
    await inventory.put(proxies(1))
    fleet = await kit.fleet(inventory, url)
    first = (await inventory.settings())[HOME]
    number = generation(first) + 1
    await fleet.server.ask("HSET", fleet.server.keys[0], "next", f"{number}-x")
    await inventory.put_setting(HOME, f"{number}-x")
    other = await kit.fleet(inventory, url)
    assert len((await ask(other, claim())).leases) == 1
    assert generation((await inventory.settings())[HOME]) > number


async def test_an_inventory_restored_from_a_backup_keeps_its_redis(kit: Kit) -> None:
    url, inventory = fresh_url(), MemoryStore()
    await inventory.put(proxies(1, capacity=1))
    fleet = await kit.fleet(inventory, url)
    await lease(fleet)
    now = await inventory.settings()
    await inventory.put_setting(HOME, None)
    await inventory.put_setting(HORIZON, "5")
    again = await kit.fleet(inventory, url)
    assert (await inventory.settings())[HOME] == now[HOME]
    assert int((await inventory.settings())[HORIZON]) >= int(now[HORIZON])
    assert len((await again.standing()).leases) == 1


async def test_claims_of_the_store_move_here(kit: Kit) -> None:
    inventory = MemoryStore(lambda: 0.0)
    await inventory.put(proxies(2, capacity=1))
    far = 4e9
    inventory._claims.books.put((await ask(inventory, claim(1, ttl=60.0))).leases[0]._replace(expires=far))
    taken = await ask(inventory, Take(2, "site", ANN))
    assert isinstance(taken, Taken)
    fleet = await kit.fleet(inventory)
    standing = await fleet.standing()
    assert [(row.token, row.expires) for row in standing.leases] == [("1x0.1", far)]
    assert standing.holds == [taken.hold]
    assert (await inventory.standing())[1:3] == ([], []), "they have ended where they were"
    assert (await ask(fleet, claim())).leases == ()
    assert int((await inventory.settings())[HORIZON]) >= far * SECOND
    back = await ask(fleet, Renew(Token(1, 0, 1), "ann", 60.0))
    assert not isinstance(back, Refused)
    hold = (await fleet.standing()).holds[0]
    assert hold.kind is Held.ASSIGNMENT


def test_small_words() -> None:
    assert [generation(""), generation("12-ab")] == [0, 12]
    state = State("f", "1-a", "r", "1", "", "0", "0", "r", "5")
    assert state.settled
    assert not state._replace(process="other").settled
    assert not state._replace(ready="").settled
    row = Lease(1, 2, 3, 1, ANN, None, "", 0.0, 1.0)
    assert released(row).token == Token(1, 2, 3)


async def test_a_fleet_has_one_id_for_good(kit: Kit) -> None:
    inventory = MemoryStore()
    await kit.fleet(inventory)
    first = (await inventory.settings())[FLEET_ID]
    assert len(first) == 32
    with pytest.raises(StoreUnusable, match=r"kept at unix://.*\?prefix=t"):
        await kit.fleet(inventory)
    await kit.fleet(inventory, fresh_url() + "&instead=yes")
    assert (await inventory.settings())[FLEET_ID] == first
    assert names("x")[0] == "{x}:fleet"
