"""P22: how long the command line needs to help, and a gateway node to be ready. Whole processes, as a user starts them."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.row import Row

PROGRAM = Path(sys.executable).with_name("proxyfleet")
RUNS = 7


def help_seconds() -> float:
    """`proxyfleet --help` from start to end."""
    began = time.perf_counter()
    subprocess.run([PROGRAM, "--help"], stdout=subprocess.DEVNULL, check=True, timeout=30)
    return time.perf_counter() - began


def ready_seconds(folder: str, number: int) -> float:
    """`proxyfleet serve` with an empty SQLite store until it prints `ready`."""
    environ = {"PATH": os.environ["PATH"], "HOME": folder, "PROXYFLEET_STORE": f"sqlite:///{folder}/{number}.db"}
    began = time.perf_counter()
    node = subprocess.Popen(
        [PROGRAM, "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
        cwd=folder,
    )
    try:
        assert node.stdout is not None
        for line in node.stdout:
            if line.startswith("ready"):
                return time.perf_counter() - began
        raise RuntimeError("the node ended before it was ready")
    finally:
        node.terminate()
        node.wait(timeout=30)


def run() -> list[Row]:
    """Two rows."""
    helped = statistics.median(help_seconds() for _ in range(RUNS))
    with tempfile.TemporaryDirectory() as folder:
        ready = statistics.median(ready_seconds(folder, number) for number in range(RUNS))
    return [
        Row("P22", "proxyfleet --help", f"{helped:.2f} s", "0.25 s", "", helped <= 0.25),
        Row("P22", "gateway node ready, empty SQLite store", f"{ready:.2f} s", "1.0 s", "", ready <= 1.0),
    ]
