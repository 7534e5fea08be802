"""The sheet: cached readings, turns, one call per write, and what is done about rows that move."""

import pytest

from proxyfleet.core.mirrored import outgoing
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Protected
from proxyfleet.ports.sheet import Repair, SheetNote
from proxyfleet.stores.sheets.batch import CellEdit
from proxyfleet.stores.sheets.errors import SheetBusy, SheetRefused, SheetUnavailable
from proxyfleet.stores.sheets.sheet import LOCK, within

from .conftest import key


async def read(sheet):
    async with sheet.turn():
        return await sheet.read(fresh=True)


async def test_a_reading_serves_for_a_while(world):
    sheet = await world.connected(cache=60.0)
    assert sheet.age is None
    first = await sheet.read()
    world.verbs()
    world.clock.advance(59.0)
    assert await sheet.read() is first
    assert (sheet.age, world.verbs()) == (59.0, [])
    await sheet.read(fresh=True)
    world.clock.advance(61.0)
    await sheet.read()
    assert world.verbs() == ["values.batchGet"] * 2


async def test_own_writes_make_it_stale(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        await sheet.write({key(1): {"city": "Bonn"}})
        world.verbs()
        assert (await sheet.read()).rows[key(1)].said["city"] == "Bonn"
        assert world.verbs() == ["values.batchGet"]


async def test_while_google_is_away_the_last_reading_serves_and_says_its_age(world):
    sheet = await world.connected()
    first = await sheet.read()
    world.clock.advance(100.0)
    world.google.faults.chance("cut", 1.0)
    assert await sheet.read() is first
    assert sheet.age >= 100.0
    with pytest.raises(SheetUnavailable):
        await sheet.read(fresh=True)


async def test_only_one_process_at_a_time(world):
    sheet, other = await world.connected(), world.another()
    await world.locks.take_lock(LOCK, "a long exchange", 10_000.0)
    with pytest.raises(SheetBusy, match="another process of this fleet"):
        async with sheet.turn():
            raise AssertionError
    await world.locks.release_lock(LOCK, "a long exchange")
    async with other.turn():
        assert not await world.locks.take_lock(LOCK, "anybody", 1.0)
    await world.locks.take_lock(LOCK, "a process that died", 60.0)
    async with sheet.turn():
        pass


async def test_who_is_too_slow_loses_the_turn_before_it_does_harm(world):
    sheet = await world.connected(turn=60.0)
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.clock.advance(50.0)
        await sheet.read(fresh=True)
        world.clock.advance(50.0)
        await sheet.write({key(1): {"city": "Bonn"}})
        world.clock.advance(61.0)
        await world.locks.take_lock(LOCK, "another", 60.0)
        with pytest.raises(SheetBusy, match="too slow"):
            await sheet.write({key(1): {"city": "Ulm"}})
    assert world.book.text()[1][4] == "Bonn"
    assert not await world.locks.take_lock(LOCK, "a third", 60.0)


async def test_a_write_is_one_call_and_touches_only_its_cells(world):
    sheet = await world.connected()
    before = world.book.text()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.verbs()
        edits = {
            key(1): {"used_for": "a", "taken_by": "ann"},
            key(3): {"used_for": "a", "taken_by": "ann"},
            "unknown": {"city": "x"},
        }
        landing = await sheet.write(
            edits, [(("http", "30.0.0.1", 80, None), {"host": "30.0.0.1", "port": "80", "city": "New"})]
        )
        assert world.verbs() == ["batchUpdate"]
        assert landing.landed == {key(1), key(3), "http://30.0.0.1:80"}
        assert await sheet.write({}) == landing._replace(landed=frozenset())
    after = world.book.text()
    changed = [(row, at) for row, line in enumerate(before) for at, cell in enumerate(line) if after[row][at] != cell]
    assert changed == []
    assert (after[1][5:7], after[3][5:7], after[2]) == (["a", "ann"], ["a", "ann"], before[2])
    assert after[6][:5] == ["30.0.0.1", "80", "", "", "New"]
    agreed = await world.memory.agreed()
    assert agreed[key(1)] == {"used_for": "a", "taken_by": "ann"}
    assert agreed["http://30.0.0.1:80"]["city"] == "New"
    assert await world.memory.open_writes() == []


async def test_what_is_agreed_on_may_differ_from_what_stands_there(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        await sheet.write(
            {key(1): {"used_for": "theirs, ours"}, key(2): {"city": "x"}},
            (),
            {key(1): {"used_for": "ours"}, key(2): {"used_for": "no"}},
        )
    assert await world.memory.agreed() == {key(1): {"used_for": "ours"}, key(2): {"city": "x"}}


async def test_secrets_are_remembered_as_marks_only(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.google.faults.queue("lost", on="write")
        with pytest.raises(SheetUnavailable):
            await sheet.write({key(1): {"password": "canary"}})
        assert "canary" not in repr(await world.memory.open_writes())
        await sheet.read(fresh=True)
        proxy = Proxy(Scheme.HTTP, "30.0.0.1", 80, "u", Secret("canary"))
        await sheet.write({}, [(proxy.identity, outgoing(proxy, vault=False))])
    assert "canary" not in repr(await world.memory.agreed())
    assert [line[3] for line in world.book.text() if "canary" in line] == ["canary"] * 2


async def test_nothing_is_written_before_something_was_read(world):
    sheet = await world.connected()
    with pytest.raises(SheetUnavailable, match="has not been read"):
        await sheet.write({key(1): {"city": "x"}})


async def test_a_displaced_write_is_noticed_told_and_put_right(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.between(lambda: world.book.tab.move_row(1, 6))
        landing = await sheet.write({key(1): {"city": "Bonn"}})
        assert landing.landed == frozenset()
        assert world.book.text()[1][4] == "Bonn"
        reading = await sheet.read(fresh=True)
        assert reading.rows[key(2)].said["city"] == "city 2"
        assert reading.repairs == (Repair(key(1), key(2), "City"),)
        landing = await sheet.write({key(1): {"city": "Bonn"}})
        assert landing.landed >= {key(1)}
    cities = {line[0]: line[4] for line in world.book.text()[1:]}
    assert cities == {"20.0.0.1": "Bonn", **{f"20.0.0.{n}": f"city {n}" for n in range(2, 6)}}
    assert await world.memory.open_writes() == []


async def test_an_edit_in_the_very_cell_comes_back(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.between(lambda: world.people.type(1, "City", "typed"))
        await sheet.write({key(1): {"city": "Bonn"}})
        reading = await sheet.read(fresh=True)
        assert reading.rows[key(1)].said["city"] == "typed"
        assert reading.repairs == (Repair(key(1), key(1), "City"),)
        await sheet.write({})
    assert world.book.text()[1][4] == "typed"


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_write_whose_answer_was_lost_is_settled_by_the_next_read_of_any_process(world, carried_out):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        await world.memory.note(SheetNote(agreed={key(1): {"city": "city 1"}}))
        world.google.faults.queue("lost" if carried_out else "cut", on="write")
        with pytest.raises(SheetUnavailable) as lost:
            await sheet.write({key(1): {"city": "Bonn"}})
        assert lost.value.sent
        assert len(await world.memory.open_writes()) == 1
    await read(world.another())
    assert await world.memory.open_writes() == []
    assert await world.memory.agreed() == {key(1): {"city": "Bonn" if carried_out else "city 1"}}


async def test_a_process_that_died_has_its_displaced_write_put_right_by_another(world):
    sheet = await world.connected()
    for process in (sheet, world.another()):
        async with process.turn():
            await process.read(fresh=True)
            await process.write({key(n): {"city": f"town {n}"} for n in range(1, 6)})
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.google.faults.queue("lost", on="write")
        world.between(lambda: world.book.tab.move_row(1, 6))
        with pytest.raises(SheetUnavailable):
            await sheet.write({key(1): {"city": "Bonn"}})
    other = world.another()
    async with other.turn():
        reading = await other.read(fresh=True)
        assert reading.repairs == (Repair(key(1), key(2), "City"),)
        assert reading.rows[key(2)].said["city"] == "town 2"
        await other.write({})
    assert {line[4] for line in world.book.text()[1:]} == {f"town {n}" for n in range(1, 6)}


async def test_a_reading_outside_a_turn_settles_nothing(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.google.faults.queue("lost", on="write")
        with pytest.raises(SheetUnavailable):
            await sheet.write({key(1): {"city": "Bonn"}})
    await world.another().read(fresh=True)
    assert len(await world.memory.open_writes()) == 1


async def test_cells_in_the_way_are_named_and_the_others_written(world):
    sheet = await world.connected()
    world.people.type(1, "City", '="x"')
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.book.tab.protected = [Protected(1, Area(2, 4, 3, 5))]
        landing = await sheet.write(
            {key(n): {"city": "Bonn"} for n in (1, 2, 3)} | {key(4): {"used_for": "a", "city": "Bonn"}}
        )
    assert landing.landed == {key(3), key(4)}
    assert {name: problem.code for name, problem in landing.blocked.items()} == {
        key(1): "formula",
        key(2): "protected_cells",
    }
    assert [line[4] for line in world.book.text()[1:5]] == ["x", "city 2", "Bonn", "Bonn"]


async def test_who_and_when_are_written_whole_or_not_at_all(world):
    sheet = await world.connected()
    world.book.tab.merges = [Area(1, 6, 3, 7)]
    async with sheet.turn():
        await sheet.read(fresh=True)
        landing = await sheet.write({key(2): {"used_for": "a", "taken_by": "ann", "city": "Bonn"}})
    assert world.book.text()[2][4:] == ["Bonn"]
    assert landing.blocked[key(2)].code == "merged_cells"
    assert await world.memory.agreed() == {key(2): {"city": "Bonn"}}


async def test_other_refusals_are_raised_and_leave_nothing_open(world):
    sheet = await world.connected()
    async with sheet.turn():
        await sheet.read(fresh=True)
        world.google.faults.queue("400", on="write")
        with pytest.raises(SheetRefused):
            await sheet.write({key(1): {"city": "x"}})
    assert await world.memory.open_writes() == []


async def test_a_wide_sheet_makes_our_tab_wide_enough(world):
    sheet = await world.connected()
    for at in range(60):
        world.people.insert_column(0, f"mine {at}")
    async with sheet.turn():
        await sheet.read(fresh=True)
        assert (await sheet.write({key(1): {"city": "Bonn"}})).landed == {key(1)}
    assert sheet.extra[0] == "mine 59"


def test_one_write_touches_only_so_many_rows_and_a_proxy_whole_or_not_at_all():
    cells = [(name, CellEdit(row, 1, "city", "x")) for name, row in (("a", 1), ("a", 2), ("b", 3), ("b", 4), ("c", 5))]
    assert [name for name, _ in within(cells, 3)] == ["a", "a"]
    assert [name for name, _ in within(cells, 5)] == ["a", "a", "b", "b", "c"]
    assert within(cells, -1) == []


async def test_in_vault_mode_no_secret_is_taken_along(world):
    world.people.type(1, "Password", "canary")
    sheet = await world.connected(vault=True)
    async with sheet.turn():
        await sheet.read(fresh=True)
        await sheet.write({key(1): {"password": "(in the vault)", "city": "Bonn"}})
    mark = world.book.titled("proxyfleet")
    assert "canary" not in repr([[cell.content for cell in row] for row in mark.rows[:20]])
    assert world.book.text()[1][3:5] == ["(in the vault)", "Bonn"]
