"""The sheet of a store put together: what is remembered, what is loaded when, and rounds that several nodes share."""

import asyncio
import json
import sys
from itertools import pairwise

import pytest
from tests.integration.sheetkit import sheet_world

from proxyfleet.assembly.sheeting import (
    ConnectWish,
    LazyGoogle,
    Link,
    SheetSide,
    connect_sheet,
    fleet_id,
    keep_link,
    link_of,
    sheet_side,
)
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.lab.clock import HandClock
from proxyfleet.lab.sheets import GoogleSheets, Limits, Spreadsheet
from proxyfleet.lab.sheets.direct import direct
from proxyfleet.services.mirroring.plan import Ways
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.sheets.calls import Call
from proxyfleet.stores.sheets.errors import BadSheetKey, SheetForeign, SheetUnavailable, SheetUnusable
from proxyfleet.stores.sheets.fetching import Place

LINK = Link(Place("s", 7, "f"), "/k.json", True, "Title", "Tab")


async def test_a_link_is_remembered_whole():
    store = MemoryStore()
    assert await link_of(store) is None
    assert await sheet_side(store, SheetSection()) is None
    await keep_link(store, LINK)
    assert await link_of(store) == LINK
    assert LINK.url.endswith("/d/s/edit#gid=7")
    side = await sheet_side(store, SheetSection())
    assert isinstance(side, SheetSide)
    side.close()


@pytest.mark.parametrize("missing", ["gspread", "google.auth"])
async def test_without_googles_libraries_the_remedy_is_named(monkeypatch, missing):
    for module in [missing, *(name for name in sys.modules if name.startswith(f"{missing}."))]:
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("google", "keys"):
        monkeypatch.delitem(sys.modules, f"proxyfleet.stores.sheets.{module}", raising=False)
    side = SheetSide(LINK, MemoryStore(), SheetSection())
    with pytest.raises(
        SheetUnusable, match=rf"\({missing}.* is missing\); install: pip install 'proxyfleet\[sheets\]'"
    ):
        await side.compare()


async def test_a_fleet_has_one_name():
    store = MemoryStore()
    name = await fleet_id(store)
    assert (await fleet_id(store), len(name)) == (name, 16)


