"""P10, P11: taking proxies from a sheet, in batches against one by one, with 300 ms per call inside the same pace and quota.

Virtual time for the comparison, so that an hour takes a second; the first rows once more over real HTTP with the real client.
"""

import asyncio
import json
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote

from benchmarks import virtual
from benchmarks.row import Row
from proxyfleet.assembly.embedded import EmbeddedNode
from proxyfleet.assembly.opening import Opened
from proxyfleet.assembly.sheeting import ConnectWish, Link, SheetSide, connect_sheet, sheet_side
from proxyfleet.clock import wall_clock
from proxyfleet.core.lease import Holder
from proxyfleet.core.rules import Rules
from proxyfleet.lab.sheets import GoogleSheets, Spreadsheet
from proxyfleet.lab.sheets.direct import direct
from proxyfleet.ports import Store
from proxyfleet.services.assigning import Assigning
from proxyfleet.services.mirroring.plan import Ways
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sheets.caller import Caller
from proxyfleet.stores.sheets.calls import Answer, Call, Json
from proxyfleet.stores.sheets.columns import TEMPLATE, heading_of
from proxyfleet.stores.sheets.connecting import connect, named
from proxyfleet.stores.sheets.fetching import Place
from proxyfleet.vault import KeySource

LATENCY = 0.3
PROXIES = 1_200
BIG = 10_000
HOUR = 3_600.0
Task = tuple[float, str, list[int]]
"""When somebody comes, who it is, and which rows are wanted (1 is the first)."""


def clock() -> float:
    """Virtual seconds, beginning in the year 2026."""
    return 1_767_225_600.0 + virtual.now()


@dataclass
class Result:
    """What a way of taking cost: calls, and for each caller the seconds until all proxies were theirs."""

    calls: int
    waits: list[float]
    took: float
    proxies: int
    refused: int = 0
    names: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Proxies per second while somebody waits."""
        return self.proxies / self.took if self.took else 0.0


def filled(book: Spreadsheet, count: int) -> None:
    """A sheet with so many free proxies."""
    headings = [
        "Host",
        "Port",
        "Scheme",
        "Username",
        "Password",
        "Used for",
        "Taken by",
        "Taken at",
        "Status",
        "Days left",
    ]
    for column, heading in enumerate(headings):
        book.tab.put(0, column, heading)
    for number in range(count):
        book.tab.put(number + 1, 0, f"20.0.{number // 250}.{number % 250 + 1}")
        book.tab.put(number + 1, 1, 8080.0)


def stand_in(count: int) -> GoogleSheets:
    """Google with its real quotas, in virtual time."""
    book = Spreadsheet(clock=clock)
    filled(book, count)
    return GoogleSheets(book, clock=clock, guarded=False)


async def arrive(tasks: Sequence[Task], take: Callable[[str, list[int]], Awaitable[int]]) -> tuple[list[float], int]:
    """Everybody comes at their time; seconds that each waited, and how many proxies could not be had."""
    begun = virtual.now()

    async def one(at: float, who: str, wanted: list[int]) -> tuple[float, int]:
        await asyncio.sleep(max(begun + at - virtual.now(), 0.0))
        came = virtual.now()
        refused = await take(who, wanted)
        return virtual.now() - came, refused

    found = await asyncio.gather(*(one(*task) for task in tasks))
    return [wait for wait, _ in found], sum(refused for _, refused in found)


async def in_batches(tasks: Sequence[Task], *, shared: bool = True) -> Result:
    """Our way; without `shared` everybody's batch goes alone, one after the other."""
    google = stand_in(PROXIES)
    store = MemoryStore(clock)
    section = SheetSection()
    place = (
        await connect(Caller(direct(google), rng=Random(1), clock=virtual.now), named("lab-sheet"), "f", Random(1))
    ).place
    side = SheetSide(Link(place, "", False), store, section, send=direct(google), clock=clock)
    side.caller._clock = virtual.now
    await side.exchange(Ways(out=False))
    node = EmbeddedNode(Opened(store, store, sheet=side), Rules(), clock=clock, timer=virtual.now)
    await node.start()
    assigning = Assigning(node.leasing, clock, lambda: "")
    ids = [proxy.id async for batch in store.proxies() for proxy in batch]
    await asyncio.sleep(120.0)  # the quota of the preparation is over
    google.calls.clear()
    google.latency = LATENCY
    alone = asyncio.Lock()

    async def take(who: str, wanted: list[int]) -> int:
        if shared:
            return len((await assigning.take(Holder(who), "shop", [ids[one - 1] for one in wanted])).failed)
        async with alone:
            return len((await assigning.take(Holder(who), "shop", [ids[one - 1] for one in wanted])).failed)

    begun = virtual.now()
    waits, refused = await arrive(tasks, take)
    result = Result(len(google.calls), waits, virtual.now() - begun, sum(len(one[2]) for one in tasks), refused)
    await node.stop()
    checked(google, result)
    return result


