"""Fetching 20 sources of 10,000 different lines each from the lab into SQLite, and how long others wait for the loop meanwhile."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import parse
from benchmarks.row import Row
from proxyfleet.assembly.refreshing import fetch_sources
from proxyfleet.core.source import Feed, Source
from proxyfleet.lab import Lab, some_listed
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import SourcesSection
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

LINES = 10_000
RUNS = 5
BAR = 5.0
RAW = "raw.githubusercontent.com"
LISTS = (
    *((f"{RAW}/some/list-{number}/main/http.txt", "text") for number in range(16)),
    *((f"{RAW}/dpangestuw/Free-Proxy/main/http_proxies.txt", "text"), ("databay.com/free-proxy-list.txt", "text")),
    *((f"{RAW}/zloi-user/hideip.me/main/http.txt", "text"), ("spys.me/proxy.txt", "text")),
)
"""Lines as lists have them: bare for the most part, some with a scheme, with a country, in the form of spys."""
MIXED = (
    *LISTS[:14],
    *LISTS[16:19],
    ("cdn.jsdelivr.net/gh/proxyscrape/free-proxy-list@main/proxies/protocols/http/data.csv", "csv"),
    *((f"{RAW}/monosans/proxy-list/main/proxies/proxies.json", "json"), ("free-proxy-list.net/", "html")),
)
"""CSV, JSON and HTML among them."""


async def serve() -> None:
    """The lab, in a process of its own: prints where it is, ends with its standard input."""
    async with Lab() as lab:
        site = lab.add_sources([])
        for number, address in enumerate(dict.fromkeys(address for address, _ in (*LISTS, *MIXED))):
            listed = [one._replace(scheme="http") for one in some_listed(LINES, number * LINES)]
            site.list(address, listed)
        print(site.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def fetch_once(url: str, forms: Sequence[tuple[str, str]]) -> tuple[float, float, float, int]:
    """Wall seconds, CPU seconds, how long a neighbour on the loop waits (p99), and how many proxies came."""
    with tempfile.TemporaryDirectory() as folder:
        keys = KeySource(default=Path(folder, "keys", "key"))
        store = await open_store(f"sqlite:{folder}/data/fleet.db", keys=keys)
        for number, (address, form) in enumerate(forms):
            await store.put_source(Source(f"s{number}", "own", (Feed(f"{url}/{address}"),), form))
        settings = Settings(sources=SourcesSection(allow_private=True))
        names = [f"s{number}" for number in range(len(forms))]
        gaps = [0.0]
        watch = asyncio.get_running_loop().create_task(neighbour(gaps))
        began, used = time.perf_counter(), time.process_time()
        told = await fetch_sources(settings, store, names)
        took, used = time.perf_counter() - began, time.process_time() - used
        watch.cancel()
        await store.close()
    return took, used, statistics.quantiles(gaps, n=100)[98], told.added


async def neighbour(gaps: list[float]) -> None:
    """Wants the loop every millisecond, and notes how long the loop was at work until it got it."""
    while True:
        asked = time.thread_time()
        await asyncio.sleep(0.001)
        gaps.append(time.thread_time() - asked)


def row(what: str, url: str, forms: Sequence[tuple[str, str]]) -> Row:
    """The median of some runs."""
    runs = [asyncio.run(fetch_once(url, forms)) for _ in range(RUNS)]
    took, used, gap = (statistics.median(one[place] for one in runs) for place in range(3))
    spread = f"{min(one[0] for one in runs):.2f}-{max(one[0] for one in runs):.2f}"
    waits = f"a neighbour on the loop waits {gap * 1e3:.1f} ms of CPU (p99)"
    figure = f"{took:.2f} s ({spread}), {used:.2f} s CPU, {runs[0][3]:,} proxies; {waits}"
    plain = parse.generated(("{host}:{port}",), LINES * len(forms))
    yardstick = f"str.split: {parse.rate(parse.splits, plain):,.0f} lines/s"
    return Row("B2", what, figure, f"{BAR:g} s", yardstick, took < BAR)


def run() -> list[Row]:
    """Two rows, with the lab beside them in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sources", "--serve"]
    lab = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert lab.stdout is not None
        url = lab.stdout.readline().strip()
        return [
            row(f"fetch 20 sources of {LINES:,} lines of text into SQLite", url, LISTS),
            row("the same, CSV, JSON and HTML among them", url, MIXED),
        ]
    finally:
        lab.communicate("", timeout=30)


if __name__ == "__main__":
    asyncio.run(serve())
