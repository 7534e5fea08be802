"""The loop that programs run on, and how signals stop them."""

import asyncio
import signal
import sys

from proxyfleet.assembly.loop import run, stop_on_signals


async def name_of_loop():
    return type(asyncio.get_running_loop()).__module__


def test_fast_is_uvloop_where_it_is_installed(monkeypatch):
    assert run(name_of_loop()).startswith("asyncio.")
    assert run(name_of_loop(), fast=True).startswith("uvloop")
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run(name_of_loop(), fast=True).startswith("asyncio.")


def test_a_signal_asks_to_stop():
    async def wait(number):
        stop = asyncio.Event()
        stop_on_signals(stop)
        signal.raise_signal(number)
        await asyncio.wait_for(stop.wait(), 5)
        return True

    assert run(wait(signal.SIGTERM))
    assert run(wait(signal.SIGINT), fast=True)
