"""P9, second half: one durable lease alone while the gateway in the same process is as busy as a load generator makes it.

The writer's thread shares the interpreter with a loop that never sleeps. wrk sends kept-alive GETs over 32 connections
meanwhile; acquire is timed on the same loop.
"""

import asyncio
import gc
import shutil
import statistics
import tempfile
from pathlib import Path

import uvloop

from benchmarks.gateway import gets
from benchmarks.gateway_load import gateway
from benchmarks.leases import RUNS, Figures, hammer, leasing_on, sqlite
from benchmarks.rivals import LOAD, LOAD_CORE, free_port, running
from benchmarks.row import Row

BAR = 10.0
LASTS = 1.5


async def busy(folder: str, behind: int) -> tuple[Figures, int]:
    """One run: the figures of a lone caller, and how many GETs were served beside it."""
    port = free_port()
    serving = asyncio.Task(gateway(port, behind))
    async with sqlite(folder) as store:
        leasing = await leasing_on(store, store)  # type: ignore[arg-type]  # one store is both ports
        gc.collect()
        gc.freeze()
        await asyncio.sleep(0.2)
        load = asyncio.Task(asyncio.to_thread(gets, port, Path(folder)))
        await asyncio.sleep(0.2)
        figures = await hammer(leasing, 1, LASTS - 0.7)
        served = await load
        await leasing.close()
    serving.cancel()
    return figures, served


def once() -> tuple[Figures, int]:
    """In a folder of its own on this disk."""
    behind = free_port()
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        running([*LOAD, "upstream", str(behind)], behind, LOAD_CORE),
    ):
        return uvloop.run(busy(folder, behind))


def run() -> list[Row]:
    """One row."""
    what = "one lease alone, SQLite, the gateway in the same process busy: p99"
    if shutil.which("wrk") is None:
        return [Row("P9", what, "-", "-", "missing: wrk", None)]
    runs = [once() for _ in range(RUNS)]
    p99 = statistics.median(figures.p99 for figures, _ in runs)
    middle = statistics.median(figures.median for figures, _ in runs)
    served = statistics.median(count for _, count in runs)
    shown = f"{p99:.2f} ms (median {middle:.2f} ms), beside {served:,.0f} GETs/s"
    return [Row("P9", what, shown, f"{BAR:g} ms", "", p99 <= BAR)]
