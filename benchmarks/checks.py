"""Checking 10,000 lab proxies of which a third is dead, some are slow, some transparent, some lie about what they speak.

Prints the confusion table (what they are, what was said of them), and how many proxies are checked per second of processor.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmarks.row import Row
from proxyfleet.assembly.checking import check_all
from proxyfleet.assembly.loop import run as run_on_loop
from proxyfleet.core.checks import Finding, Verdict
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.lab import Lab
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import ChecksSection

KINDS = {"http": 5_000, "socks5": 3_000, "socks4": 2_000}
OTHER = {"http": "socks5", "socks5": "http", "socks4": "socks5"}
DEAD, LYING, SLOW = 1 / 3, 0.08, 0.1
DELAY = 0.5
BAR = 1_500
Told = dict[str, Any]
"""What the lab's process says; `Any` because it comes as JSON."""


async def serve() -> None:
    """The lab, in a process of its own: prints who is what, ends with its standard input."""
    rng = random.Random(7)
    async with Lab(http=KINDS["http"], socks5=KINDS["socks5"], socks4=KINDS["socks4"]) as lab:
        proxies = []
        for one in lab.proxies:
            lot, truth, level = rng.random(), Verdict.WORKS, "elite"
            if lot < DEAD:
                one.behave(dead=True)
                truth = Verdict.DEAD
            elif lot < DEAD + LYING:
                one.behave(speaks=OTHER[one.scheme])
                truth = Verdict.OTHER_PROTOCOL
            else:
                level = rng.choice(("elite", "anonymous", "transparent"))
                one.behave(latency=DELAY if rng.random() < SLOW else 0.0, anonymity=level)
            proxies.append((one.scheme, one.port, truth.value, level))
        print(json.dumps({"judge": f"{lab.target.url}/judge", "proxies": proxies}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def measure(told: Told) -> tuple[list[Finding], float, float]:
    """Findings, wall seconds, processor seconds of this process."""
    proxies = [
        Proxy(Scheme(scheme), "127.0.0.1", port, id=number)
        for number, (scheme, port, *_) in enumerate(told["proxies"], 1)
    ]
    settings = Settings(checks=ChecksSection(judge=told["judge"], timeout=2.0))

    async def keep(_: object) -> None:
        """Nothing is stored here: what is measured is asking."""

    began, used = time.perf_counter(), time.process_time()
    found = await check_all(settings, proxies, keep)
    return found, time.perf_counter() - began, time.process_time() - used


def confusion(told: Told, found: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """How often (what it is, what was said)."""
    return Counter((told["proxies"][one.proxy.id - 1][2], one.verdict.value) for one in found)


def levels(told: Told, found: Iterable[Finding]) -> Counter[bool]:
    """How often the anonymity of a working HTTP proxy was told right and wrong."""
    http = [(told["proxies"][one.proxy.id - 1], one) for one in found if one.verdict is Verdict.WORKS]
    return Counter(truth[3] == one.anonymity for truth, one in http if truth[0] == "http")


def show(table: Counter[tuple[str, str]], right: Counter[bool]) -> None:
    """One line per kind of proxy, one column per verdict."""
    names = [verdict.value for verdict in Verdict]
    print(f"{'is':<15}" + "".join(f"{name:>15}" for name in names), file=sys.stderr)
    for is_ in sorted({one for one, _ in table}):
        print(f"{is_:<15}" + "".join(f"{table[is_, said]:>15}" for said in names), file=sys.stderr)
    print(f"anonymity of working HTTP proxies: {right[True]} right, {right[False]} wrong", file=sys.stderr)


def run() -> list[Row]:
    """The row of active checks."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.checks", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as lab:
        assert lab.stdout is not None
        assert lab.stdin is not None
        told: Told = json.loads(lab.stdout.readline())
        found, took, used = run_on_loop(measure(told), fast=True)
        lab.stdin.close()
    table = confusion(told, found)
    show(table, levels(told, found))
    wronged = sum(table["works", said.value] for said in Verdict if said is not Verdict.WORKS)
    questions = sum(len(one.said) for one in found)
    per_core = len(found) / used
    figure = (
        f"{per_core:,.0f} per second and core ({used / len(found) * 1e6:.0f} µs each, {questions / used:,.0f} questions); "
        f"{len(found) / took:,.0f} per second by the clock; {wronged} healthy ones called anything else"
    )
    what = f"active checks of {len(found):,} lab proxies, a third dead, some slow, some lying"
    return [Row("P20", what, figure, f"{BAR:,} per second and core", "", per_core >= BAR and not wronged)]


if __name__ == "__main__":
    asyncio.run(serve())
