"""What Redis knows of proxies follows the inventory, whoever is late, forgets or dies in between."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from tests.unit.stores.redis.conftest import ANN, FAR, Kit, ask, claim, proxies

from proxyfleet.core.orders import Candidate, Claim, Granted, Order
from proxyfleet.core.proxy import Details, Measured, Proxy
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


EXIT = "192.0.2.1"


def to_share(*ids: int, capacity: int) -> list[Order]:
    """A claim of each, where leases behind one exit count together."""
    return [Claim(ANN, (Candidate(one, 0, one, capacity, FAR),), 60.0, share_exits=True) for one in ids]


def leave_by(exit_address: str | None) -> Callable[[Proxy], Proxy]:
    return lambda proxy: replace(proxy, details=Details(measured=Measured(exit_address)))


async def test_an_exit_that_an_earlier_version_has_made_redis_forget_counts_no_more(kit: Kit) -> None:
    """A node of an earlier version tells terms without an exit, and leaves the index of exits as it was."""
    fleet = await kit.fleet()
    await fleet.put(proxies(2, capacity=1))
    await fleet.amend([1, 2], leave_by(EXIT))
    terms = fleet.server.keys[1]
    told = await fleet.server.ask("HGET", terms, 1)
    await fleet.server.ask("HSET", terms, 1, told.removesuffix(EXIT.encode()))
    await fleet.amend([1], leave_by("192.0.2.2"))
    answers = [answer for one in (1, 2) for answer in (await fleet.decide(to_share(one, capacity=1), "n")).answers]
    assert [len(answer.leases) for answer in answers if isinstance(answer, Granted)] == [1, 1]


async def test_a_claim_behind_an_exit_reads_what_runs_and_not_what_could(kit: Kit) -> None:
    """Millions of slots that are free cost nothing; what is granted in the same batch counts."""
    fleet = await kit.fleet()
    most = 1_000_000
    await fleet.put([*proxies(5, capacity=most), replace(proxies(1)[0], port=81, capacity=3)])
    await fleet.amend(range(1, 7), leave_by(EXIT))
    begun = monotonic()
    answers = (await fleet.decide([*to_share(1, 2, 3, capacity=most), *to_share(6, capacity=3)], "n")).answers
    assert [len(answer.leases) for answer in answers if isinstance(answer, Granted)] == [1, 1, 1, 0]
    (later,) = (await fleet.decide(to_share(6, capacity=3), "n")).answers
    assert isinstance(later, Granted)
    assert [len(obstacle.leases) for obstacle in later.obstacles] == [3]
    assert monotonic() - begun < 1.0


async def test_terms_of_an_earlier_version_get_their_exits_when_a_node_begins(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(2, capacity=1))
    await fleet.amend([1, 2], leave_by(EXIT))
    terms, exits = fleet.server.keys[1], fleet.server.keys[-2]
    for one in (1, 2):
        told = await fleet.server.ask("HGET", terms, one)
        await fleet.server.ask("HSET", terms, one, told.removesuffix(EXIT.encode()))
    await fleet.server.ask("DEL", exits)
    assert [len(page) async for page in fleet.proxies()] == [2]
    answers = (await fleet.decide(to_share(1, 2, capacity=1), "n")).answers
    assert [len(answer.leases) for answer in answers if isinstance(answer, Granted)] == [1, 0]
