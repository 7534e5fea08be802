"""What a Redis promises is read from the server, and said in words."""

from collections.abc import Callable

import pytest
from tests.redis_server import RedisProcess
from tests.unit.stores.redis.conftest import Kit

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.redis.durability import durability, facts, judged, refuse


@pytest.mark.parametrize(
    ("options", "told", "kept"),
    [
        (("appendonly yes", "appendfsync always"), "on Redis's disk", True),
        (("appendonly yes", "appendfsync everysec"), "last second or two", False),
        (("appendonly yes", "appendfsync no"), "had not written yet", False),
        (("appendonly no", "save 60 1"), "snapshots only", False),
        (("appendonly no", 'save ""'), "nothing is kept", False),
    ],
)
async def test_of_a_server(
    options: tuple[str, ...], told: str, kept: bool, redis: Callable[..., RedisProcess], kit: Kit
) -> None:
    fleet = await kit.fleet(url=redis(*options).url)
    assert told in fleet.durability.told
    assert fleet.durability.kept is kept


async def test_where_config_is_not_allowed(redis: Callable[..., RedisProcess], kit: Kit) -> None:
    process = redis("appendonly yes", "appendfsync always", "user some on nopass ~* +@all -config")
    fleet = await kit.fleet(url=f"unix://some:x@{process.socket}")
    found = await durability(fleet.server)
    assert "not told" in found.told
    assert not found.kept


def test_replicas_and_failovers() -> None:
    one = judged({"connected_slaves": "1"}, "always", "")
    assert one.kept
    assert "1 replica:" in one.told
    assert "2 replicas:" in judged({"connected_slaves": "2"}, "everysec", "").told
    assert not judged({"second_repl_offset": "1234"}, "always", "").kept, "it was a replica before"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"redis_version": "6.0.16"}, "version 6.0.16; claims need 6.2 or newer"),
        ({}, "version 0"),
        ({"redis_version": "7.2.1", "maxmemory_policy": "allkeys-lru"}, "set it to noeviction"),
    ],
)
def test_what_cannot_keep_claims(told: dict[str, str], words: str) -> None:
    with pytest.raises(StoreUnusable, match=words):
        refuse(told, "redis://h:6379/0")


def test_what_can() -> None:
    for version in ("6.2.0", "7.0.15", "8.2.1", "255.255.255"):
        refuse({"redis_version": version, "maxmemory_policy": "volatile-lru"}, "h")


def test_facts() -> None:
    assert facts("# Server\r\nredis_version:7.0.1\r\n\r\nx:a:b\r\n") == {"redis_version": "7.0.1", "x": "a:b"}
