"""Numbers of events grow in the order of commits, whoever writes them; locks are taken by one."""

import asyncio

from proxyfleet.core.events import Event, Happened
from proxyfleet.stores.postgres.store import PostgresStore


async def test_who_reads_on_from_a_number_misses_nothing(store: PostgresStore, other: PostgresStore) -> None:
    seen: list[int] = []

    async def write(node: PostgresStore) -> None:
        for n in range(15):
            await node.record_events([Event(Happened.PROXY_PROVEN, float(n))] * 3)

    async def read() -> None:
        while len(seen) < 90:
            seen.extend(one.number for one in await store.events(seen[-1] if seen else 0))
            await asyncio.sleep(0.005)

    await asyncio.wait_for(asyncio.gather(write(store), write(other), read()), 30.0)
    assert seen == sorted(set(seen))


async def test_a_lock_is_taken_by_one_of_many(store: PostgresStore, other: PostgresStore) -> None:
    won = await asyncio.gather(*((store, other)[n % 2].take_lock("job", f"n{n}", 60.0) for n in range(10)))
    assert won.count(True) == 1