async def test_nothing_of_google_is_loaded_for_a_sheet_that_nobody_uses():
    code = """
import asyncio, sys
from proxyfleet.assembly.sheeting import Link, SheetSide
from proxyfleet.settings.schema import SheetSection
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.sheets.fetching import Place
SheetSide(Link(Place("s", 0, "f"), "", False), MemoryStore(), SheetSection()).close()
assert not {"gspread", "google.auth", "requests"} & sys.modules.keys()
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_a_key_that_is_missing_is_told_with_the_first_call():
    with pytest.raises(BadSheetKey, match="cannot be read"):
        await LazyGoogle("/nothing.json", SheetSection()).send(Call("GET", "/s", "looking"))


async def test_connecting_to_another_sheet_forgets_what_was_agreed_on_with_the_first(tmp_path):
    async with sheet_world(tmp_path, 12) as world:
        await world.exchange()
        assert len(await world.store.sheet_memory.agreed()) == 12
        other = Spreadsheet("Other", "New", spreadsheet_id="other-sheet")
        world.google.books["other-sheet"] = other
        wish = ConnectWish("other-sheet", None, str(tmp_path / "key.json"), False)
        await connect_sheet(world.store, world.section, wish)
        assert await world.store.sheet_memory.agreed() == {}
        side = await sheet_side(world.store, world.section)
        report = await side.exchange(Ways())
        assert (report.into["removed"], report.out["added"]) == (0, 12)
        assert len(other.text()) == 13
        side.close()


async def test_connecting_again_keeps_what_was_agreed_on(tmp_path):
    async with sheet_world(tmp_path, 3) as world:
        await world.exchange()
        wish = ConnectWish("lab-sheet", None, str(tmp_path / "key.json"), False)
        await connect_sheet(world.store, world.section, wish)
        assert len(await world.store.sheet_memory.agreed()) == 3


class Side:
    """A side without sockets, on a clock that is moved by hand."""

    def __init__(self, store=None, google=None, clock=None, every=60.0):
        self.clock = clock or HandClock(1_800_000_000.0)
        self.store = store or MemoryStore(self.clock)
        self.google = google or GoogleSheets(
            Spreadsheet(clock=self.clock), limits=Limits(10**6, 10**6), clock=self.clock, guarded=False
        )
        section = SheetSection(every=every, rate=1000.0, burst=1000, reads=10**6, writes=10**6)
        self.section = section
        self.side = SheetSide(
            Link(Place("lab-sheet", 0, "f"), "", False), self.store, section, send=direct(self.google), clock=self.clock
        )

    async def connect(self):
        from random import Random

        from proxyfleet.stores.sheets.connecting import connect, named

        await connect(self.side.caller, named("lab-sheet"), "f", Random(1))
        return self


async def test_how_the_last_round_went_is_kept():
    world = await Side().connect()
    assert await world.side.last() == {}
    await world.side.exchange(Ways())
    last = await world.side.last()
    assert (last["at"], last["rows"], last["into"]["added"]) == (world.clock(), 0, 0)
    world.google.faults.chance("cut", 1.0)
    with pytest.raises(SheetUnavailable):
        await world.side.exchange(Ways())
    assert "Google cannot be reached" in (await world.side.last())["error"]


async def test_a_round_that_ended_early_is_kept_with_its_reason():
    world = await Side().connect()
    await world.store.put([Proxy(Scheme.HTTP, "20.0.0.1", 80)])
    world.google.faults.queue("503-html", on="write")
    report = await world.side.exchange(Ways())
    assert report.failure == (await world.side.last())["error"]
    assert report.unsure == 0


async def test_comparing_needs_a_turn_and_changes_nothing():
    world = await Side().connect()
    await world.store.put([Proxy(Scheme.HTTP, "20.0.0.1", 80)])
    plan = await world.side.compare()
    assert len(plan.rows) == 1
    assert len(world.google.book.text()) == 1


async def test_several_nodes_share_the_rounds(monkeypatch):
    """Whoever comes first does it; the others see that and wait."""
    world = await Side().connect()
    other = Side(world.store, world.google, world.clock)
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        world.clock.advance(seconds)
        if len(slept) > 8:
            raise asyncio.CancelledError

    monkeypatch.setattr("proxyfleet.assembly.sheeting.asyncio.sleep", sleep)
    rounds = []
    monkeypatch.setattr(type(world.side), "exchange", counted(type(world.side).exchange, rounds))
    for one in (world, other):
        with pytest.raises(asyncio.CancelledError):
            await one.side.run()
    assert 6 <= len(rounds) <= 20
    assert all(later - earlier >= 59.0 for earlier, later in pairwise(rounds))


def counted(exchange, rounds):
    async def one(self, ways):
        rounds.append(self._clock())
        return await exchange(self, ways)

    return one


async def test_a_round_that_fails_is_logged_and_tried_again(monkeypatch, caplog):
    world = await Side().connect()
    world.google.faults.chance("403", 1.0)
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        world.clock.advance(seconds)
        world.google.faults.clear()
        if len(slept) > 3:
            raise asyncio.CancelledError

    monkeypatch.setattr("proxyfleet.assembly.sheeting.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await world.side.run()
    assert "no permission" in caplog.text
    assert "error" not in json.loads((await world.store.settings())["sheet.last"])


async def test_another_fleet_is_refused(tmp_path):
    async with sheet_world(tmp_path, 1) as world:
        stranger = MemoryStore()
        with pytest.raises(SheetForeign):
            await connect_sheet(
                stranger, world.section, ConnectWish("lab-sheet", None, str(tmp_path / "key.json"), False)
            )
        assert await link_of(stranger) is None
