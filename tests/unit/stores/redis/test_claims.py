"""The claims port on Redis beyond the contract: pages, the bounded feed, waking up, what is left behind, and what it costs."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from tests.unit.stores.redis.conftest import ANN, FAR, Kit, ask, claim, proxies

from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Granted, Obstacle, Release, Take
from proxyfleet.core.proxy import Kind, Labels, Proxy, Scheme, Status
from proxyfleet.stores.redis import claims as room
from proxyfleet.stores.redis.claims import terms_of
from proxyfleet.stores.redis.fleet import RedisFleet


async def size(fleet: RedisFleet, key: str) -> int:
    """Entries of one of the fleet's keys."""
    name = f"{{{fleet.server.address.prefix}}}:{key}"
    kind = (await fleet.server.ask("TYPE", name)).decode()
    command = {"hash": "HLEN", "set": "SCARD", "zset": "ZCARD", "stream": "XLEN"}.get(kind)
    return 0 if command is None else int(await fleet.server.ask(command, name))


async def test_what_stands_is_read_in_pages(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAGE", 7)
    fleet = await kit.fleet()
    await fleet.put(proxies(700))
    held = [ask(fleet, Take(n, "site", ANN)) for n in range(1, 40)]
    await asyncio.gather(*held, *(ask(fleet, claim(n)) for n in range(1, 701)))
    standing = await fleet.standing()
    assert {lease.proxy_id for lease in standing.leases} == set(range(1, 701))
    assert len(standing.leases) == 700
    assert sorted(hold.proxy_id for hold in standing.holds) == list(range(1, 40))


async def test_the_feed_is_bounded_and_says_so(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(30))
    start = (await fleet.standing()).position

    async def churn(proxy_id: int) -> None:
        for _ in range(75):
            answer = await ask(fleet, claim(proxy_id))
            assert isinstance(answer, Granted)
            lease = answer.leases[0]
            await ask(fleet, Release(Token(lease.pool, lease.slot, lease.fence), "ann"))

    await asyncio.gather(*(churn(n) for n in range(1, 31)))
    assert await size(fleet, "feed") < 4_096 + 200
    assert not (await fleet.claim_news(start, "other")).complete
    now = (await fleet.standing()).position
    assert (await fleet.claim_news(now, "other")).complete
    await fleet.decide([claim()], "n")
    assert (await fleet.claim_news(now, "other")).complete


async def test_others_are_woken_up(kit: Kit) -> None:
    mine = await kit.fleet()
    await mine.put(proxies(1))
    other = await kit.fleet(mine.inventory, f"{mine.server.address.url}?prefix={mine.server.address.prefix}")
    await other.standing()
    waiting = asyncio.create_task(other._claims.wait_for_news(20.0))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    begun = time.monotonic()
    await mine.decide([claim()], "n")
    await waiting
    assert time.monotonic() - begun < 5.0
    begun = time.monotonic()
    await other._claims.wait_for_news(0.3)
    assert time.monotonic() - begun >= 0.3 - 2 * room.BREATH, "one piece of news wakes once"


async def test_nothing_is_left_of_a_removed_proxy(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(2, capacity=3))
    empty = {key: await size(fleet, key) for key in ("slots", "running", "holds", "pairs", "ends", "guests")}
    await ask(fleet, claim(1, 2, resource="site"))
    await ask(fleet, Claim(ANN, (Candidate(1, 0, 2, 3, FAR),), 60.0))
    await ask(fleet, Take(1, "shop", ANN))
    await ask(fleet, Take(2, "shop", ANN))
    await fleet.remove([1, 2])
    assert {key: await size(fleet, key) for key in empty} == empty
    assert await size(fleet, "terms") == 2, "a removed proxy is remembered as such"
    kit.ahead += 2 * 86_400
    await fleet.put([Proxy(Scheme.HTTP, "another", 80)])
    assert await size(fleet, "terms") == 1, "for a day"


async def test_free_pairs_are_forgotten_after_a_day(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(30))
    for n in range(1, 31):
        await ask(fleet, Take(n, "site", ANN))
        if n < 30:
            await ask(fleet, GiveBack(n, "site", ANN))
    assert await size(fleet, "holds") == 30
    kit.ahead += 86_400 * 1.5
    for _ in range(20):
        kit.ahead += 2.0
        await ask(fleet, claim(ttl=1.0))
    assert [await size(fleet, key) for key in ("holds", "pairs", "ends")] == [1, 1, 1]


async def test_expired_leases_leave_the_index(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(20))
    for n in range(1, 21):
        await ask(fleet, claim(n, ttl=10.0))
    assert await size(fleet, "running") == 20
    kit.ahead += 20.0
    assert (await fleet.standing()).leases == []
    assert await size(fleet, "running") == 0
    assert await size(fleet, "slots") == 20, "their fences stay"


async def test_idempotency_keys_expire_in_redis(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(1))
    await ask(fleet, claim(key="{k}\n", ttl=60.0))
    (name,) = await fleet.server.ask("KEYS", f"*{fleet.server.address.prefix}*:key:*")
    left = int(await fleet.server.ask("PTTL", name)) / 1000
    assert 600.0 < left <= 660.0


async def test_a_lowered_capacity_costs_a_scan_once(kit: Kit) -> None:
    fleet = await kit.fleet()
    (stored, _) = await fleet.put(proxies(2, capacity=500))
    await ask(fleet, claim(slot=499))
    await fleet.change([replace(stored.proxy, capacity=2)])
    kit.ahead += 61.0
    await ask(fleet, claim(2))
    first, second = await commands(fleet, claim(slot=0)), await commands(fleet, claim(slot=1))
    assert first["hset"] == second["hset"] + 1, "what runs above is known from now on"
    assert first["hmget"] > second["hmget"]


async def commands(fleet: RedisFleet, order: Claim) -> dict[str, int]:
    """How often the script called each command."""
    await fleet.server.ask("CONFIG", "RESETSTAT")
    await ask(fleet, order)
    told = (await fleet.server.ask("INFO", "commandstats")).decode().split()
    return {line.split(":")[0][8:]: int(line.split("calls=")[1].split(",")[0]) for line in told if "calls=" in line}


async def test_a_batch_costs_few_commands(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(300))
    await ask(fleet, claim())
    await fleet.server.ask("CONFIG", "RESETSTAT")
    await fleet.decide([claim(n) for n in range(2, 300)], "n")
    told = (await fleet.server.ask("INFO", "commandstats")).decode().split()
    counts = {line.split(":")[0][8:]: int(line.split("calls=")[1].split(",")[0]) for line in told if "calls=" in line}
    assert counts["evalsha"] == 1
    assert sum(counts.values()) < 20, counts


async def test_a_huge_batch_and_a_huge_claim(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put([*proxies(4_500), Proxy(Scheme.HTTP, "r", 1, labels=Labels(kind=Kind.ROTATING), capacity=9_000)])
    answers = (await fleet.decide([claim(n) for n in range(1, 4_501)], "n")).answers
    assert all(isinstance(answer, Granted) and len(answer.leases) == 1 for answer in answers)
    many = Claim(ANN, tuple(Candidate(4_501, slot, 4_501, 9_000, FAR, True) for slot in range(9_000)), 60.0, 9_000)
    (answer,) = (await fleet.decide([many], "n")).answers
    assert isinstance(answer, Granted)
    assert len({lease.session for lease in answer.leases}) == 9_000
    (full,) = (await fleet.decide([Claim(ANN, many.candidates[:1], 60.0)], "n")).answers
    assert isinstance(full, Granted)
    assert isinstance(full.obstacles[0], Obstacle)
    assert len(full.obstacles[0].leases) == 9_000


async def test_an_empty_batch(kit: Kit) -> None:
    fleet = await kit.fleet()
    assert (await fleet.decide([], "n")).answers == []


async def test_texts_of_people_survive(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.put(proxies(1))
    odd = Holder('a"\\\n\0{}é\ud800', '],["x')
    lease = (await ask(fleet, Claim(odd, claim().candidates, 60.0, resource='s,"i\nte'))).leases[0]
    standing = await fleet.standing()
    assert standing.leases == [lease]
    assert lease.holder == odd
    assert standing.holds[0].resource == 's,"i\nte'


def test_terms() -> None:
    proxy = Proxy(Scheme.HTTP, "h", 1, id=7)
    assert terms_of(proxy) == [7, 5, -1, 0, ""]
    assert terms_of(replace(proxy, expires_at=1.5, status=Status.DISABLED)) == [7, 5, 1_500_000, 1, ""]
    assert terms_of(replace(proxy, expires_at=-5.0, labels=Labels(kind=Kind.ROTATING))) == [7, 1000, 0, 2, ""]
    assert json.dumps(terms_of(proxy)) == '[7, 5, -1, 0, ""]'
