"""Taking proxies whose record is a sheet: two calls for everybody who waits, right names in right rows, whatever happens."""

import asyncio
from pathlib import Path

import pytest
from tests.integration.sheetkit import SheetWorld, sheet_world, some_host

from proxyfleet.assembly.embedded import EmbeddedNode
from proxyfleet.assembly.sheeting import sheet_side
from proxyfleet.clock import wall_clock
from proxyfleet.core.lease import Holder
from proxyfleet.core.rules import Rules
from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Protected
from proxyfleet.services.assigning import Assigning
from proxyfleet.services.leasing import Wanted
from proxyfleet.services.mirroring.plan import Ways

ANN, BOB = Holder("ann"), Holder("bob")


async def node_of(world: SheetWorld) -> tuple[EmbeddedNode, Assigning]:
    """A node without faces, started and following nothing by itself."""
    node = EmbeddedNode(world.opened, Rules())
    await node.start()
    return node, Assigning(node.leasing, wall_clock, lambda: "s1")


@pytest.mark.parametrize("url", ["memory:", "sqlite:"])
async def test_two_users_take_five_each_at_once_in_two_calls(tmp_path: Path, url: str) -> None:
    async with sheet_world(tmp_path, 20, url=url) as world:
        await world.exchange()
        node, assigning = await node_of(world)
        world.calls()
        ids = sorted(proxy.id for proxy in (await world.proxies()).values())
        first, second = await asyncio.gather(
            assigning.take(ANN, "shop", ids[:5]), assigning.take(BOB, "shop", ids[5:10])
        )
        assert (len(first.done), len(second.done), first.failed, second.failed) == (5, 5, [], [])
        assert world.calls() == ["values.batchGet", "batchUpdate"]
        shown = world.shown()
        assert shown == {some_host(n): ("shop", "ann" if n < 5 else "bob") for n in range(10)}
        assert await world.assigned() == {(host, "shop"): who for host, (_, who) in shown.items()}
        assert await world.side.memory.open_writes() == []
        await node.stop()


async def take_five(world: SheetWorld, assigning: Assigning) -> list:
    ids = sorted(proxy.id for proxy in (await world.proxies()).values())
    return await asyncio.gather(assigning.take(ANN, "shop", ids[:5]), assigning.take(BOB, "shop", ids[5:10]))


EXPECTED = {some_host(n): ("shop", "ann" if n < 5 else "bob") for n in range(10)}


def between(world: SheetWorld, edit, times: int = 1) -> None:
    """Let people do something exactly between a read and the write that follows, so many times."""
    left = [times]

    def hook(call) -> None:
        if call.kind == "write" and left[0]:
            left[0] -= 1
            edit()

    world.google.before.append(hook)


@pytest.mark.parametrize("edit", ["sort", "insert", "drag", "delete", "column", "rename"])
@pytest.mark.parametrize("fault", [None, "lost"])
async def test_rows_move_between_the_read_and_the_write(tmp_path: Path, edit: str, fault: str | None) -> None:
    async with sheet_world(tmp_path, 20) as world:
        await world.exchange()
        people, tab = world.people, world.book.tab
        people.type(people.find("Host", some_host(15)), "Used for", "by hand")
        await world.exchange()
        node, assigning = await node_of(world)
        moves = {
            "sort": lambda: tab.sort(people.column("Host"), 0.0, reverse=True),
            "insert": lambda: people.insert(1),
            "drag": lambda: tab.move_row(1, 15),
            "delete": lambda: people.delete(people.find("Host", some_host(16))),
            "column": lambda: people.insert_column(people.column("Used for"), "New"),
            "rename": lambda: setattr(tab, "title", "Other name"),
        }
        between(world, moves[edit])
        if fault is not None:
            world.google.faults.queue(fault, on="write")
        first, second = await take_five(world, assigning)
        assert (first.failed, second.failed) == ([], [])
        assert world.shown() == EXPECTED | {some_host(15): ("by hand", "")}
        report = await world.exchange()
        assert world.shown() == EXPECTED | {some_host(15): ("by hand", "")}
        assert (await world.assigned())[some_host(15), "by hand"] == "sheet"
        assert len(await world.assigned()) == 11
        assert report.conflicts == []
        assert await world.side.memory.open_writes() == []
        assert await world.side.memory.claiming() == []
        await node.stop()


