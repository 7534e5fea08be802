"""P14 and P15: what bytes cost that go through a tunnel, and what a tunnel weighs through which nothing goes.

Bulk: 4 tunnels in which bodies of 32 MB are fetched, CPU per GB. Messages: 32 tunnels with 1 kB there and 1 kB back, CPU per
message passed on. Idle: 5,000 tunnels through one process, its growth in resident memory for each.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.gateway import SECONDS, Costs, measured, row
from benchmarks.rivals import Rival, resident, together
from benchmarks.row import Row

LOAD = [sys.executable, "-m", "benchmarks.tunnel_load"]
RIVALS = ("proxyfleet", "haproxy", "haproxy, splice", "squid")
IDLE = 5_000
MOST_IDLE_BYTES = 6_000
WARM = 200
"""Tunnels that were opened and closed before: buffers and caches that stay are not counted."""


def gigabytes(port: int, _folder: Path) -> float:
    """Moved in `SECONDS`."""
    return int(subprocess.check_output([*LOAD, "bulk", str(port), str(SECONDS)])) / 1e9


def messages(port: int, _folder: Path) -> float:
    """Passed on in `SECONDS`, both directions counted."""
    return 2 * int(subprocess.check_output([*LOAD, "messages", str(port), str(SECONDS)]))


def opened(port: int, tunnels: int) -> "subprocess.Popen[str]":
    """A process that holds so many idle tunnels until its input ends."""
    process = subprocess.Popen(
        [*LOAD, "idle", str(port), str(tunnels)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None or process.stdout.readline() != f"open {tunnels}\n":
        process.kill()
        raise SystemExit(f"{tunnels} tunnels could not be opened; are {4 * tunnels} descriptors allowed (ulimit -n)?")
    return process


def released(process: "subprocess.Popen[str]") -> None:
    """Close its tunnels."""
    process.communicate("", timeout=30)


def weight(rival: Rival) -> float:
    """Bytes of memory for each idle tunnel."""
    released(opened(rival.port, WARM))
    before = resident(rival.pid)
    holder = opened(rival.port, IDLE)
    grown = resident(rival.pid) - before
    released(holder)
    return grown / IDLE


def bulk_row(costs: Costs, missing: list[str]) -> Row:
    """Its bar is HAProxy as it comes; with splice, which moves bytes inside the kernel, it is the stretch."""
    found = row("P14", "gateway: bulk through a tunnel, CPU per GB", costs, missing, {"haproxy": 0.8})
    splice = costs.get("haproxy, splice")
    beside = f"; {costs['proxyfleet'].over(splice):.2f} x haproxy with splice" if splice else ""
    return found._replace(figure=found.figure + beside)


def idle_row(rivals: list[Rival]) -> Row:
    """Once each: the figure hardly varies."""
    weights = {rival.name: weight(rival) for rival in rivals if rival.name in ("proxyfleet", "haproxy")}
    beside = ", ".join(f"{name} {bytes_ / 1000:.2f} kB" for name, bytes_ in weights.items() if name != "proxyfleet")
    mine = weights["proxyfleet"]
    what = f"gateway: memory of each of {IDLE:,} idle tunnels"
    return Row("P15", what, f"{mine / 1000:.2f} kB", "6 kB", beside, mine <= MOST_IDLE_BYTES)


def run() -> list[Row]:
    """Three rows; about a minute."""
    with together(*RIVALS, upstream=[*LOAD, "upstream"]) as place:
        idle = idle_row(place.rivals)
        bulk = measured(place.rivals, gigabytes, place.folder, "s")
        small = measured(place.rivals, messages, place.folder)
    what = "gateway: 1 kB messages through tunnels, CPU per message"
    return [bulk_row(bulk, place.missing), row("P14", what, small, place.missing, {"haproxy": 1.5}), idle]
