"""One epoll for all plain TCP sockets of a loop, itself watched by that loop: a single callback of the loop serves many sockets.

They are served in steps: first all that are ready are read, then all that was read is delivered, then all that was written
goes out. The processor's caches make that a quarter cheaper than to do all three for one socket after the other.

It tells who is ready and knows nothing else. Linux only; elsewhere sockets stay with the loop (`Poller.here` is False).
"""

import asyncio
import logging
import select
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("proxyfleet.net")

TOGETHER = 32
"""Sockets that go through the steps together: what they have read is in memory at once. Then the loop has its turn again,
so that a lease, which takes several turns, does not wait for hundreds of sockets in each.
"""
IN, OUT = getattr(select, "EPOLLIN", 1), getattr(select, "EPOLLOUT", 4)


class Handler(Protocol):
    """Somebody with a socket."""

    def ready(self, events: int) -> bool:
        """Read from the socket, or write what waits; `events` are those of epoll. True: call `deliver`. Must not raise."""
        ...

    def deliver(self) -> None:
        """Tell the protocol what was read. Must not raise."""
        ...

    def abort(self) -> None:
        """Everything ends now."""
        ...


class Writer(Protocol):
    """Somebody with something to send."""

    def uncork(self) -> None:
        """Send it now. Must not raise."""
        ...


class Poller:
    """`watch`, `change` and `ignore` by file descriptor; `soon` calls back once the sockets at hand have been served.

    `serving`: what is written now goes out with the rest of this round, of those in `corked`.

    A descriptor is closed from `soon` only, so that it is not taken anew while its old events are still being served.
    """

    here = hasattr(select, "epoll")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._soon: list[Callable[[], None]] = []
        self.corked: list[Writer] = []
        """Those whose `uncork` is to be called at the end of this round; each once, or oftener without harm."""
        self.serving = self._scheduled = False
        loop.add_reader(self._epoll.fileno(), self._serve)

    def __len__(self) -> int:
        """How many descriptors are watched."""
        return len(self._handlers)

    def watch(self, descriptor: int, events: int, handler: Handler) -> None:
        """Call `handler.ready` whenever one of `events` is there, and for errors and hang-ups in any case."""
        self._epoll.register(descriptor, events)
        self._handlers[descriptor] = handler

    def change(self, descriptor: int, events: int) -> None:
        """Other events from now on."""
        self._epoll.modify(descriptor, events)

    def hand_over(self, descriptor: int, handler: Handler) -> None:
        """The same events to somebody else."""
        self._handlers[descriptor] = handler

    def ignore(self, descriptor: int) -> None:
        """Nothing any more, hang-ups included, until the next `watch`."""
        if self._handlers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def closing(self, descriptor: int) -> None:
        """The descriptor is closed right after this, which takes it out of the epoll by itself."""
        self._handlers.pop(descriptor, None)

    def soon(self, callback: Callable[[], None]) -> None:
        """After the sockets at hand, or in the next turn of the loop."""
        self._soon.append(callback)
        if not self.serving and not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._run_soon)

    def _serve(self) -> None:
        handlers = self._handlers
        self.serving = True
        try:
            read: list[Handler] = []
            for descriptor, events in self._epoll.poll(0, TOGETHER):
                handler = handlers.get(descriptor)
                if handler is not None and handler.ready(events):
                    read.append(handler)
            self._deliver(read)
        finally:
            self.serving = False
            if self._soon and not self._scheduled:
                self._run_soon()

    def _deliver(self, read: list[Handler]) -> None:
        try:
            for handler in read:
                handler.deliver()
        finally:
            corked, self.corked = self.corked, []
            for writer in corked:
                writer.uncork()

    def _run_soon(self) -> None:
        """What is added meanwhile waits for the next turn, so that nobody can keep the loop to himself."""
        self._scheduled = False
        callbacks, self._soon = self._soon, []
        for callback in callbacks:
            try:
                callback()
            except Exception:  # as a loop does with its callbacks
                log.exception("action=callback")

    def close(self) -> None:
        """Abort whoever is still there, run what waits, and watch nothing any more."""
        for handler in list(self._handlers.values()):
            handler.abort()
        while self._soon:
            self._run_soon()
        self.loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        self._handlers.clear()
