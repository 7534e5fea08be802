"""What every store remembers of a sheet: one contract for all of them."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests import postgres

from proxyfleet.core.lease import Holder
from proxyfleet.ports.sheet import Claiming, OpenWrite, SheetMemory, SheetNote
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

ONE = OpenWrite("w-0", "http://h:80", 3, {"city": "Bonn"}, 5.0)
TWO = OpenWrite("w-1", "http://i:80", 0, {}, 6.0)
PAIR = Claiming(1, "shop", "s", Holder("ann", "a"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def memory(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SheetMemory]:
    urls = {"memory": "memory:", "sqlite": f"sqlite:{tmp_path}/fleet.db"}
    async with postgres.schema() if request.param == "postgres" else nullcontext(urls.get(request.param)) as url:
        store = await open_store(str(url), keys=KeySource(default=tmp_path / "keys" / "key"))
        yield store.sheet_memory
        await store.close()


async def test_it_begins_empty(memory: SheetMemory) -> None:
    assert (await memory.agreed(), await memory.open_writes(), await memory.claiming()) == ({}, [], [])


async def test_rows_that_were_agreed_on(memory: SheetMemory) -> None:
    await memory.note(SheetNote(agreed={"a": {"city": "Köln"}, "b": {}}))
    await memory.note(SheetNote(agreed={"a": {"city": "Bonn", "notes": ""}, "c": {"x": "y"}}))
    assert await memory.agreed() == {"a": {"city": "Bonn", "notes": ""}, "b": {}, "c": {"x": "y"}}
    assert await memory.agreed(["a", "nothing"]) == {"a": {"city": "Bonn", "notes": ""}}
    assert await memory.agreed([]) == {}
    await memory.note(SheetNote(agreed={"a": None, "nothing": None}))
    assert (await memory.agreed()).keys() == {"b", "c"}


async def test_open_writes_oldest_first(memory: SheetMemory) -> None:
    await memory.note(SheetNote(opened=[ONE]))
    await memory.note(SheetNote(opened=[TWO]))
    assert await memory.open_writes() == [ONE, TWO]
    await memory.note(SheetNote(agreed={"a": {}}, closed=["w-0", "nothing"]))
    assert await memory.open_writes() == [TWO]


async def test_pairs_that_are_being_taken(memory: SheetMemory) -> None:
    await memory.note(SheetNote(claiming=[PAIR, PAIR._replace(proxy_id=2)]))
    await memory.note(SheetNote(claiming=[PAIR]))
    assert sorted(await memory.claiming()) == [PAIR, PAIR._replace(proxy_id=2)]
    await memory.note(SheetNote(settled=[PAIR]))
    assert await memory.claiming() == [PAIR._replace(proxy_id=2)]


async def test_what_came_back_is_nobody_elses(memory: SheetMemory) -> None:
    await memory.note(SheetNote(agreed={"a": {"city": "Bonn"}}))
    (await memory.agreed())["a"]["city"] = "changed by a caller"
    assert await memory.agreed() == {"a": {"city": "Bonn"}}
