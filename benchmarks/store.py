"""P5, P19, P21: a large node's start, importing and sealing with the SQLite store, beside bare SQLite."""

import asyncio
import base64
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.row import Row
from benchmarks.runs import Runs
from benchmarks.startup import ready_seconds
from proxyfleet.assembly.imports import ImportWish, import_sources
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret
from proxyfleet.ports import Store
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import Column, Keyring, KeySource, KeyState, MasterKey, new_key

PROXIES = 1_000_000
LINES = 140_000
PIECE = 5_000
RUNS = 5


async def fresh(directory: str) -> Store:
    """A new database in that directory."""
    return await open_store(
        f"sqlite:///{directory}/data/fleet.db", keys=KeySource(default=Path(directory, "keys", "key"))
    )


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
    """Seconds for what `proxyfleet import FILE` does with LINES lines and a new database, its start left out."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "list.txt")
        await asyncio.to_thread(file.write_bytes, lines(LINES))
        store = await fresh(directory)
        begun = time.perf_counter()
        report = await import_sources(store, [str(file)], ImportWish())
        took = time.perf_counter() - begun
        assert report.valid == LINES
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


async def fill(directory: str, own_passwords: bool) -> None:
    """A closed database of PROXIES."""
    labels = [Labels(country=country, tags=frozenset({tag})) for country in ("DE", "US", "FR", "GB") for tag in "abcde"]
    store, password = await fresh(directory), Secret("shared")
    for first in range(0, PROXIES, PIECE * 4):
        await store.put(
            [
                Proxy(
                    Scheme.HTTP, address(n), 8080, f"user-{n}" if own_passwords else None,
                    password if own_passwords else None, labels=labels[n % 20],
                )
                for n in range(first, first + PIECE * 4)
            ]
        )  # fmt: skip
    await store.close()


def started(own_passwords: bool) -> Runs:
    """Seconds from the start of `proxyfleet serve` with PROXIES until it prints `ready`: it can pick then."""
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(fill(directory, own_passwords))
        told = {
            "PROXYFLEET_STORE": f"sqlite:///{directory}/data/fleet.db",
            "PROXYFLEET_KEY_FILE": f"{directory}/keys/key",
            "HOME": directory,
        }
        return Runs([ready_seconds(told, directory) for _ in range(RUNS)], "s")


def vault() -> tuple[Runs, Runs]:
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


def microseconds(call: Callable[[], object], times: int = 20_000) -> Runs:
    """The mean of `times` calls in each of RUNS."""
    means = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        for _ in range(times):
            call()
        means.append((time.perf_counter() - begun) / times * 1e6)
    return Runs(means)


def run() -> list[Row]:
    """All rows; about two minutes, most of it filling the large databases."""
    sealed, opened = vault()
    imported = Runs([asyncio.run(import_once()) for _ in range(RUNS)], "s")
    bare = statistics.median(bare_import() for _ in range(RUNS))
    plain, own = started(False), started(True)
    return [
        Row("P5", f"a node with {PROXIES:,} proxies in SQLite is ready", str(plain), "12 s", "", plain.median <= 12),
        Row("P5", "the same, each with user name and sealed password", str(own), "12 s", "", own.median <= 12),
        Row(
            "P19",
            f"import {LINES:,} lines with dedupe",
            str(imported),
            "3 s",
            f"bare sqlite3 {bare:.2f} s",
            imported.median <= 3,
        ),
        Row("P21", "encrypt one password", str(sealed), "2 us", "", sealed.median <= 2),
        Row("P21", "decrypt one password", str(opened), "2 us", "", opened.median <= 2),
    ]
