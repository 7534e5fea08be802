"""P7 and P8: the same leases on PostgreSQL and Redis, with servers of our own that sync as the row says; nothing is given twice."""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from tests.postgres import Server
from tests.redis_server import RedisProcess

from benchmarks.leases import CALLERS, RUNS, Figures, hammer, leasing_on, words
from benchmarks.row import Row
from proxyfleet.ports import Store
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import claims_in_redis
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

SECONDS = 3.0
NODES = 4


async def opened(url: str, folder: str) -> Store:
    """The store of a PostgreSQL URL, or one in SQLite whose claims are in Redis."""
    keys = KeySource(default=Path(folder, "keys", "key"))
    if url.startswith("postgresql:"):
        return await open_store(url, keys=keys)
    return await claims_in_redis(await open_store(f"sqlite:{folder}/data/fleet.db", keys=keys), redis_address(url))


async def node(url: str, folder: str, name: str) -> Figures:
    """One node that hammers; the proxies are put by whoever comes first, and known to the others."""
    store = await opened(url, folder)
    leasing = await leasing_on(store, store, name)
    figures = await hammer(leasing, CALLERS, SECONDS)
    await leasing.close()
    await store.close()
    return figures


def nodes(url: str, folder: str, count: int) -> list[Figures]:
    """As many processes at once."""
    command = [sys.executable, "-m", "benchmarks.leases_shared", url, folder]
    running = [subprocess.Popen([*command, f"n{n}"], stdout=subprocess.PIPE, text=True) for n in range(count)]
    return [Figures(*json.loads(process.communicate(timeout=120)[0])) for process in running]


def together(figures: list[Figures]) -> Figures:
    """Pairs of all, and the slowest of the times."""
    pairs = sum(one.pairs for one in figures)
    return Figures(pairs, *(max(values) for values in zip(*(one[1:] for one in figures), strict=True)))


async def twice(url: str, folder: str) -> int:
    """Slots that two running leases have, which must be none."""
    async with AsyncExitStack() as stack:
        store = await opened(url, folder)
        stack.push_async_callback(store.close)
        standing = await store.standing()
    return sum(count - 1 for count in Counter(lease.key for lease in standing.leases).values())


def measured(url: str, folder: str, count: int) -> tuple[Figures, int]:
    """Medians over RUNS."""
    runs = [together(nodes(url, folder, count)) for _ in range(RUNS)]
    figures = Figures(*(statistics.median(values) for values in zip(*runs, strict=True)))
    return figures, asyncio.run(twice(url, folder))


def postgres_rows() -> list[Row]:
    """P7, with fsync on."""
    rows = []
    for count, bar in ((1, 15_000), (NODES, 20_000)):
        server = Server(()).start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(first(server.url, folder))
                figures, doubles = measured(server.url, folder, count)
        finally:
            server.remove()
        what = f"leases, PostgreSQL, {count} node{'s' * (count > 1)} x {CALLERS} callers, fsync on"
        held = figures.pairs >= bar and not doubles
        rows.append(Row("P7", what, f"{words(figures)}; {doubles} given twice", f"{bar:,} pairs/s", "", held))
    return rows


def redis_rows() -> list[Row]:
    """P8, at two kinds of durability."""
    rows = []
    for sync in ("everysec", "always"):
        with tempfile.TemporaryDirectory() as folder:
            server = RedisProcess(Path(folder), "appendonly yes", f"appendfsync {sync}").start()
            try:
                asyncio.run(first(server.url, folder))
                figures, doubles = measured(server.url, folder, 1)
            finally:
                server.kill()
        what = f"leases, Redis, {CALLERS} callers, appendfsync {sync}"
        held = figures.pairs >= 20_000 and not doubles
        rows.append(Row("P8", what, f"{words(figures)}; {doubles} given twice", "20,000 pairs/s", "", held))
    return rows


async def first(url: str, folder: str) -> None:
    """Put the proxies once, so that the nodes find them."""
    store = await opened(url, folder)
    await leasing_on(store, store)
    await store.close()


def run() -> list[Row]:
    """All rows; about two minutes."""
    return [*postgres_rows(), *redis_rows()]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(node(*sys.argv[1:4]))))
