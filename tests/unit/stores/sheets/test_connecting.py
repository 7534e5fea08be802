"""Connecting: which tab, which columns, whose sheet; nothing is overwritten."""

from random import Random

import pytest

from proxyfleet.lab.sheets.grid import Tab
from proxyfleet.stores.sheets.columns import TEMPLATE, heading_of
from proxyfleet.stores.sheets.connecting import Named, connect, named
from proxyfleet.stores.sheets.errors import SheetForeign, SheetNotFound, SheetSuspicious, SheetUnusable

from .conftest import World


@pytest.mark.parametrize(
    ("text", "tab", "found"),
    [
        ("https://docs.google.com/spreadsheets/d/abc-123_X/edit#gid=7", None, Named("abc-123_X", 7)),
        ("https://docs.google.com/spreadsheets/u/1/d/abc12/edit?gid=7#gid=7", "List", Named("abc12", None, "List")),
        ("abc-123", None, Named("abc-123")),
    ],
)
def test_spreadsheets_as_people_name_them(text, tab, found):
    assert named(text, tab) == found


@pytest.mark.parametrize("text", ["https://example.com/x", "a b", "abc", ""])
def test_what_names_none(text):
    with pytest.raises(SheetNotFound, match="copy its URL"):
        named(text)


def go(world, wish="lab-sheet", fleet="fleet-1", **more):
    return connect(world.caller, named(wish) if isinstance(wish, str) else wish, fleet, Random(1), **more)


async def test_missing_columns_come_right_of_everything():
    world = World(["20.0.0.1", 80, "", "scribble without a heading"], headings=("Host", "Port", "Mine"))
    found = await go(world)
    assert found.made == ("scheme", "username", "password", "used_for", "taken_by", "taken_at", "status", "days_left")
    assert world.book.text() == [
        ["Host", "Port", "Mine", "", *map(heading_of, found.made)],
        ["20.0.0.1", "80", "", "scribble without a heading"],
    ]
    assert (found.title, found.tab, found.rows) == ("Proxies", "T", 1)
    assert world.book.tab.rows[1][7].format == "TEXT"
    again = await go(world)
    assert again.made == ()


async def test_an_empty_tab_gets_our_headings_in_their_formats():
    world = World(headings=())
    found = await go(world)
    assert world.book.text() == [[heading_of(name) for name in TEMPLATE]]
    assert found.made == TEMPLATE
    formats = {name: world.book.tab.rows[1][at].format for at, name in enumerate(TEMPLATE)}
    assert (formats["host"], formats["expires_at"], formats["port"]) == ("TEXT", "DATE", "NUMBER")
    assert world.book.tab.frozen == 1


async def test_a_narrow_tab_grows():
    world = World(headings=())
    world.book.tabs[0] = Tab.empty(0, "T", 10, 3)
    await go(world)
    assert world.book.tab.columns == len(TEMPLATE)
    other = World()
    other.book.tabs[0] = Tab.empty(0, "T", 10, 2)
    other.book.type(other.book.tab, 0, 0, "Host")
    other.book.type(other.book.tab, 0, 1, "Port")
    found = await go(other)
    assert other.book.text()[0] == ["Host", "Port", *map(heading_of, found.made)]


async def test_the_mark_is_hidden_and_names_the_fleet():
    world = World()
    await go(world)
    mark = world.book.titled("proxyfleet")
    assert (mark.hidden, mark.rows[0][0].content, mark.rows[0][1].content) == (True, "fleet", "fleet-1")


async def test_another_fleet_is_refused_unless_it_is_gone():
    world = World()
    await go(world)
    with pytest.raises(SheetForeign, match="belongs to the fleet fleet-1, this one is fleet-2"):
        await go(world, fleet="fleet-2")
    await go(world, fleet="fleet-2", take_over=True)
    with pytest.raises(SheetForeign):
        await go(world)


async def test_which_tab():
    world = World()
    world.book.tabs.insert(0, Tab.empty(5, "hidden one"))
    world.book.tabs[0].hidden = True
    assert (await go(world)).place.tab == 0
    assert (await go(world, Named("lab-sheet", 0))).place.tab == 0
    assert (await go(world, Named("lab-sheet", None, "t"))).place.tab == 0
    for title in ("nowhere", "proxyfleet"):
        with pytest.raises(SheetNotFound, match=r"has no tab .* it has 'hidden one', 'T'"):
            await go(world, Named("lab-sheet", None, title))
    with pytest.raises(SheetNotFound, match="no tab with gid=99"):  # not just another one
        await go(world, Named("lab-sheet", 99))


async def test_a_tab_without_headings_is_left_alone():
    world = World(["a", "b"], headings=("just", "words"))
    before = world.book.text()
    with pytest.raises(SheetUnusable, match="names a column for host and one for port"):
        await go(world)
    assert world.book.text() == before
    assert world.book.titled("proxyfleet") is None


async def test_an_empty_answer_about_a_full_tab_is_not_believed():
    world = World(["20.0.0.1", 80])
    before = world.book.text()
    world.google.before.append(lambda call: call.verb == "get" and world.google.faults.queue("empty", on="read"))
    with pytest.raises(SheetSuspicious, match="try again"):
        await go(world)
    assert world.book.text() == before
    world.google.before.clear()
    world.google.faults.clear()
    await go(world)
    world.google.before.append(lambda call: call.verb == "get" and world.google.faults.queue("empty", on="read"))
    with pytest.raises(SheetSuspicious, match="nothing in it"):
        await go(world)
