"""P6 to P9: durable leases through the whole service, beside the disk, bare SQLite and pharox, on every store there is.

A pair is one acquire and one release by one of 64 callers over 1,000 proxies. CPU is that of this process alone.
"""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.row import Row
from proxyfleet.clock import monotonic_clock, wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.ports import Claims, Inventory
from proxyfleet.services.leasing import Handout, Leasing, Wanted
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

PROXIES, CALLERS, SECONDS, RUNS = 1_000, 64, 2.0, 5
PHAROX = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"


class Figures(NamedTuple):
    """Pairs per second, CPU microseconds a pair, acquire's median and 99th percentile in milliseconds."""

    pairs: float
    cpu: float
    median: float
    p99: float


def fdatasync() -> float:
    """Median milliseconds of appending 4 kB and fdatasync, on the same disk."""
    took = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(took)


@asynccontextmanager
async def sqlite(directory: str) -> AsyncIterator[Inventory | Claims]:
    """A new database on this disk."""
    store = await open_store(
        f"sqlite:{directory}/data/fleet.db", keys=KeySource(default=Path(directory, "keys", "key"))
    )
    try:
        yield store
    finally:
        await store.close()


async def leasing_on(inventory: Inventory, claims: Claims, name: str = "n") -> Leasing:
    """A node with PROXIES proxies of capacity 5."""
    stored = await inventory.put([Proxy(Scheme.HTTP, f"h{n}.example", 8080) for n in range(PROXIES)])
    fleet = FleetState(rng=Random(name))
    for one in stored:
        fleet.add(one.proxy, wall_clock())
    return Leasing(fleet, claims, node=name, clock=wall_clock, timer=monotonic_clock)


def token(handout: Handout) -> Token:
    """How the lease is named."""
    return Token(handout.lease.pool, handout.lease.slot, handout.lease.fence)


async def hammer(leasing: Leasing, callers: int, seconds: float) -> Figures:
    """Callers that acquire and release as fast as they can."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        wanted = Wanted(Holder("bench", str(number)))
        while (begun := time.perf_counter()) < end:
            grant = await leasing.acquire(wanted)
            took.append(time.perf_counter() - begun)
            await leasing.release(token(grant.handouts[0]), "bench")

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    took.sort()
    return Figures(
        len(took) / wall, cpu / len(took) * 1e6, took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3
    )


async def sqlite_figures(callers: int) -> Figures:
    """One run on a fresh database."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory:
        async with sqlite(directory) as store:
            leasing = await leasing_on(store, store)  # type: ignore[arg-type]  # one store is both ports
            figures = await hammer(leasing, callers, SECONDS)
            await leasing.close()
    return figures


def bare_pairs() -> float:
    """Pairs per second of a bare INSERT + COMMIT and DELETE + COMMIT, with the standard library, WAL and FULL."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory:
        connection = sqlite3.connect(f"{directory}/bare.db", isolation_level=None)
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY)"
        )
        done, end = 0, time.perf_counter() + SECONDS
        begun = time.perf_counter()
        while time.perf_counter() < end:
            connection.execute("INSERT INTO t VALUES (?)", (done,))
            connection.execute("DELETE FROM t WHERE a = ?", (done,))
            done += 1
        pairs = done / (time.perf_counter() - begun)
        connection.close()
    return pairs


PHAROX_PROGRAM = """
import sys, time
from pharox.manager import ProxyManager
from pharox.models import Proxy, ProxyPool
from pharox.storage.in_memory import InMemoryStorage
storage = InMemoryStorage()
pool = ProxyPool(name="p")
storage.add_pool(pool)
for n in range(int(sys.argv[1])):
    storage.add_proxy(Proxy(host=f"10.0.{n // 250}.{n % 250 + 1}", port=8080, protocol="http", pool_id=pool.id, status="active"))
manager = ProxyManager(storage)
done, begun = 0, time.perf_counter()
while time.perf_counter() < begun + 2:
    manager.release_proxy(manager.acquire_proxy("p"))
    done += 1
print(done / (time.perf_counter() - begun))
"""


def pharox(proxies: int) -> float | None:
    """Its pairs per second in memory, one caller; None where it is not installed."""
    if not PHAROX.exists():
        return None
    done = subprocess.run([PHAROX, "-c", PHAROX_PROGRAM, str(proxies)], capture_output=True, text=True, timeout=120)
    return float(done.stdout) if done.returncode == 0 else None


def median(runs: list[Figures]) -> Figures:
    """Of each figure."""
    return Figures(*(statistics.median(values) for values in zip(*runs, strict=True)))


def words(figures: Figures) -> str:
    """For the table."""
    return f"{figures.pairs:,.0f} pairs/s, {figures.cpu:.0f} us CPU a pair, acquire {figures.median:.2f} / {figures.p99:.2f} ms"


def sqlite_rows() -> list[Row]:
    """P6 and the lone caller of P9."""
    disk, bare = fdatasync(), statistics.median(bare_pairs() for _ in range(3))
    many = median([asyncio.run(sqlite_figures(CALLERS)) for _ in range(RUNS)])
    alone = median([asyncio.run(sqlite_figures(1)) for _ in range(RUNS)])
    others = {proxies: pharox(proxies) for proxies in (32, PROXIES)}
    told = ", ".join("not installed" if pairs is None else f"{pairs:,.0f} with {n:,}" for n, pairs in others.items())
    return [
        Row(
            "P6", "leases, SQLite, 64 callers", words(many), "20,000 pairs/s, 3 x bare",
            f"bare INSERT + DELETE, a commit each: {bare:,.0f} pairs/s; fdatasync {disk:.2f} ms",
            many.pairs >= 20_000 and many.pairs >= 3 * bare,
        ),
        Row("P6", "yardstick: pharox 0.11 in memory, nothing durable, one caller", f"pairs/s: {told}", "", "", None),
        Row(
            "P9", "one lease alone, SQLite, median", f"{alone.median:.2f} ms", "0.3 ms + fdatasync",
            f"fdatasync {disk:.2f} ms", alone.median <= 0.3 + disk,
        ),
    ]  # fmt: skip


def run() -> list[Row]:
    """All rows; about a minute a store."""
    return sqlite_rows()
