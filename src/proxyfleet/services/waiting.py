"""Callers that wait for a slot: first come, first served among those that ask the same (SPEC E1, rule 4). Grants nothing."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Found = TypeVar("Found")


class Waiter(Generic[T, Found]):
    """`shape` is what makes two questions alike: nobody overtakes a caller of the same shape."""

    __slots__ = ("future", "shape", "wanted")

    def __init__(self, wanted: T, shape: str) -> None:
        self.wanted = wanted
        self.shape = shape
        self.future: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()


class WaitingLine(Generic[T, Found]):
    """`attempt` gives what it found for a question, or None."""

    def __init__(self, attempt: Callable[[T], Found | None], discard: Callable[[Found], None]) -> None:
        self._attempt = attempt
        self._discard = discard
        self._line: dict[Waiter[T, Found], None] = {}
        self._shapes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._line)

    def blocks(self, shape: str) -> bool:
        """Whether somebody has waited for the same longer."""
        return shape in self._shapes

    async def wait(self, wanted: T, shape: str, seconds: float) -> Found | None:
        """What was found for the question once it is its turn; None when the time is over."""
        waiter: Waiter[T, Found] = Waiter(wanted, shape)
        self._line[waiter] = None
        self._shapes[shape] = self._shapes.get(shape, 0) + 1
        ends = asyncio.get_running_loop().call_later(seconds, _give_up, waiter.future)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and (found := waiter.future.result()) is not None:
                self._discard(found)
            raise
        finally:
            ends.cancel()
            self._leave(waiter)

    def _leave(self, waiter: Waiter[T, Found]) -> None:
        if waiter in self._line:
            del self._line[waiter]
            self._shapes[waiter.shape] -= 1
            if not self._shapes[waiter.shape]:
                del self._shapes[waiter.shape]

    def serve(self) -> None:
        """A slot may be free: try everybody in order, of each shape until the first who gets nothing."""
        failed: set[str] = set()
        for waiter in list(self._line):
            if waiter.shape in failed or waiter.future.done():
                continue
            found = self._attempt(waiter.wanted)
            if found is None:
                failed.add(waiter.shape)
            else:
                self._leave(waiter)
                waiter.future.set_result(found)


def _give_up(future: "asyncio.Future[Found | None]") -> None:
    if not future.done():
        future.set_result(None)
