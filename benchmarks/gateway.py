"""P12 and P13: CPU of the proxy process per kept-alive GET, and per CONNECT + GET on a new connection, beside other
proxies.

32 connections, bodies of 128 bytes, one upstream proxy with credentials, everything on loopback. Ours authenticates its
clients, the others do not, which favours them. CPU is user + system of the process and its children from /proc; medians
of `ROUNDS` interleaved runs, ratios taken within each of them.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.gateway_load import CONNECTIONS, FIELD
from benchmarks.rivals import LOAD, Rival, cpu_seconds, together
from benchmarks.row import Row
from benchmarks.runs import Runs

ROUNDS = 5
SECONDS = 1


Costs = dict[str, Runs]
"""What one unit of work cost each program, round by round."""


def gets(port: int, folder: Path) -> int:
    """Kept-alive GETs by wrk for `SECONDS`; how many were answered with 2xx."""
    script = folder / "wrk.lua"
    script.write_text(
        'wrk.path = "http://origin.test/"\nwrk.headers["Host"] = "origin.test"\n'
        f'wrk.headers["Proxy-Authorization"] = "{FIELD}"\n'
        'done = function(s) io.write("DONE ", s.requests, " ", s.errors.status, "\\n") end\n'
    )
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests, errors = next(line for line in out.splitlines() if line.startswith("DONE")).split()[1:]
    if int(errors):
        raise SystemExit(f"wrk counted {errors} errors")
    return int(requests)


def tunnels(port: int, _folder: Path) -> int:
    """CONNECT + GET on new connections."""
    return int(subprocess.check_output([*LOAD, "connects", str(port), str(SECONDS)]))


def measured(rivals: list[Rival], load: Callable[[int, Path], float], folder: Path, unit: str = "us") -> Costs:
    """CPU of each per unit of work that `load` counts, the runs interleaved; in microseconds, or in seconds for `s`."""
    runs: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for rival in rivals:
        load(rival.port, folder)
    for _ in range(ROUNDS):
        for rival in rivals:
            before = cpu_seconds(rival.pid)
            count = load(rival.port, folder)
            spent = (cpu_seconds(rival.pid) - before) / max(count, 1e-9)
            runs[rival.name].append(spent if unit == "s" else spent * 1e6)
    return {name: Runs(costs, unit) for name, costs in runs.items()}


def row(number: str, what: str, costs: Costs, missing: list[str], bars: dict[str, float]) -> Row:
    """Ours beside the others; it holds when the ratios to all yardsticks that are there hold."""
    mine = costs["proxyfleet"]
    ratios = {name: mine.over(costs[name]) for name in bars if name in costs}
    beside = ", ".join(f"{name} {cost}" for name, cost in costs.items() if name != "proxyfleet")
    shown = ", ".join(f"{ratio:.2f} x {name}" for name, ratio in ratios.items())
    absent = f"; missing: {', '.join(missing)}" if missing else ""
    holds = all(ratio <= bars[name] for name, ratio in ratios.items()) if ratios else None
    bar = ", ".join(f"{most} x {name}" for name, most in bars.items())
    return Row(number, what, f"{mine}; {shown}", bar, beside + absent, holds)


def run() -> list[Row]:
    """Both rows; some 50 seconds."""
    if shutil.which("wrk") is None:
        return [Row(i, "gateway", "-", "-", "missing: wrk", None) for i in ("P12", "P13")]
    with together() as place:
        plain = measured(place.rivals, gets, place.folder)
        tunnelled = measured(place.rivals, tunnels, place.folder)
    new = "gateway: CPU per CONNECT + GET, new connection"
    return [
        row("P12", "gateway: CPU per kept-alive GET", plain, place.missing, {"squid": 0.6, "haproxy": 2.6}),
        row("P13", new, tunnelled, place.missing, {"squid": 1.0, "haproxy": 2.6}),
    ]
