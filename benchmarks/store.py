"""P5, P9, P19, P21: loading, one durable write, importing and sealing with the SQLite store, beside the disk and bare SQLite."""

import asyncio
import base64
import gc
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.row import Row
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret
from proxyfleet.ports import Store
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import Column, Keyring, KeySource, KeyState, MasterKey, new_key
from proxyfleet.wire.text import read

PROXIES = 1_000_000
LINES = 140_000
PIECE = 5_000
RUNS = 5
SHARED = Labels(source="list")
"""As an import gives them: equal labels are one object."""


async def fresh(directory: str) -> Store:
    """A new database in that directory."""
    return await open_store(f"sqlite:{directory}/data/fleet.db", keys=KeySource(default=Path(directory, "keys", "key")))


def address(n: int) -> str:
    """A different IPv4 address for each number."""
    return f"{20 + (n >> 24)}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def lines(count: int) -> bytes:
    """Addresses in no order, one in ten twice."""
    rng = random.Random(7)
    numbers = [rng.randrange(2**24) for _ in range(count * 9 // 10)]
    numbers += rng.sample(numbers, count - len(numbers))
    rng.shuffle(numbers)
    return "".join(f"{address(n)}:8080\n" for n in numbers).encode()


async def import_once() -> float:
    """Seconds to parse and store LINES lines in pieces, each durable before the next."""
    text = lines(LINES)
    with tempfile.TemporaryDirectory() as directory:
        store = await fresh(directory)
        begun, piece = time.perf_counter(), list[Proxy]()
        for verdict in read([text]):
            if verdict.entry is not None:
                piece.append(Proxy(Scheme.HTTP, verdict.entry.host, verdict.entry.port, labels=SHARED))
            if len(piece) == PIECE:
                await store.put(piece)
                piece = []
        await store.put(piece)
        took = time.perf_counter() - begun
        await store.close()
    return took


def bare_import() -> float:
    """Seconds for the same rows by the standard library: no parsing, one transaction, four columns, a unique key."""
    rows = [("http", *line.split(":"), "list") for line in lines(LINES).decode().split()]
    with tempfile.TemporaryDirectory() as directory:
        connection = sqlite3.connect(f"{directory}/bare.db")
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a, b, c, d, UNIQUE (b, c, a))"
        )
        begun = time.perf_counter()
        with connection:
            connection.executemany("INSERT OR IGNORE INTO t VALUES (?, ?, ?, ?)", rows)
        took = time.perf_counter() - begun
        connection.close()
    return took


async def load_once(own_passwords: bool) -> float:
    """Seconds from a closed database of PROXIES until a fleet can pick."""
    labels = [Labels(country=country, tags=frozenset({tag})) for country in ("DE", "US", "FR", "GB") for tag in "abcde"]
    with tempfile.TemporaryDirectory() as directory:
        store = await fresh(directory)
        for first in range(0, PROXIES, PIECE * 4):
            numbers = range(first, first + PIECE * 4)
            password = Secret("shared")
            await store.put(
                [
                    Proxy(
                        Scheme.HTTP, address(n), 8080, f"user-{n}" if own_passwords else None,
                        password if own_passwords else None, labels=labels[n % 20],
                    )
                    for n in numbers
                ]
            )  # fmt: skip
        await store.close()
        gc.collect()
        begun = time.perf_counter()
        gc.disable()
        store = await fresh(directory)
        fleet = FleetState(rng=random.Random(1))
        fleet.reserve(PROXIES)
        async for batch in store.proxies():
            for proxy in batch:
                fleet.add(proxy, 0.0)
        took = time.perf_counter() - begun
        gc.enable()
        await store.close()
    return took


async def one_write() -> float:
    """Median milliseconds of one small write, acknowledged durably, alone."""
    took = []
    with tempfile.TemporaryDirectory() as directory:
        store = await fresh(directory)
        for n in range(400):
            begun = time.perf_counter()
            await store.put_setting("a", str(n))
            took.append((time.perf_counter() - begun) * 1e3)
        await store.close()
    return statistics.median(took)


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


def vault() -> tuple[float, float]:
    """Microseconds to encrypt and to decrypt one password of 20 characters."""
    master = MasterKey(bytes(32), "benchmark")
    key = new_key(master, KeyState.PRIMARY, 0.0)
    ring = Keyring(master)
    ring.load([key])
    ring.primary = key.kid
    column, row = Column(ring, "proxies", "password"), bytes(16)
    text = base64.b64encode(bytes(15)).decode()
    value = column.seal(text, row)
    return microseconds(lambda: column.seal(text, row)), microseconds(lambda: column.open(value, row))


def microseconds(call: Callable[[], object], times: int = 20_000) -> float:
    """Median over RUNS of the mean of `times` calls."""
    means = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        for _ in range(times):
            call()
        means.append((time.perf_counter() - begun) / times * 1e6)
    return statistics.median(means)


def run() -> list[Row]:
    """All rows; about two minutes, most of it filling the large databases."""
    sealed, opened = vault()
    disk, write = fdatasync(), asyncio.run(one_write())
    imported = statistics.median(asyncio.run(import_once()) for _ in range(RUNS))
    bare = statistics.median(bare_import() for _ in range(RUNS))
    plain, own = asyncio.run(load_once(False)), asyncio.run(load_once(True))
    return [
        Row("P5", f"load {PROXIES:,} proxies from SQLite", f"{plain:.1f} s", "12 s", "", plain <= 12),
        Row("P5", "the same, each with user name and sealed password", f"{own:.1f} s", "12 s", "", own <= 12),
        Row(
            "P9",
            "one durable write alone, median",
            f"{write:.2f} ms",
            "0.3 ms + fdatasync",
            f"fdatasync {disk:.2f} ms",
            write <= 0.3 + disk,
        ),
        Row(
            "P19",
            f"import {LINES:,} lines with dedupe",
            f"{imported:.2f} s",
            "3 s",
            f"bare sqlite3 {bare:.2f} s",
            imported <= 3,
        ),
        Row("P21", "encrypt one password", f"{sealed:.2f} us", "2 us", "", sealed <= 2),
        Row("P21", "decrypt one password", f"{opened:.2f} us", "2 us", "", opened <= 2),
    ]


if __name__ == "__main__":
    for line in run():
        print(*line, sep=" | ")
