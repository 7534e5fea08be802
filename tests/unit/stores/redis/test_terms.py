"""What Redis knows of proxies follows the inventory, whoever is late, forgets or dies in between."""

from dataclasses import replace

from tests.unit.stores.redis.conftest import Kit, ask, claim, proxies

from proxyfleet.core.orders import Granted
from proxyfleet.stores.redis.claims import RedisClaims
from proxyfleet.stores.redis.fleet import RedisFleet
from proxyfleet.stores.redis.terms import PIECE, Terms, pieces


def parts(fleet: RedisFleet) -> tuple[RedisClaims, Terms]:
    return fleet._claims, fleet._terms


async def room(fleet: RedisFleet, slots: int = 9) -> int:
    """How many leases of proxy 1 are granted at once."""
    answer = await ask(fleet, claim(ttl=1.0)._replace(candidates=claim().candidates * slots, wanted=slots))
    return len(answer.leases) if isinstance(answer, Granted) else -1


async def test_the_later_ticket_wins_in_whatever_order(kit: Kit) -> None:
    fleet = await kit.fleet()
    (stored,) = await fleet.put(proxies(1, capacity=2))
    claims, _ = parts(fleet)
    early, late = await claims.ticket(), await claims.ticket()
    await claims.publish(late, [replace(stored.proxy, capacity=4)], (), changed=True)
    await claims.publish(early, [replace(stored.proxy, capacity=3)], (), changed=True)
    assert await room(fleet) == 4
    kit.ahead += 2.0
    await claims.publish(early, (), [1], changed=True)
    assert await room(fleet) == 4
    kit.ahead += 2.0
    await claims.publish(await claims.ticket(), (), [1], changed=True)
    assert await room(fleet) == 0
    await claims.publish(late, [stored.proxy], (), changed=True)
    assert await room(fleet) == 0, "who is gone does not come back by an old reader"


async def test_a_change_outdates_who_has_read_before_even_if_it_changes_nothing(kit: Kit) -> None:
    fleet = await kit.fleet()
    (stored,) = await fleet.put(proxies(1, capacity=2))
    claims, terms = parts(fleet)
    reader = await claims.ticket()
    await terms.tell([1], changed=True)
    await claims.publish(reader, [replace(stored.proxy, capacity=9)], (), changed=True)
    assert await room(fleet) == 2


async def test_everything_is_told_and_what_is_not_there_is_gone(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(5))
    await fleet.inventory.remove([1, 5])  # by somebody who does not know Redis
    assert await room(fleet) == 2
    kit.ahead += 2.0
    await parts(fleet)[1].tell_all()
    assert await room(fleet) == 0
    assert (await ask(fleet, claim(5))).leases == ()
    assert len((await ask(fleet, claim(2))).leases) == 1


async def test_reading_all_compares_on_the_way(kit: Kit) -> None:
    fleet = await kit.fleet()
    (stored, _) = await fleet.put(proxies(2))
    await fleet.inventory.change([replace(stored.proxy, capacity=4)])
    assert [len(page) async for page in fleet.proxies()] == [2]
    assert await room(fleet) == 4


def test_pieces() -> None:
    many = proxies(PIECE + 1)
    assert [len(piece) for piece in pieces(many)] == [PIECE, 1]
    assert list(pieces([])) == []
