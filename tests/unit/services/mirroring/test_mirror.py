"""One exchange, over a sheet that is only a dict; the real one is in tests/integration/test_sheet_mirror.py."""

import pytest

from proxyfleet.core.lease import Held, Holder
from proxyfleet.core.mirrored import key_of, said
from proxyfleet.core.orders import GiveBack, Take
from proxyfleet.core.proxy import Labels, Proxy, Scheme
from proxyfleet.core.selector import Selector
from proxyfleet.core.uses import Use, written
from proxyfleet.ports.sheet import CellProblem, Landing, SheetReading, SheetRow
from proxyfleet.services.mirroring.mirror import MOST_ROWS, PIECE, Ends, Mirror, MirrorRules, in_order, pieces
from proxyfleet.services.mirroring.plan import MassRemoval, Ways
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.memory_sheet import MemorySheetMemory
from proxyfleet.stores.sheets.errors import SheetUnavailable

FIELDS = frozenset({"host", "port", "scheme", "username", "city", "used_for", "taken_by", "taken_at", "status"})


class DictSheet:
    """Rows by key; `refuses` and `loses` are keys, `fails` raises."""

    def __init__(self):
        self.rows, self.refuses, self.loses, self.fails, self.writes = {}, set(), set(), False, []

    def put(self, host, *uses, **texts):
        one = Proxy(Scheme.HTTP, host, 80)
        told = {name: text for name, text in said(one).items() if name in FIELDS}
        self.rows[key_of(one.identity)] = SheetRow(one.identity, (2,), {**told, **written(uses), **texts}, uses)
        return key_of(one.identity)

    async def read(self, *, fresh=False):
        return SheetReading(1.0, dict(self.rows), FIELDS)

    async def write(self, edits, rows=(), agreed=None):
        if self.fails:
            raise SheetUnavailable("away")
        self.writes.append((dict(edits), list(rows)))
        landed = {*edits, *(key_of(identity) for identity, _ in rows)} - self.refuses - self.loses
        blocked = {key: CellProblem(2, "x", "protected_cells") for key in self.refuses & edits.keys()}
        return Landing(frozenset(landed), blocked)


class World:
    def __init__(self, selector="source="):
        self.sheet, self.store, self.memory = DictSheet(), MemoryStore(), MemorySheetMemory()
        self.finished = []

        async def finish(reading, node):
            self.finished.append(node)
            return 0

        ends = Ends(self.sheet, self.memory, self.store, self.store)
        rules = MirrorRules("f", Selector.parse(selector))
        self.mirror = Mirror(ends, rules, finish=finish, node="n")

    async def go(self, **ways):
        return await self.mirror.exchange(Ways(**ways))

    async def hosts(self):
        return {proxy.host async for batch in self.store.proxies() for proxy in batch}


async def test_in_and_out_in_one_round():
    world = World()
    world.sheet.put("h1", city="Bonn")
    await world.store.put(
        [Proxy(Scheme.HTTP, "h2", 80), Proxy(Scheme.HTTP, "h3", 80, labels=Labels(source="free list"))]
    )
    report = await world.go()
    assert await world.hosts() == {"h1", "h2", "h3"}
    assert (report.into["added"], report.out["added"]) == (1, 1)
    assert [identity[1] for identity, _ in world.sheet.writes[0][1]] == ["h2"]
    assert world.finished == ["n"]
    assert (await world.memory.agreed())[key_of(("http", "h1", 80, None))]["city"] == "Bonn"


async def test_what_is_out_of_scope_has_no_row_but_keeps_one():
    world = World("city=Bonn")
    await world.store.put([Proxy(Scheme.HTTP, "h1", 80), Proxy(Scheme.HTTP, "h2", 80, labels=Labels(city="Bonn"))])
    world.sheet.put("h1")
    report = await world.go()
    assert report.out["added"] == 1
    assert report.into["removed"] == 0


async def test_people_take_and_give_back():
    world = World()
    use = Use("shop", "", "Carol", "")
    key = world.sheet.put("h1", use)
    report = await world.go()
    (hold,) = (await world.store.standing()).holds
    assert (hold.kind, hold.resource, hold.holder) == (Held.ASSIGNMENT, "shop", Holder("sheet", "Carol"))
    assert report.into["taken"] == 1
    assert world.sheet.writes[0][0][key].keys() == {"taken_at"}
    world.sheet.put("h1")
    report = await world.go()
    assert (report.into["given_back"], (await world.store.standing()).holds) == (1, [])


