"""Reading the tab and what guards it."""

import pytest

from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Protected
from proxyfleet.stores.sheets.errors import SheetForeign, SheetNotFound, SheetUnusable
from proxyfleet.stores.sheets.fetching import LOOK_EVERY, Fetcher, check_mark
from proxyfleet.wire.text.checks import Rules

from .conftest import key


@pytest.fixture
async def fetcher(world):
    await world.connected()
    return Fetcher(world.caller, world.found.place, Rules(), world.clock)


async def test_one_call_and_a_look_now_and_then(world, fetcher):
    found = await fetcher.fetch()
    assert list(found.snapshot.rows) == [key(n) for n in range(1, 6)]
    assert found.log is None
    assert world.verbs() == ["get", "values.batchGet"]
    await fetcher.fetch()
    assert world.verbs() == ["values.batchGet"]
    world.clock.advance(LOOK_EVERY + 1)
    await fetcher.fetch()
    assert world.verbs() == ["get", "values.batchGet"]
    assert (fetcher.title, fetcher.mark().title) == ("T", "proxyfleet")


async def test_a_tab_that_was_renamed_is_found_by_its_id(world, fetcher):
    await fetcher.fetch()
    world.book.tab.title = "it's new"
    assert len((await fetcher.fetch()).snapshot.rows) == 5
    assert fetcher.title == "it's new"


async def test_a_tab_that_is_gone(world, fetcher):
    await fetcher.fetch()
    world.book.tabs.pop(0)
    with pytest.raises(SheetNotFound, match="the tab that was connected is gone"):
        await fetcher.fetch()


async def test_an_answer_with_nothing_in_it_is_asked_for_again_and_never_believed(world, fetcher):
    await fetcher.fetch()
    world.google.faults.queue("empty", on="read")
    assert len((await fetcher.fetch()).snapshot.rows) == 5
    world.google.faults.queue("empty", 2, on="read")
    with pytest.raises(SheetUnusable, match="nothing is done"):
        await fetcher.fetch()


async def test_headings_that_were_deleted(world, fetcher):
    world.people.delete(0)
    with pytest.raises(SheetUnusable, match="has no row of headings"):
        await fetcher.fetch()


def test_whose_sheet():
    check_mark([["about"], ["fleet", "f"]], "f")
    with pytest.raises(SheetForeign, match="--take-over"):
        check_mark([["fleet", "other"]], "f")
    for nothing in ([], [["fleet"]], [["x", "f"]]):
        with pytest.raises(SheetUnusable):
            check_mark(nothing, "f")


async def test_formulas_are_looked_for_only_where_people_may_have_some(world, fetcher):
    world.people.type(1, "City", '="B"&"onn"')
    now = (await fetcher.fetch()).snapshot
    world.verbs()
    assert await fetcher.formulas(now, {key(1): {"used_for": "x"}}) == frozenset()
    assert world.verbs() == []
    assert await fetcher.formulas(now, {key(1): {"city": "x"}, key(2): {"city": "x"}, "gone": {"city": "x"}}) == {
        (1, 4)
    }
    assert world.verbs() == ["values.batchGet"]
    world.book.tab.move_row(1, 4)
    assert (2, 4) in await fetcher.formulas(now, {key(2): {"city": "x"}})


async def test_obstacles(world, fetcher):
    world.book.tab.merges = [Area(1, 4, 3, 5)]
    world.book.tab.protected = [Protected(1, Area(4, 0, 5, None))]
    found = await fetcher.fetch()
    assert [problem.code for problem in found.snapshot.problems] == ["merged_cells"]
    assert fetcher.obstacle(2, 4, frozenset()) == "merged_cells"
    assert fetcher.obstacle(4, 2, frozenset()) == "protected_cells"
    assert fetcher.obstacle(3, 3, frozenset({(3, 3)})) == "formula"
    assert fetcher.obstacle(3, 3, frozenset()) is None


def test_our_tab_is_needed(world):
    with pytest.raises(SheetUnusable, match="is gone"):
        Fetcher(world.caller, None, Rules(), world.clock).mark()
