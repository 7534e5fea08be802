"""Runs the program's coroutine: on uvloop where there is one, on asyncio's own loop elsewhere. Nothing else starts a loop."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], *, fast: bool = False) -> T:
    """Run to the end; `fast` is worth its import for whoever serves. `Any`: what a coroutine yields is asyncio's affair."""
    with asyncio.Runner(loop_factory=_uvloop() if fast else None) as runner:
        return runner.run(coroutine)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def stop_with_parent(stop: asyncio.Event) -> None:
    """For one of several processes: SIGTERM and SIGINT set `stop`, and so does the end of standard input, by which we notice
    that our parent is gone.

    Signals that follow change nothing: who ends a whole group (a terminal, systemd) tells us, and our parent tells us again.
    A parent that is gone while we end was in a hurry, or killed; then we end at once.
    """
    loop = asyncio.get_running_loop()
    number = sys.stdin.fileno()

    def readable() -> None:
        if os.read(number, 4096):
            return
        loop.remove_reader(number)
        if stop.is_set():
            _end_at_once(signal.SIGTERM)
        stop.set()

    os.set_blocking(number, False)
    loop.add_reader(number, readable)
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)


def nobody(_number: signal.Signals) -> None:
    """Whoever does not mind which signal it was."""


def stop_on_signals(*stages: asyncio.Event, told: Callable[[signal.Signals], None] = nobody) -> None:
    """SIGTERM and SIGINT set the first stage, then the next; one more ends the process at once, as somebody in a hurry expects."""
    loop = asyncio.get_running_loop()

    def asked(number: signal.Signals) -> None:
        stage = next((one for one in stages if not one.is_set()), None)
        if stage is None:
            _end_at_once(number)
            return
        told(number)
        stage.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)


def _end_at_once(number: signal.Signals) -> None:
    asyncio.get_running_loop().remove_signal_handler(number)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