async def test_while_a_script_sorts_and_inserts_rows(tmp_path: Path) -> None:
    """The acceptance of the issue, many times over: before every call somebody moves rows."""
    async with sheet_world(tmp_path, 40) as world:
        await world.exchange()
        world.google.before.append(lambda call: world.people.shuffle())
        node, assigning = await node_of(world)
        ids = sorted(proxy.id for proxy in (await world.proxies()).values())
        done: dict[int, str] = {}
        refused: set[str] = set()
        for nth in range(4):
            mine = ids[nth * 10 : nth * 10 + 10]
            users = Holder(f"a{nth}"), Holder(f"b{nth}")
            for batch in await asyncio.gather(
                *(assigning.take(user, "shop", mine[at::2]) for at, user in enumerate(users))
            ):
                done |= {hold.proxy_id: str(hold.holder) for hold in batch.done}
                refused |= {failed.refusal.code for failed in batch.failed}
        world.google.before.clear()
        await world.exchange()
        hosts = {proxy.id: host for host, proxy in (await world.proxies()).items()}
        assert len(hosts) == 40
        assert len(done) >= 30
        assert refused <= {"sheet_away"}  # rows that moved under every attempt
        assert world.shown() == {hosts[one]: ("shop", by) for one, by in done.items()}
        assert await world.assigned() == {(hosts[one], "shop"): by for one, by in done.items()}
        assert (await world.exchange()).quiet
        await node.stop()


@pytest.mark.parametrize(
    ("fault", "on"),
    [
        ("lost", "write"),
        ("cut", "write"),
        ("429", "write"),
        ("503-html", "write"),
        ("500", "read"),
        ("empty", "read"),
        ("empty", "write"),
    ],
)
async def test_one_fault_costs_time_and_nothing_else(tmp_path: Path, fault: str, on: str) -> None:
    async with sheet_world(tmp_path, 12) as world:
        await world.exchange()
        node, assigning = await node_of(world)
        waited = no_waiting(world)
        world.google.faults.queue(fault, on=on)
        first, second = await take_five(world, assigning)
        assert (first.failed, second.failed) == ([], [])
        assert world.shown() == EXPECTED
        assert waited or fault not in ("429", "500")
        await world.exchange()
        assert world.shown() == EXPECTED
        assert (await world.exchange()).quiet
        await node.stop()


