"""P22: how long the command line needs to help, and a gateway node to be ready. Whole processes, as a user starts them."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.row import Row
from benchmarks.runs import Runs

PROGRAM = Path(sys.executable).with_name("proxyfleet")
RUNS = 7


def help_seconds() -> float:
    """`proxyfleet --help` from start to end."""
    began = time.perf_counter()
    subprocess.run([PROGRAM, "--help"], stdout=subprocess.DEVNULL, check=True, timeout=30)
    return time.perf_counter() - began


def ready_seconds(told: dict[str, str], folder: str) -> float:
    """`proxyfleet serve` in that environment until it prints `ready`."""
    environ = {"PATH": os.environ["PATH"], "HOME": folder, **told}
    began = time.perf_counter()
    node = subprocess.Popen(
        [PROGRAM, "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=folder,
    )
    try:
        assert node.stdout is not None
        assert node.stderr is not None
        for line in node.stdout:
            if line.startswith("ready"):
                return time.perf_counter() - began
        raise RuntimeError(f"the node ended before it was ready: {node.stderr.read().strip()}")
    finally:
        node.terminate()
        node.wait(timeout=30)


def run() -> list[Row]:
    """Two rows."""
    helped = Runs([help_seconds() for _ in range(RUNS)], "s")
    with tempfile.TemporaryDirectory() as folder:
        stores = [{"PROXYFLEET_STORE": f"sqlite:///{folder}/{number}.db"} for number in range(RUNS)]
        ready = Runs([ready_seconds(store, folder) for store in stores], "s")
    return [
        Row("P22", "proxyfleet --help", str(helped), "0.25 s", "", helped.median <= 0.25),
        Row("P22", "gateway node ready, empty SQLite store", str(ready), "1.0 s", "", ready.median <= 1.0),
    ]
