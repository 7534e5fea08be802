"""The proxies that ours is measured beside, each started in the same place: one upstream proxy with credentials, loopback.

Knows how to start them and what CPU and memory they take; what is done with them is elsewhere.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway_load import UPSTREAM_KEY, UPSTREAM_USER

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


class Place(NamedTuple):
    """Where everything runs: a folder for files, the upstream's port, the rivals, and the names of those not installed."""

    folder: Path
    upstream: int
    rivals: list[Rival]
    missing: list[str]

    def of(self, name: str) -> Rival | None:
        """The rival of that name, None where it is not installed."""
        return next((rival for rival in self.rivals if rival.name == name), None)


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


def haproxy(folder: Path, port: int, upstream: int, extra: str = "") -> list[str] | None:
    """HAProxy, one thread, in the same place: it adds the credentials and passes absolute URLs and CONNECT on."""
    binary = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if binary is None:
        return None
    secret = subprocess.check_output(["base64"], input=f"{UPSTREAM_USER}:{UPSTREAM_KEY}".encode()).decode().strip()
    text = f"""global
  nbthread 1
  maxconn 5500
defaults
  mode http
  {extra}
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen bench
  bind 127.0.0.1:{port}
  http-reuse always
  http-request set-header Proxy-Authorization "Basic {secret}"
  server up 127.0.0.1:{upstream}
"""
    (folder / f"haproxy{port}.cfg").write_text(text)
    return [binary, "-db", "-f", str(folder / f"haproxy{port}.cfg")]


def haproxy_splice(folder: Path, port: int, upstream: int) -> list[str] | None:
    """The same, moving bytes inside the kernel."""
    return haproxy(folder, port, upstream, "option splice-request\n  option splice-response")


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
    "haproxy, splice": haproxy_splice,
    "tinyproxy": tinyproxy,
    "proxy.py": proxy_py,
}
USUAL = ("proxyfleet", "squid", "haproxy", "tinyproxy", "proxy.py")


@contextmanager
def together(*names: str, upstream: list[str] | None = None) -> Iterator[Place]:
    """The rivals of these names (the usual ones without any) before one upstream proxy; the caller goes to the load's core."""
    command = upstream or [*LOAD, "upstream"]
    with ExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, {LOAD_CORE})  # the load generators inherit it
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o777)  # squid gives up its rights before it writes
        behind = free_port()
        stack.enter_context(running([*command, str(behind)], behind, LOAD_CORE))
        rivals, missing = [], []
        for name in names or USUAL:
            port = free_port()
            started = RIVALS[name](folder, port, behind)
            if started is None:
                missing.append(name)
            else:
                rivals.append(Rival(name, stack.enter_context(running(started, port, PROXY_CORE)), port))
        yield Place(folder, behind, rivals, missing)


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
