"""P12 and P13: CPU of the proxy process per kept-alive GET, and per CONNECT + GET on a new connection, beside other
proxies.

32 connections, bodies of 128 bytes, one upstream proxy with credentials, everything on loopback. Ours authenticates its
clients, the others do not, which favours them. CPU is user + system of the process and its children from /proc; medians
of `ROUNDS` interleaved runs.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway_load import CONNECTIONS, FIELD, UPSTREAM_KEY, UPSTREAM_USER
from benchmarks.row import Row

ROUNDS = 5
SECONDS = 1
TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
PROXY_CORE, LOAD_CORE = CORES[0], CORES[-1]
"""The proxy under test has a core of its own, clients and upstream share another: else idle wake-ups dominate
(PERFORMANCE.md).
"""
LOAD = [sys.executable, "-m", "benchmarks.gateway_load"]


class Rival(NamedTuple):
    """A proxy under test: what it is called and which processes are its own."""

    name: str
    pid: int
    port: int


class Cost(NamedTuple):
    """CPU microseconds per request, and how the median's runs spread."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.1f} us ({self.low:.1f}-{self.high:.1f})"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, core: int) -> Iterator[int]:
    """The process, once its port answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, {core})
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise SystemExit(f"{command[0]} does not listen on its port")
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def cpu_seconds(pid: int) -> float:
    """User + system of a process and its living children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = (int(fields[11]) + int(fields[12])) / TICK
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # threads of tinyproxy come and go
            total += sum(cpu_seconds(int(child)) for child in (task / "children").read_text().split())
    return total


def squid(folder: Path, port: int, upstream: int) -> list[str] | None:
    """Squid with a parent, no cache, no log."""
    binary = shutil.which("squid") or shutil.which("squid", path="/usr/sbin")
    if binary is None:
        return None
    lines = [
        f"http_port 127.0.0.1:{port}",
        "http_access allow all",
        "acl tunnels method CONNECT",
        f"cache_peer 127.0.0.1 parent {upstream} 0 no-query no-digest default login={UPSTREAM_USER}:{UPSTREAM_KEY}",
        "never_direct allow all",
        "nonhierarchical_direct off",
        *("cache deny all", "cache_mem 0", "access_log none", f"cache_log {folder}/cache.log", "cache_store_log none"),
        *(
            f"pid_filename {folder}/squid.pid",
            f"coredump_dir {folder}",
            "visible_hostname bench",
            "shutdown_lifetime 0",
        ),
        *("pinger_enable off", "netdb_filename none", "max_filedescriptors 4096", "workers 1"),
        *(["cache_effective_user nobody"] if os.geteuid() == 0 else []),
    ]
    (folder / "squid.conf").write_text("\n".join(lines) + "\n")
    return [binary, "-N", "-n", f"bench{port}", "-f", str(folder / "squid.conf")]


def haproxy(folder: Path, port: int, upstream: int) -> list[str] | None:
    """HAProxy, one thread, in the same place: it adds the credentials and passes absolute URLs and CONNECT on."""
    binary = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if binary is None:
        return None
    secret = subprocess.check_output(["base64"], input=f"{UPSTREAM_USER}:{UPSTREAM_KEY}".encode()).decode().strip()
    text = f"""global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen bench
  bind 127.0.0.1:{port}
  http-reuse always
  http-request set-header Proxy-Authorization "Basic {secret}"
  server up 127.0.0.1:{upstream}
"""
    (folder / "haproxy.cfg").write_text(text)
    return [binary, "-db", "-f", str(folder / "haproxy.cfg")]


def tinyproxy(folder: Path, port: int, upstream: int) -> list[str] | None:
    """tinyproxy with an upstream."""
    binary = shutil.which("tinyproxy") or shutil.which("tinyproxy", path="/usr/bin")
    if binary is None:
        return None
    lines = [
        *(
            f"Port {port}",
            "Listen 127.0.0.1",
            "Timeout 60",
            "MaxClients 500",
            "LogLevel Critical",
            "DisableViaHeader Yes",
        ),
        f'LogFile "{folder}/tinyproxy.log"',
        f'Upstream http {UPSTREAM_USER}:{UPSTREAM_KEY}@127.0.0.1:{upstream} ""',
        f"Upstream http {UPSTREAM_USER}:{UPSTREAM_KEY}@127.0.0.1:{upstream}",
    ]
    (folder / "tinyproxy.conf").write_text("\n".join(lines[:-2] + lines[-1:]) + "\n")
    return [binary, "-d", "-c", str(folder / "tinyproxy.conf")]


