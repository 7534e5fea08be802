"""P1 to P4: what a pick and an outcome cost, and what a proxy weighs, at 1,000, 100,000 and 1,000,000 proxies.

`python -m benchmarks.picking` prints the rows. Every figure is the median of five runs in a process of its own, so that
no view, structure or heap of one measurement is in the way of another.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.row import Row
from benchmarks.runs import Runs
from benchmarks.yardsticks import yardsticks
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret
from proxyfleet.core.selector import Selector
from proxyfleet.core.strategies.registry import STRATEGIES

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS, CALLS = 5, 20_000
NOW = 1_000_000.0
COUNTRIES = ("US", "DE", "FR", "BR", "JP")
QUICK = {"random", "weighted_random", "round_robin", "best_reputation", "best_health"}


def fleet_of(size: int, *, own_credentials: bool = False) -> FleetState:
    """A fleet whose proxies differ in country, tag and credentials."""
    fleet = FleetState(rng=Random(1))
    fleet.reserve(size)
    labels = [Labels(country=c, tags=frozenset({"premium"}), provider="acme") for c in COUNTRIES]
    shared = ("user", Secret("secret"))
    for number in range(1, size + 1):
        user, password = (f"user{number}", Secret(f"secret{number}")) if own_credentials else shared
        host = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        fleet.add(Proxy(Scheme.HTTP, host, 8080, user, password, id=number, capacity=5, labels=labels[number % 5]), NOW)
    return fleet


def warm(fleet: FleetState, size: int) -> None:
    """One outcome for every proxy, of different quality."""
    rng = Random(2)
    for number in range(1, size + 1):
        good = rng.random() < 0.9
        fleet.record(number, Outcome.succeeded(rng.uniform(0.05, 3.0)) if good else Outcome.failed("connect"), NOW)
        if number % 1000 == 0:
            fleet.take_events()
    fleet.take_events()


def microseconds(call: Callable[[int], object]) -> list[float]:
    """A call's in each round, the loop included."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for number in range(CALLS):
            call(number)
        times.append((time.perf_counter() - began) / CALLS * 1e6)
    return times


def measure_picks(size: int, strategy: str) -> list[float]:
    """One strategy on one view; half of the fleet's countries fit."""
    fleet = fleet_of(size)
    warm(fleet, size)
    selector = Selector.parse("country=US,DE tag=premium")
    fleet.prepare(selector, strategy)
    gc.collect()
    gc.freeze()
    keys = [f"session-{number}" for number in range(CALLS)] if strategy == "sticky" else [None] * CALLS
    return microseconds(lambda n: fleet.pick(selector, NOW + 1.0, strategy=strategy, key=keys[n]))


def measure_records(size: int, views: int) -> list[float]:
    """Outcomes of random proxies, nine in ten successes, with that many views that the proxies are in."""
    fleet = fleet_of(size)
    warm(fleet, size)
    for number in range(views):
        fleet.prepare(Selector.parse("" if not number else f"tag=premium min_score=0.0{number}"))
    gc.collect()
    gc.freeze()
    rng = Random(3)
    ids = [rng.randint(1, size) for _ in range(CALLS)]
    outcomes = [Outcome.succeeded(0.3) if rng.random() < 0.9 else Outcome.failed("timeout") for _ in range(CALLS)]
    clock = iter(range(10**9))

    def record(number: int) -> None:
        fleet.record(ids[number], outcomes[number], NOW + 2.0 + next(clock) * 1e-4)

    figures = microseconds(record)
    fleet.take_events()
    return figures


def measure_memory(size: int, own: int) -> list[float]:
    """Resident bytes a proxy, with health and one view, against an empty interpreter with the same modules."""
    before = resident()
    fleet = fleet_of(size, own_credentials=bool(own))
    warm(fleet, size)
    fleet.prepare(Selector.parse("tag=premium"))
    gc.collect()
    return [(resident() - before) / len(fleet)]


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


MEASURES: dict[str, Callable[..., list[float]]] = {
    "picks": measure_picks,
    "records": measure_records,
    "memory": measure_memory,
}


def apart(measure: str, *arguments: object) -> Runs:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.picking", measure, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return Runs(json.loads(done.stdout))


def run() -> list[Row]:
    """All rows; some four minutes."""
    rows = []
    for name in STRATEGIES:
        cost = {size: apart("picks", size, name) for size in SIZES}
        shown = " / ".join(f"{cost[size].median:.2f}" for size in SIZES)
        few, many = cost[SIZES[0]], cost[SIZES[-1]]
        flat = many.median / few.median
        rows.append(Row("P1", f"pick, {name}, 1k", str(few), "2 us", "", few.median <= 2.0))
        holds = flat <= 4.0 and (name not in QUICK or many.median <= 2.0)
        bar = "4 x P1, 2 us" if name in QUICK else "4 x P1"
        rows.append(Row("P2", f"pick, {name}, 1k / 100k / 1M", f"{shown} us ({flat:.1f} x)", bar, "", holds))
    for views, most in ((1, 5.0), (5, 10.0)):
        figures = apart("records", 100_000, views)
        rows.append(
            Row("P3", f"record, 100k, views: {views}", str(figures), f"{most:.0f} us", "", figures.median <= most)
        )
    for own, bar_bytes in ((0, 600), (1, 850)):
        figure = apart("memory", 1_000_000, own).median
        what = "its own credentials" if own else "shared credentials"
        rows.append(
            Row("P4", f"memory a proxy, 1M, {what}", f"{figure:.0f} B", f"{bar_bytes} B", "", figure <= bar_bytes)
        )
    return rows + yardsticks()


def main() -> None:
    """A measurement's name and arguments: print its figures as JSON."""
    words = [int(word) if word.isdigit() else word for word in sys.argv[2:]]
    sys.stdout.write(json.dumps(MEASURES[sys.argv[1]](*words)))


if __name__ == "__main__":
    main()
