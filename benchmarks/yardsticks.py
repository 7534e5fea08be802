"""What others need for the same pick: random.choices, scrapy-rotating-proxies, crawlee. Runs in the yardsticks' own environment.

`.venv-bench` holds the two packages; where one cannot be imported its row says so.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.row import Row

PYTHON = Path(__file__).parent.parent / ".venv-bench" / "bin" / "python"
PROGRAM = r"""
import asyncio, json, logging, random, statistics, sys, time
logging.disable(logging.CRITICAL)
def median(call, calls):
    times = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - began) / calls * 1e6)
    return statistics.median(times)
def urls(size):
    return [f"http://user:secret@10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}:8080" for n in range(size)]
def choices(size):
    population, weights = list(range(size)), [random.randint(1, 100) for _ in range(size)]
    return median(lambda: random.choices(population, weights), max(5, 2_000_000 // size))
def scrapy(size):
    from rotating_proxies.expire import Proxies
    proxies = Proxies(urls(size))
    for proxy in urls(size):
        proxies.mark_good(proxy)
    return median(proxies.get_random, max(5, 2_000_000 // size))
def crawlee(size):
    from crawlee.proxy_configuration import ProxyConfiguration
    configuration = ProxyConfiguration(proxy_urls=urls(size))
    async def pick(calls):
        for _ in range(calls):
            await configuration.new_url()
    times = []
    for _ in range(5):
        began = time.perf_counter()
        asyncio.run(pick(5000))
        times.append((time.perf_counter() - began) / 5000 * 1e6)
    return statistics.median(times)
print(json.dumps({sys.argv[1]: {"choices": choices, "scrapy": scrapy, "crawlee": crawlee}[sys.argv[1]](int(sys.argv[2]))}))
"""
NAMES = {"choices": "random.choices(weights)", "scrapy": "scrapy-rotating-proxies", "crawlee": "crawlee, round robin"}
SIZES = {"choices": (1_000, 100_000, 1_000_000), "scrapy": (1_000, 100_000), "crawlee": (1_000, 100_000)}


def cost(name: str, size: int) -> float | None:
    """Median microseconds a pick; None when the package is not there."""
    python = PYTHON if PYTHON.exists() else Path(sys.executable)
    done = subprocess.run([python, "-c", PROGRAM, name, str(size)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        return None
    figure: float = json.loads(done.stdout.splitlines()[-1])[name]
    return figure


def yardsticks() -> list[Row]:
    """One row each."""
    rows = []
    for name, sizes in SIZES.items():
        costs = [cost(name, size) for size in sizes]
        shown = " / ".join("not installed" if figure is None else f"{figure:,.1f} us" for figure in costs)
        at = " / ".join(f"{size:,}" for size in sizes)
        rows.append(Row("P1", f"yardstick: {NAMES[name]}, {at}", shown, "", "", None))
    return rows
