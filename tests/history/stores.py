"""Opens the stores under test as every process of a fleet does, and makes and reads a fleet in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proxyfleet.core.proxy import Details, Measured, Proxy, Scheme
from proxyfleet.ports import Standing, Store
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import claims_in_redis
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource


@asynccontextmanager
async def opened(url: str, claims: str, directory: Path) -> AsyncIterator[Store]:
    """The store; `claims` is empty or the URL of a Redis that keeps them."""
    store = await open_store(url, keys=KeySource(default=directory / "keys" / "key"))
    try:
        if claims:
            store = await claims_in_redis(store, redis_address(claims))
        yield store
    finally:
        await store.close()


async def fill(
    url: str, claims: str, directory: Path, capacities: list[int], exits: int
) -> list[tuple[int, int, str | None]]:
    """One proxy for each capacity, behind so many exits all in all, or each behind its own; id, capacity, exit."""
    details = [Details(measured=Measured(f"192.0.2.{n % exits}")) if exits else None for n in range(len(capacities))]
    async with opened(url, claims, directory) as store:
        made = await store.put(
            [Proxy(Scheme.HTTP, f"h{n}", 80, capacity=most, details=details[n]) for n, most in enumerate(capacities)]
        )
        return [(one.proxy.id, one.proxy.slots, one.proxy.exit_group) for one in made]


async def look(url: str, claims: str, directory: Path) -> Standing:
    """Everything that stands."""
    async with opened(url, claims, directory) as store:
        return await store.standing()
