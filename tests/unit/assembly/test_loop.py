"""The loop that programs run on, and how signals stop them."""

import asyncio
import os
import signal
import sys

import pytest

from proxyfleet.assembly import loop as module
from proxyfleet.assembly.loop import run, stop_on_signals, stop_with_parent


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


@pytest.fixture
def parent(monkeypatch):
    """The descriptor by whose end a process notices that its parent is gone; how the process ends is only noted."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield writer


@pytest.mark.parametrize("fast", [False, True])
def test_one_of_several_processes_is_stopped_once_however_often_it_is_told(parent, fast):
    async def wait():
        stop = asyncio.Event()
        stop_with_parent(stop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            signal.raise_signal(number)
            await asyncio.wait_for(stop.wait(), 5)
            await asyncio.sleep(0)
        return True

    assert run(wait(), fast=fast)
    os.close(parent)


def test_one_of_several_processes_ends_with_its_parent_and_at_once_when_it_was_ending(parent, monkeypatch):
    ended = []

    async def wait():
        stop, over = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(module, "_end_at_once", lambda number: (ended.append(number), over.set()))
        stop_with_parent(stop)
        os.write(parent, b"nothing that is read")
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 5)
        assert not ended
        os.close(parent)
        await asyncio.wait_for(over.wait(), 5)

    run(wait())
    assert ended == [signal.SIGTERM]
