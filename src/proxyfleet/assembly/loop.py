"""Runs the program's coroutine: on uvloop where there is one, on asyncio's own loop elsewhere. Nothing else starts a loop."""

import asyncio
import signal
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


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT set `stop`; a second one ends the process at once, as somebody in a hurry expects."""
    loop = asyncio.get_running_loop()

    def asked(number: signal.Signals) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)
