"""P17: two gateway processes on one port, against one.

Kept-alive GETs over 256 connections, so that the kernel's hash spreads them. With four cores or more each process and the
load have cores of their own, and requests per second are compared. With fewer there is nothing to run two processes on: then
the row says what they would reach, from the CPU per request of both arrangements and from how evenly connections were spread,
and does not judge.
"""

import os
import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gateway_load import FIELD
from benchmarks.rivals import CORES, LOAD, LOAD_CORE, cpu_seconds, free_port, running
from benchmarks.row import Row

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 256
BAR = 1.8
ENOUGH = 4
SHARED = [sys.executable, "-m", "benchmarks.gateway_load", "shared"]


def gets(port: int, folder: Path, threads: int) -> int:
    """Requests that were answered."""
    script = folder / "wrk.lua"
    script.write_text(
        'wrk.path = "http://origin.test/"\nwrk.headers["Host"] = "origin.test"\n'
        f'wrk.headers["Proxy-Authorization"] = "{FIELD}"\n'
        'done = function(s) io.write("DONE ", s.requests, " ", s.errors.status, "\\n") end\n'
    )
    command = ["wrk", f"-t{threads}", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script)]
    out = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    requests, errors = next(line for line in out.splitlines() if line.startswith("DONE")).split()[1:]
    if int(errors):
        raise SystemExit(f"wrk counted {errors} errors")
    return int(requests)


class Arrangement:
    """So many processes on one port; each round gives requests per second, CPU per request and the largest share of one."""

    def __init__(self, stack: ExitStack, upstream: int, processes: int) -> None:
        self.port = free_port()
        cores = CORES[:processes] if len(CORES) >= ENOUGH else [CORES[0]] * processes
        command = [*SHARED, str(self.port), str(upstream)]
        self.pids = [stack.enter_context(running(command, self.port, core)) for core in cores]
        self.rates: list[float] = []
        self.costs: list[float] = []
        self.shares: list[float] = []

    def measure(self, folder: Path) -> None:
        """One round."""
        before = [cpu_seconds(pid) for pid in self.pids]
        count = gets(self.port, folder, 2 if len(CORES) >= ENOUGH else 1)
        spent = [cpu_seconds(pid) - then for pid, then in zip(self.pids, before, strict=True)]
        self.rates.append(count / SECONDS)
        self.costs.append(sum(spent) / count)
        self.shares.append(max(spent) / sum(spent))


def run() -> list[Row]:
    """One row; half a minute."""
    what = "gateway: two processes against one"
    if shutil.which("wrk") is None:
        return [Row("P17", what, "-", f"{BAR} x", "missing: wrk", None)]
    own_cores = len(CORES) >= ENOUGH
    with ExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, set(CORES[2:]) if own_cores else {LOAD_CORE})
        folder = Path(stack.enter_context(TemporaryDirectory()))
        upstream = free_port()
        stack.enter_context(running([*LOAD, "upstream", str(upstream)], upstream, LOAD_CORE))
        one, two = Arrangement(stack, upstream, 1), Arrangement(stack, upstream, 2)
        for arrangement in (one, two) * ROUNDS:
            arrangement.measure(folder)
    if own_cores:
        ratio = statistics.median(b / a for a, b in zip(one.rates, two.rates, strict=True))
        return [Row("P17", what, f"{ratio:.2f} x requests/s", f"{BAR} x", "", ratio >= BAR)]
    cost = statistics.median(b / a for a, b in zip(one.costs, two.costs, strict=True))
    share = statistics.median(two.shares)
    figure = f"{1 / share / cost:.2f} x where two cores are free (computed)"
    beside = (
        f"CPU per request {cost:.2f} x that of one process, the busier one carries {share:.0%}; {len(CORES)} cores here"
    )
    return [Row("P17", what, figure, f"{BAR} x", beside, None)]