def no_waiting(world: SheetWorld) -> list[float]:
    """Pauses of the caller take no time; they are in the list."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds > 0:
            waited.append(seconds)
        await asyncio.sleep(0)

    world.side.caller._sleep = sleep
    return waited


@pytest.mark.parametrize("carried_out", [False, True])
async def test_the_network_is_gone_for_a_minute_in_the_middle_of_a_batch(tmp_path: Path, carried_out: bool) -> None:
    async with sheet_world(tmp_path, 12, url="sqlite:") as world:
        await world.exchange()
        node, assigning = await node_of(world)
        no_waiting(world)

        if carried_out:  # the answer is lost, and then nobody listens any more
            world.google.faults.queue("lost", on="write")
            world.google.before.append(lambda call: call.kind == "write" and world.google.go_away())
        else:
            world.google.faults.queue("cut", on="write")
            world.google.faults.queue("cut", 100, on="read")
        first, second = await take_five(world, assigning)
        codes = {failed.refusal.code for failed in (*first.failed, *second.failed)}
        assert (first.done, second.done, codes) == ([], [], {"sheet_away"})
        assert await world.assigned() == {}
        refused = await assigning.take(ANN, "shop", [1])
        assert refused.failed[0].refusal.code == "sheet_away"
        reading = await world.side.sheet.read()
        assert len(reading.rows) == 12
        world.google.before.clear()
        world.google.faults.clear()
        if carried_out:
            world.google.come_back()
        world.side.caller.circuit.succeeded()
        report = await world.exchange()
        assert (world.shown(), await world.assigned()) == ({}, {})
        assert report.out["assignments"] == (10 if carried_out else 0)
        first, second = await take_five(world, assigning)
        assert world.shown() == EXPECTED
        await node.stop()


async def test_what_people_have_just_written_counts(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 6) as world:
        await world.exchange()
        node, assigning = await node_of(world)
        people = world.people
        people.type(1, "Used for", "Shop, shop")
        people.type(1, "Taken by", "Carol")
        people.type(2, "Status", "disabled")
        people.type(3, "Expires", "2020-01-01")
        people.delete(4)
        world.calls()
        batch = await assigning.take(ANN, "shop", [1, 2, 3, 4, 5, 6])
        assert {one.proxy_id: one.refusal.code for one in batch.failed} == {
            1: "resource_taken", 2: "disabled", 3: "expired_proxy", 4: "row_removed",
        }  # fmt: skip
        assert "sheet/Carol" in str(batch.failed[0].refusal)
        assert [hold.proxy_id for hold in batch.done] == [5, 6]
        assert world.calls() == ["values.batchGet", "batchUpdate"]
        await node.stop()


async def test_cells_that_cannot_be_written_cost_only_their_own_row(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 4) as world:
        await world.exchange()
        used = world.people.column("Used for")
        node, assigning = await node_of(world)
        world.book.tab.protected = [Protected(1, Area(1, used, 2, used + 1), editors=frozenset({"boss"}))]
        batch = await assigning.take(ANN, "shop", [1, 2])
        assert [(one.proxy_id, one.refusal.code) for one in batch.failed] == [(1, "sheet_blocked")]
        assert world.shown() == {some_host(1): ("shop", "ann")}
        world.book.tab.merges = [Area(2, used, 4, used + 1)]
        await world.side.sheet._fetcher.look()
        batch = await assigning.take(ANN, "shop", [3])
        assert [one.refusal.code for one in batch.failed] == ["sheet_blocked"]
        assert (await world.assigned()) == {(some_host(1), "shop"): "ann"}
        report = await world.exchange()
        assert {"merged_cells"} == {problem.code for problem in report.problems}
        await node.stop()


async def test_a_process_that_dies_in_the_middle_leaves_no_half_taken_proxy(tmp_path: Path) -> None:
    for seen in (True, False):
        directory = tmp_path / str(seen)
        directory.mkdir()
        async with sheet_world(directory, 12, url="sqlite:") as world:
            await world.exchange()
            node, assigning = await node_of(world)
            rows = [list(row) for row in world.book.tab.rows]
            world.google.faults.queue("stall", on="write")
            task = asyncio.ensure_future(take_five(world, assigning))
            await asyncio.sleep(0.6)
            assert len(await world.side.memory.claiming()) == 10
            if not seen:  # as if it had died just before the call
                world.book.tab.rows = rows
            # What a killed process cannot do: end its turn, take anything back, answer.
            memory = world.side.memory
            await world.store.release_lock("sheet", world.side.sheet._owner)
            other = await sheet_side(world.store, world.section)
            world.google.faults.clear()
            async with other.sheet.turn():
                report = await other.mirror.exchange(Ways())
            assert await memory.claiming() == []
            assert world.shown() == (EXPECTED if seen else {})
            assert {host for host, _ in await world.assigned()} == ({*EXPECTED} if seen else set())
            assert report.conflicts == []
            task.cancel()
            other.close()
            await asyncio.gather(task, return_exceptions=True)
            await node.stop()


async def test_leases_do_not_wait_for_the_sheet(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 4) as world:
        await world.exchange()
        world.google.latency = 1.0
        node, assigning = await node_of(world)
        taking = asyncio.ensure_future(assigning.take(ANN, "shop", [1]))
        await asyncio.sleep(0.2)
        async with asyncio.timeout(0.5):
            grant = await node.leasing.acquire(Wanted(BOB))
        assert len(grant.handouts) == 1
        assert not taking.done()
        assert len((await taking).done) == 1
        await node.stop()


async def test_giving_back_wipes_the_row_and_needs_no_google(tmp_path: Path) -> None:
    async with sheet_world(tmp_path, 12) as world:
        await world.exchange()
        node, assigning = await node_of(world)
        no_waiting(world)
        await take_five(world, assigning)
        world.calls()
        batch = await assigning.give_back(ANN, "shop", [1, 2])
        assert (len(batch.done), world.calls()) == (2, ["values.batchGet", "batchUpdate"])
        assert world.shown() == {
            host: shown for host, shown in EXPECTED.items() if host not in (some_host(0), some_host(1))
        }
        world.google.go_away()
        batch = await assigning.give_back(ANN, "shop", [3])
        assert (len(batch.done), batch.failed) == (1, [])
        world.google.come_back()
        world.side.caller.circuit.succeeded()
        await world.exchange()
        assert some_host(2) not in world.shown()
        await node.stop()
