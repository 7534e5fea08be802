"""First come, first served among those that ask the same; nothing that was found gets lost."""

import asyncio

from proxyfleet.services.waiting import WaitingLine


class Shelf:
    """Goods by kind; what is discarded comes back."""

    def __init__(self) -> None:
        self.goods: dict[str, list[str]] = {}
        self.line: WaitingLine[str, str] = WaitingLine(self.take, self.back)
        self.discarded: list[str] = []

    def take(self, kind: str) -> str | None:
        return self.goods.get(kind, []).pop(0) if self.goods.get(kind) else None

    def back(self, good: str) -> None:
        self.discarded.append(good)

    def waits(self, kind: str, seconds: float = 60.0) -> "asyncio.Task[str | None]":
        return asyncio.ensure_future(self.line.wait(kind, kind, seconds))


async def test_in_order_and_per_kind() -> None:
    shelf = Shelf()
    first, other, second = shelf.waits("a"), shelf.waits("b"), shelf.waits("a")
    await asyncio.sleep(0)
    assert shelf.line.blocks("a")
    shelf.goods = {"a": ["1"], "b": ["2"]}
    shelf.line.serve()
    assert [await first, await other] == ["1", "2"]
    assert len(shelf.line) == 1
    shelf.goods = {"a": ["3"]}
    shelf.line.serve()
    assert await second == "3"
    assert not shelf.line.blocks("a")


async def test_who_waits_too_long_gets_nothing() -> None:
    shelf = Shelf()
    assert await shelf.waits("a", 0.0) is None
    assert len(shelf.line) == 0


async def test_who_is_cancelled_leaves_the_line_and_what_was_found_goes_back() -> None:
    shelf = Shelf()
    gone, found = shelf.waits("a"), shelf.waits("b")
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    shelf.goods = {"a": ["1"], "b": ["2"]}
    shelf.line.serve()
    found.cancel()
    await asyncio.wait([found])
    assert shelf.goods["a"] == ["1"]
    assert shelf.discarded == ["2"]
    assert len(shelf.line) == 0