async def one_by_one(tasks: Sequence[Task]) -> Result:
    """The naive way inside the same pace: for each proxy read the sheet, look for the row, write its three cells."""
    google = stand_in(PROXIES)
    google.latency = LATENCY
    caller = Caller(direct(google), rng=Random(1), clock=virtual.now)
    turn = asyncio.Lock()  # without it two users would take the same proxy

    async def take(who: str, wanted: list[int]) -> int:
        for row in wanted:
            async with turn:
                await caller.call(Call("GET", "/lab-sheet/values/Sheet1", "reading"))
                cells = {"values": [["shop", who, "now"]]}
                query = (("valueInputOption", "RAW"),)
                where = quote(f"F{row + 1}:H{row + 1}", safe="")
                await caller.call(Call("PUT", f"/lab-sheet/values/{where}", "writing", query, cells))
        return 0

    begun = virtual.now()
    waits, refused = await arrive(tasks, take)
    result = Result(len(google.calls), waits, virtual.now() - begun, sum(len(one[2]) for one in tasks), refused)
    checked(google, result)
    return result


def checked(google: GoogleSheets, result: Result) -> None:
    """Every proxy that was had must show a name; a way that loses some has no figure."""
    tab = google.book.tab
    shown = sum(1 for row in tab.rows if len(row) > 6 and row[5].content == "shop" and row[6].content)
    if shown != result.proxies - result.refused:
        raise AssertionError(f"{shown} names for {result.proxies - result.refused} proxies")


def users(count: int, each: int, spread: float, seed: int = 1) -> list[Task]:
    """So many users who come within `spread` seconds and want `each` proxies."""
    rng = random.Random(seed)
    return [
        (rng.uniform(0.0, spread) if spread else 0.0, f"user-{n}", [n * each + at + 1 for at in range(each)])
        for n in range(count)
    ]


async def over_http(tasks: Sequence[Task]) -> Result:
    """Our way with the real client over HTTP and SQLite, in real time."""
    with tempfile.TemporaryDirectory() as directory:
        book = Spreadsheet()
        filled(book, PROXIES)
        async with GoogleSheets(book) as google:
            key = Path(directory, "key.json")
            await asyncio.to_thread(key.write_text, json.dumps(google.key_file()))
            store: Store = await open_store(
                f"sqlite:{directory}/fleet.db", keys=KeySource(default=Path(directory, "keys", "key"))
            )
            section = SheetSection(address=google.address)
            await connect_sheet(store, section, ConnectWish("lab-sheet", None, str(key), False))
            side = await sheet_side(store, section)
            assert side is not None
            await side.exchange(Ways(out=False))
            node = EmbeddedNode(Opened(store, store, sheet=side), Rules())
            await node.start()
            assigning = Assigning(node.leasing, wall_clock, lambda: "")
            ids = [proxy.id async for batch in store.proxies() for proxy in batch]
            google.calls.clear()
            google.latency = LATENCY
            await asyncio.sleep(2.0)  # the burst is there again
            begun = time.perf_counter()
            done = await asyncio.gather(
                *(assigning.take(Holder(who), "shop", [ids[one - 1] for one in wanted]) for _, who, wanted in tasks)
            )
            took = time.perf_counter() - begun
            result = Result(len(google.calls), [took], took, sum(len(one.done) for one in done))
            await node.stop()
            side.close()
            await store.close()
            return result