def proxy_py(_folder: Path, port: int, upstream: int) -> list[str] | None:
    """proxy.py with its pool plugin, from the environment that `make bench` installs."""
    binary = Path(".venv-bench/bin/proxy")
    if not binary.exists():
        return None
    plugin = [
        "--plugins",
        "proxy.plugin.ProxyPoolPlugin",
        "--proxy-pool",
        f"{UPSTREAM_USER}:{UPSTREAM_KEY}@127.0.0.1:{upstream}",
    ]
    quiet = ["--log-level", "ERROR", "--num-workers", "1", "--num-acceptors", "1"]
    return [str(binary), "--hostname", "127.0.0.1", "--port", str(port), *plugin, *quiet]


def ours(_folder: Path, port: int, upstream: int) -> list[str] | None:
    """This gateway."""
    return [*LOAD, "gateway", str(port), str(upstream)]


RIVALS: dict[str, Callable[[Path, int, int], list[str] | None]] = {
    "proxyfleet": ours,
    "squid": squid,
    "haproxy": haproxy,
    "tinyproxy": tinyproxy,
    "proxy.py": proxy_py,
}


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


def measured(rivals: list[Rival], load: Callable[[int, Path], int], folder: Path) -> dict[str, Cost]:
    """CPU per request of each, the runs interleaved."""
    costs: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for rival in rivals:
        load(rival.port, folder)
    for _ in range(ROUNDS):
        for rival in rivals:
            before = cpu_seconds(rival.pid)
            count = load(rival.port, folder)
            costs[rival.name].append((cpu_seconds(rival.pid) - before) / max(count, 1) * 1e6)
    return {name: Cost(statistics.median(runs), min(runs), max(runs)) for name, runs in costs.items()}


def row(
    number: str, what: str, costs: dict[str, Cost], missing: list[str], squid_bar: float, haproxy_bar: float
) -> Row:
    """Both ratios must hold where their yardstick is there."""
    mine = costs["proxyfleet"].median
    bars = {"squid": squid_bar, "haproxy": haproxy_bar}
    ratios = {name: mine / costs[name].median for name in bars if name in costs}
    holds = all(ratio <= bars[name] for name, ratio in ratios.items()) if ratios else None
    beside = ", ".join(f"{name} {cost}" for name, cost in costs.items() if name != "proxyfleet")
    shown = ", ".join(f"{ratio:.2f} x {name}" for name, ratio in ratios.items())
    absent = f"; missing: {', '.join(missing)}" if missing else ""
    return Row(
        number,
        what,
        f"{costs['proxyfleet']}; {shown}",
        f"{squid_bar} x squid, {haproxy_bar} x haproxy",
        beside + absent,
        holds,
    )


def run() -> list[Row]:
    """Both rows; some 50 seconds."""
    if shutil.which("wrk") is None:
        return [Row(i, "gateway", "-", "-", "missing: wrk", None) for i in ("P12", "P13")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o777)  # squid gives up its rights before it writes
        proxy_core, load_core = PROXY_CORE, LOAD_CORE
        os.sched_setaffinity(0, {load_core})  # the load generators inherit it
        upstream = free_port()
        stack.enter_context(running([*LOAD, "upstream", str(upstream)], upstream, load_core))
        rivals, missing = [], []
        for name, make in RIVALS.items():
            port = free_port()
            command = make(folder, port, upstream)
            if command is None:
                missing.append(name)
            else:
                rivals.append(Rival(name, stack.enter_context(running(command, port, proxy_core)), port))
        plain = measured(rivals, gets, folder)
        tunnelled = measured(rivals, tunnels, folder)
    return [
        row("P12", "gateway: CPU per kept-alive GET", plain, missing, 0.6, 2.6),
        row("P13", "gateway: CPU per CONNECT + GET, new connection", tunnelled, missing, 1.0, 2.6),
    ]


if __name__ == "__main__":
    for line in run():
        print(line)