async def test_a_pair_that_is_not_free_is_told_and_wiped_off():
    world = World()
    key = world.sheet.put("h1")
    await world.go()
    await world.store.decide([Take(1, "shop", Holder("ann"))], "x")
    world.sheet.put("h1", Use("shop", "", "Carol"), Use("more", "", "Carol"))
    report = await world.go()
    assert world.sheet.writes[-1][0][key]["taken_by"] == "ann, Carol"
    assert report.into["taken"] == 1


async def test_what_was_given_back_stays_so_however_often_the_row_cannot_be_written():
    world = World()
    key = world.sheet.put("h1")
    await world.go()
    ann = Holder("ann")
    await world.store.decide([Take(1, "shop", ann)], "x")
    world.sheet.put("h1", Use("shop", "", "ann", ""))
    await world.go()
    await world.store.decide([GiveBack(1, "shop", ann)], "x")
    world.sheet.refuses = {key}
    for _ in range(3):
        assert (await world.go()).into["taken"] == 0
    assert (await world.store.standing()).holds == []


async def test_one_way_at_a_time():
    world = World()
    world.sheet.put("h1")
    await world.store.put([Proxy(Scheme.HTTP, "h2", 80)])
    report = await world.go(out=False)
    assert (report.into["added"], world.sheet.writes) == (1, [])
    world.sheet.put("h9")
    report = await world.go(into=False)
    assert (await world.hosts(), report.out["added"]) == ({"h1", "h2"}, 1)


async def test_rows_that_could_not_be_written_are_told_and_tried_again():
    world = World()
    one, two = world.sheet.put("h1"), world.sheet.put("h2")
    await world.go()
    for proxy in [proxy async for batch in world.store.proxies() for proxy in batch]:
        await world.store.change([Proxy(Scheme.HTTP, proxy.host, 80, id=proxy.id, labels=Labels(city="Bonn"))])
    world.sheet.refuses, world.sheet.loses = {one}, {two}
    report = await world.go()
    assert (report.out["changed"], report.unsure, report.problems[-1].code) == (0, 1, "protected_cells")
    assert "1 rows could not be written whole" in report.notes[0]
    world.sheet.refuses, world.sheet.loses = set(), set()
    assert (await world.go()).out["changed"] == 2


async def test_what_failed_after_something_was_done_is_told_with_what_was_done():
    world = World()
    world.sheet.put("h1")
    await world.store.put([Proxy(Scheme.HTTP, "h2", 80)])
    world.sheet.fails = True
    report = await world.go()
    assert (report.failure, report.into["added"], report.quiet) == ("away", 1, False)


async def test_an_accident_raises_before_anything_is_done():
    world = World()
    for n in range(30):
        world.sheet.put(f"h{n}")
    await world.go()
    world.sheet.rows.clear()
    world.sheet.put("new")
    with pytest.raises(MassRemoval):
        await world.go()
    assert "new" not in await world.hosts()
    assert (await world.go(removals=True)).into["removed"] == 30


async def test_comparing_changes_nothing():
    world = World()
    world.sheet.put("h1")
    plan = await world.mirror.compare()
    assert len(plan.added) == 1
    assert (await world.hosts(), world.sheet.writes, await world.memory.agreed()) == (set(), [], {})


async def test_an_impossible_change_costs_only_itself():
    world = World()
    world.sheet.put("h1")
    world.sheet.put("h2")
    await world.go()
    world.sheet.put("h1", scheme="socks9")
    world.sheet.put("h2", city="Bonn")
    report = await world.go()
    assert report.into["changed"] == 1
    assert "the change cannot be taken over" in report.notes[0]


def test_uses_stay_in_the_order_of_people():
    a, b, c = Use("a"), Use("b"), Use("c")
    assert in_order([a, b, c], [c, a]) == [c, a, b]


def test_calls_stay_within_what_google_takes():
    edits = {str(n): {"city": "x", "notes": "y"} for n in range(2500)}
    rows = [(("http", str(n), 80, None), {}) for n in range(PIECE + 5)]
    found = list(pieces(edits, rows))
    assert all(len(one) <= MOST_ROWS for one, _ in found)
    assert sum(len(one) for one, _ in found) == 2500
    assert [len(fresh) for _, fresh in found if fresh] == [PIECE, 5]
    assert list(pieces({}, [])) == []
