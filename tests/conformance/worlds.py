"""Opens each store that decides about claims, fresh and with a clock that is moved by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests import postgres, redis_server
from tests.conformance.claimkit import World

from proxyfleet.lab.clock import HandClock
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import RedisFleet, claims_in_redis
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

KINDS = ("memory", "sqlite", "postgres", "redis", "redis-sqlite")
"""The last two keep claims in Redis, and the inventory in memory or in SQLite."""
START = 1_800_000_000.0


@asynccontextmanager
async def opened_world(kind: str, directory: Path) -> AsyncIterator[World]:
    """An empty fleet in a store of that kind."""
    if kind == "postgres":
        async with opened_postgres(directory) as world:
            yield world
        return
    clock = HandClock(START)
    url = "memory:" if kind in ("memory", "redis") else f"sqlite:{directory}/data/fleet.db"
    store = await open_store(url, keys=KeySource(default=directory / "keys" / "key"), clock=clock)
    if kind.startswith("redis"):
        store = await claims_in_redis(store, redis_address(redis_server.fresh_url()), lambda: clock() - START)
    try:
        yield World(store, store, lambda seconds: void(clock.advance(seconds)))
    finally:
        await store.close()


@asynccontextmanager
async def opened_postgres(directory: Path) -> AsyncIterator[World]:
    """Its server's clock decides; moving it means adding to what it shows."""
    async with postgres.schema() as url:
        store = await open_store(url, keys=KeySource(default=directory / "keys" / "key"))
        assert isinstance(store, PostgresStore)

        def advance(seconds: float) -> None:
            store.database.shift += seconds

        try:
            yield World(store, store, advance)
        finally:
            await store.close()


async def fence_base(world: World) -> int:
    """What the fences of that store count from."""
    if not isinstance(world.claims, RedisFleet):
        return 0
    server = world.claims.server
    return int(await server.ask("HGET", server.keys[0], "base"))


def void(_: object) -> None:
    """Nothing of it."""
