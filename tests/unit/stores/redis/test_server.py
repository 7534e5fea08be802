"""What goes wrong with a Redis server becomes one line, and nothing is sent twice."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.redis_server import RedisProcess
from tests.unit.stores.redis.conftest import ANN, Kit, ask, claim, proxies

from proxyfleet.core.orders import Take
from proxyfleet.stores.errors import StoreAway, StoreClosed, StoreError, StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.redis import server as room
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import claims_in_redis
from proxyfleet.stores.redis.leaving import leave
from proxyfleet.stores.redis.server import RedisServer


async def opening(url: str) -> StoreError:
    with pytest.raises(StoreError) as error:
        await claims_in_redis(MemoryStore(), redis_address(url))
    assert "canary" not in str(error.value)
    assert "\n" not in str(error.value)
    return error.value


async def test_nobody_there(tmp_path: object) -> None:
    for url in (f"unix://{tmp_path}/none.sock", "redis://u:canary@127.0.0.1:1/0"):
        error = await opening(url)
        assert isinstance(error, StoreAway)
        assert not error.lost
        assert "does not answer" in str(error)


async def test_wrong_credentials(redis: Callable[..., RedisProcess]) -> None:
    process = redis("requirepass right")
    for url in (f"unix://u:canary@{process.socket}", f"unix://:canary@{process.socket}", process.url):
        error = await opening(url)
        assert isinstance(error, StoreUnusable), error
        assert "refuses these credentials" in str(error)


async def test_what_the_user_may_not_do(redis: Callable[..., RedisProcess]) -> None:
    process = redis("user few on >canary ~* +ping +info +hget")
    error = await opening(f"unix://few:canary@{process.socket}")
    assert isinstance(error, StoreUnusable)
    assert "grant it by ACL" in str(error)


async def test_what_the_documentation_says_has_to_be_allowed_is_enough(
    redis: Callable[..., RedisProcess], kit: Kit
) -> None:
    page = (Path(__file__).parents[4] / "docs" / "concepts" / "claims-in-redis.md").read_text(encoding="utf-8")
    rights = " ".join(re.findall(r"(?<=[` ])\+[@a-z|]+", page.partition("has to allow")[2]))
    assert rights.startswith("+@hash")
    process = redis(f"user some on >right ~{{proxyfleet}}:* -@all {rights}")
    fleet = await kit.fleet(url=f"unix://some:right@{process.socket}")
    await fleet.put(proxies(2))
    await ask(fleet, claim(resource="site", key="k"))
    await ask(fleet, Take(2, "site", ANN))
    position = (await fleet.standing()).position
    await fleet.claim_news(position, "n2")
    await fleet._claims.wait_for_news(0.1)
    await fleet._terms.tell_all()
    assert await fleet.remove([1]) == 1
    assert "nothing is kept" in fleet.durability.told or "snapshots" in fleet.durability.told
    assert await leave(fleet) == 1


async def test_a_replica_is_nobody_in_charge(redis: Callable[..., RedisProcess]) -> None:
    process = redis("replicaof 127.0.0.1 1", "replica-serve-stale-data yes")
    error = await opening(process.url)
    assert isinstance(error, StoreAway)
    assert "name its master" in str(error)


async def test_out_of_memory(redis: Callable[..., RedisProcess], kit: Kit) -> None:
    fleet = await kit.fleet(url=redis().url)
    await fleet.put(proxies(1))
    await fleet.server.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreError, match="out of memory, so nothing was stored"):
        await fleet.decide([claim()], "n")
    await fleet.server.ask("CONFIG", "SET", "maxmemory", "0")
    assert (await fleet.standing()).leases == []


async def test_another_part_of_a_cluster(redis: Callable[..., RedisProcess]) -> None:
    error = await opening(redis("cluster-enabled yes").url)
    assert "does not answer" in str(error), "a cluster that is not up is away"


async def test_a_lost_answer_is_told_as_such(
    redis: Callable[..., RedisProcess], kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = redis()
    fleet = await kit.fleet(url=process.url)
    await fleet.put(proxies(1))
    await fleet.decide([claim()], "n")
    monkeypatch.setattr(room, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(RedisServer.ask, "__kwdefaults__", {"within": 0.2})
    process.pause()
    with pytest.raises(StoreAway) as error:
        await fleet.decide([claim(slot=1)], "n")
    assert error.value.lost
    process.resume()
    leases = (await fleet.standing()).leases
    assert len({lease.slot for lease in leases}) == len(leases) <= 2
    answers = (await fleet.decide([claim(), claim()], "n")).answers
    assert sum(len(answer.leases) for answer in answers) + len(leases) <= 2, (
        "an answer to the lost call was taken for ours"
    )


async def test_it_comes_back_by_itself(redis: Callable[..., RedisProcess], kit: Kit) -> None:
    process = redis("appendonly yes", "appendfsync always")
    fleet = await kit.fleet(url=process.url)
    await fleet.put(proxies(1))
    process.kill()
    with pytest.raises(StoreAway):
        await fleet.decide([claim()], "n")
    process.start()
    assert (await fleet.decide([claim()], "n")).answers


async def test_scripts_may_be_forgotten(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    fleet = await kit.fleet(url=redis().url)
    await fleet.put(proxies(1))
    await fleet.server.ask("SCRIPT", "FLUSH")
    assert (await fleet.decide([claim()], "n")).answers


async def test_a_cancelled_call_leaves_no_answer_behind(kit: Kit, redis: Callable[..., RedisProcess]) -> None:
    process = redis()
    server = RedisServer(redis_address(process.url))
    assert await server.ask("ECHO", "before") == b"before"
    process.pause()
    waiting = asyncio.create_task(server.ask("ECHO", "lost"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    process.resume()
    assert await server.ask("ECHO", "after") == b"after"
    await server.close()


async def test_closed_is_closed(kit: Kit) -> None:
    fleet = await kit.fleet()
    await fleet.close()
    with pytest.raises(StoreClosed, match="open it again"):
        await fleet.decide([claim()], "n")