async def big_sheet() -> tuple[float, float]:
    """(seconds of CPU, MB at the peak) for reading and comparing a sheet of BIG rows that is in step; Google's part is free."""
    head = [heading_of(name) for name in TEMPLATE]
    countries = ("DE", "Germany", "US")
    lines = [
        ["http", f"{20 + n // 65536}.{n >> 8 & 255}.{n & 255}.7", 8080 + n % 100, f"user{n}", f"pw{n}", "residential",
         countries[n % 3], "Berlin", "acme", "fast, eu", 5, 46387 + n % 300, "", "active", "shop" if n % 3 else "",
         "ann" if n % 3 else "", "2026-11-26 01:20:00" if n % 3 else "", f"note {n}"]
        for n in range(BIG)
    ]  # fmt: skip
    text = json.dumps({"valueRanges": [{"values": [head, *lines]}, {"values": [["fleet", "f"]]}]})
    grid = {"rowCount": BIG + 1, "columnCount": 26}
    tabs = [
        {"properties": {"sheetId": at, "title": title, "gridProperties": grid}}
        for at, title in enumerate(("T", "proxyfleet"))
    ]
    del lines

    async def send(call: Call) -> Answer:
        told: Json = json.loads(text) if "values" in call.path else {"sheets": tabs}
        return Answer(200, told)

    section = SheetSection(rate=100.0, burst=100)
    store = MemoryStore()
    side = SheetSide(Link(Place("s", 0, "f"), "", False), store, section, send=send)
    await side.exchange(Ways(out=False))
    times = []
    for _ in range(5):
        begun = time.process_time()
        await side.compare()
        times.append(time.process_time() - begun)
    side = SheetSide(Link(Place("s", 0, "f"), "", False), store, section, send=send)
    tracemalloc.start()
    await side.compare()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(times), peak


def compared(name: str, tasks: Sequence[Task]) -> tuple[Result, Result, Row]:
    """Both ways for the same wishes, and their row of the table."""
    ours, naive = virtual.run(in_batches(tasks)), virtual.run(one_by_one(tasks))
    return ours, naive, Row("sheets", name, told(ours), "", f"one by one: {told(naive)}", None)


def told(result: Result) -> str:
    """A result in words."""
    typical, longest = statistics.median(result.waits), max(result.waits)
    return f"{result.calls} calls, {typical:.2f} s (longest {longest:.2f}), {result.rate:.2f} proxies/s"


def run() -> list[Row]:
    """All rows; about half a minute."""
    rows = [compared(f"1 user takes {count}", users(1, count, 0.0))[2] for count in (5, 20)]
    fifty, naive, row = compared("1 user takes 50", users(1, 50, 0.0))
    rows.append(row)
    five = users(5, 5, 0.0)
    shared, _, row = compared("5 users take 5 each at once", five)
    rows.append(row)
    rows.append(compared("100 users take 10 each within an hour", users(100, 10, HOUR))[2])
    alone = virtual.run(in_batches(five, shared=False))
    real, real_fifty = asyncio.run(over_http(five)), asyncio.run(over_http(users(1, 50, 0.0)))
    seconds, megabytes = asyncio.run(big_sheet())
    fewer, faster = naive.calls / fifty.calls, naive.took / fifty.took
    held = shared.calls == real.calls == 2
    batches = f"{shared.calls} calls; over HTTP {real.calls} calls, {real.took:.2f} s"
    p10 = Row("P10", "5 users take 5 each at once", batches, "2 calls",
              f"one by one 50 calls, a batch per user {alone.calls}", held)  # fmt: skip
    gain = (
        f"{fewer:.0f} x fewer calls, {faster:.0f} x faster; over HTTP {real_fifty.calls} calls, {real_fifty.took:.2f} s"
    )
    p11 = Row("P11", "1 user takes 50, 300 ms per call", gain, "50 x fewer, 90 x faster",
              f"one by one {naive.calls} calls, {naive.took:.0f} s", fewer >= 50 and faster >= 90)  # fmt: skip
    cost = f"{seconds:.2f} s, {megabytes:.0f} MB"
    big = Row("sheets", f"{BIG:,} rows: read and compare, CPU; memory at the peak", cost, "2 s, 60 MB", "",
              seconds <= 2 and megabytes <= 60)  # fmt: skip
    return [p10, p11, big, *rows]
