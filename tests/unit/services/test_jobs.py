"""Jobs of a fleet: once for all nodes, bounded, jittered, and a stalled one is told; time is moved by hand."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from proxyfleet.core.events import Happened
from proxyfleet.lab import HandClock
from proxyfleet.ports import JobRun
from proxyfleet.services import jobs as module
from proxyfleet.services.jobs import GRACE, LOCK, Job, Jobs, is_late
from proxyfleet.stores.errors import StoreBusy
from proxyfleet.stores.memory import MemoryStore


class World:
    """A store, nodes on it, and one job whose runs are remembered."""

    def __init__(self):
        self.clock = HandClock(1_000_000.0)
        self.store = MemoryStore(self.clock)
        self.events, self.runs = [], []
        self.work = None

    async def count(self, now, before):
        self.runs.append((now, before))
        return await self.work() if self.work else "done"

    def node(self, name="n1", *jobs, sleep=None):
        jobs = jobs or (Job("tidy", 100.0, self.count, longest=10.0),)

        async def idle(_):
            await asyncio.Event().wait()

        return Jobs(
            self.store,
            jobs,
            holder=name,
            clock=self.clock,
            rng=Random(1),
            note=self.events.append,
            sleep=sleep or idle,
        )

    async def round(self, *nodes):
        """Every node looks once; what they start is waited for."""
        for node in nodes:
            await node.tick()
        for node in nodes:
            await node.finish()

    async def while_passes(self, seconds, *nodes):
        """Time passes, and the nodes look now and then."""
        for _ in range(10):
            self.clock.advance(seconds / 10)
            await self.round(*nodes)

    async def state(self):
        (state,) = await self.store.jobs()
        return state

    async def until_due(self, node):
        await node.tick()
        self.clock.advance(max(0.0, (await self.state()).next_run - self.clock()))

    @property
    def told(self):
        return [(event.what, event.subject) for event in self.events]


@pytest.fixture
def world():
    return World()


async def test_a_job_is_set_up_run_when_due_and_not_before(world):
    node = world.node()
    await world.round(node)
    assert world.runs == []
    await world.until_due(node)
    began = world.clock()
    await world.round(node)
    assert world.runs == [(began, None)]
    state = await world.state()
    assert (state.result, state.told, state.holder, state.started, state.last_ok) == ("ok", "done", "n1", began, began)
    assert 100.0 <= state.next_run - began <= 110.0
    await world.round(node)
    assert len(world.runs) == 1
    world.clock.advance(110.0)
    await world.round(node)
    assert world.runs[1] == (began + 110.0, began)


async def test_of_many_nodes_one_does_it(world):
    nodes = [world.node(f"n{number}") for number in range(5)]
    await world.until_due(nodes[0])
    release = asyncio.Event()

    async def slow():
        await release.wait()
        return "slowly"

    world.work = slow
    for _ in range(3):
        for node in nodes:
            await node.tick()
        await asyncio.sleep(0)
    release.set()
    for node in nodes:
        await node.finish()
    await world.round(*nodes)
    assert len(world.runs) == 1
    assert (await world.state()).told == "slowly"


async def test_while_it_runs_everybody_sees_it(world):
    node, release = world.node(), asyncio.Event()
    await world.until_due(node)
    world.work = release.wait
    await node.tick()
    for _ in range(20):
        await asyncio.sleep(0)
    assert (await world.state()).result == "running"
    assert not await world.store.take_lock("job tidy", "somebody", 1.0)
    release.set()
    await node.finish()
    assert await world.store.take_lock("job tidy", "somebody", 1.0), "the lock is given back"


async def test_a_node_that_dies_is_replaced(world):
    first, second = world.node("n1"), world.node("n2")
    await world.until_due(first)
    world.work = asyncio.Event().wait
    await first.tick()
    for _ in range(20):
        await asyncio.sleep(0)
    world.work = None
    await world.round(second)
    assert len(world.runs) == 1
    world.clock.advance(LOCK)
    await world.round(second)
    assert len(world.runs) == 2
    assert (await world.state()).holder == "n2"
    await first.close()


async def test_a_node_that_lost_its_lock_stops_its_work(world):
    pauses = asyncio.Queue()
    node = world.node(sleep=lambda seconds: pauses.get())
    await world.until_due(node)
    world.work = asyncio.Event().wait
    await node.tick()
    for _ in range(20):
        await asyncio.sleep(0)
    world.clock.advance(LOCK)
    assert await world.store.take_lock("job tidy", "n2", LOCK)
    pauses.put_nowait(None)
    await node.finish()
    state = await world.state()
    assert (state.result, state.told) == ("failed", "another node has taken over")


async def test_a_lock_is_kept_while_the_work_goes_on_also_through_a_hiccup(world):
    pauses, taken, release = asyncio.Queue(), [], asyncio.Event()
    take = world.store.take_lock

    async def moody(name, holder, ttl):
        taken.append(name)
        if len(taken) == 2:
            raise StoreBusy("busy")
        return await take(name, holder, ttl)

    world.store.take_lock = moody
    node = world.node(sleep=lambda seconds: pauses.get())
    await world.until_due(node)
    world.work = release.wait
    await node.tick()
    for _ in range(3):
        pauses.put_nowait(None)
        for _ in range(20):
            await asyncio.sleep(0)
    assert taken.count("job tidy") == 4
    release.set()
    await node.finish()
    assert (await world.state()).result == "ok"


async def test_work_has_its_time(world):
    node = world.node("n1", Job("tidy", 100.0, world.count, longest=0.02))
    await world.until_due(node)
    world.work = asyncio.Event().wait
    await world.round(node)
    state = await world.state()
    assert (state.result, state.told) == ("failed", "took over 0.02 s and was ended")
    assert world.told == [(Happened.JOB_FAILED, "tidy")]


async def test_a_failure_is_told_once_and_its_end_too(world):
    node = world.node()

    async def fail():
        raise StoreBusy("the store is busy; try again")

    async def crash():
        raise ValueError("canary")

    for work, expected in ((fail, "the store is busy; try again"), (crash, "an error of proxyfleet: ValueError")):
        world.work = work
        await world.until_due(node)
        await world.round(node)
        assert (await world.state()).told == expected
    assert world.told == [(Happened.JOB_FAILED, "tidy")]
    assert (await world.state()).last_ok is None
    world.work = None
    await world.until_due(node)
    await world.round(node)
    assert world.told == [(Happened.JOB_FAILED, "tidy"), (Happened.JOB_RECOVERED, "tidy")]


async def test_changed_settings_count_at_once(world):
    await world.until_due(world.node())
    await world.round(world.node())
    await world.round(world.node("n1", Job("tidy", 5.0, world.count, longest=2.0)))
    state = await world.state()
    assert (state.every, state.longest) == (5.0, 2.0)
    assert state.next_run <= world.clock() + 5.0


async def test_a_job_that_is_due_and_not_begun_stalls_and_is_told_once_for_all_nodes(world):
    nodes = [world.node("n1"), world.node("n2")]
    await world.until_due(nodes[0])
    assert await world.store.take_lock("job tidy", "stuck", 10_000.0)
    await world.round(*nodes)
    assert world.told == []
    await world.while_passes(GRACE + 1.0, *nodes)
    await world.round(*nodes)
    assert world.told == [(Happened.JOB_STALLED, "tidy")]
    assert (await world.state()).result == "stalled"
    await world.store.release_lock("job tidy", "stuck")
    await world.round(*nodes)
    assert world.told[1:] == [(Happened.JOB_RECOVERED, "tidy")]


async def test_a_run_that_does_not_end_stalls(world):
    node, other = world.node("n1"), world.node("n2")
    await world.until_due(node)
    await world.store.put_job(replace(await world.state(), started=world.clock(), result="running", holder="gone"))
    await world.store.take_lock("job tidy", "gone", 10_000.0)
    await world.while_passes(10.0 + GRACE, other)
    assert world.told == []
    world.clock.advance(1.0)
    await world.round(other)
    assert world.told == [(Happened.JOB_STALLED, "tidy")]
    assert "on gone" in world.events[0].reason


async def test_after_a_night_without_any_node_nothing_has_stalled(world):
    await world.round(world.node())
    world.clock.advance(50_000.0)
    await world.round(world.node("n2"))
    assert world.told == []
    assert len(world.runs) == 1


async def test_a_node_that_slept_does_not_accuse_anybody(world):
    node = world.node()
    await world.until_due(node)
    world.clock.advance(50_000.0)
    await world.round(node)
    assert world.told == []
    assert len(world.runs) == 1


async def test_a_node_that_stops_leaves_the_job_as_it_was(world):
    node = world.node()
    await world.until_due(node)
    before = await world.state()
    world.work = asyncio.Event().wait
    await node.tick()
    for _ in range(20):
        await asyncio.sleep(0)
    await node.close()
    assert await world.state() == before
    assert await world.store.take_lock("job tidy", "next", 1.0)


async def test_it_looks_again_when_something_is_due(world):
    node = world.node()
    assert module.SOONEST <= await node.tick() <= module.LOOK_EVERY
    await world.until_due(node)
    await world.round(node)
    assert await node.tick() == module.LOOK_EVERY


async def test_a_store_that_is_away_is_one_line_in_the_log(world, caplog):
    looks = 0

    async def turn(_):
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)

    node = world.node(sleep=turn)
    await world.store.close()
    loop = asyncio.create_task(node.run())
    for _ in range(50):
        await asyncio.sleep(0)
    loop.cancel()
    assert looks >= 5
    assert caplog.text.count("action=jobs") == 1


def test_late_is_what_should_have_begun_or_ended():
    waiting = JobRun("a", 100.0, 10.0, next_run=1_000.0)
    assert not is_late(waiting, 1_000.0 + GRACE, 0.0)
    assert is_late(waiting, 1_001.0 + GRACE, 0.0)
    assert not is_late(waiting, 1_001.0 + GRACE, 900.0 + GRACE), "nobody was there to begin it"
    running = replace(waiting, started=1_000.0, result="running")
    assert not is_late(running, 1_010.0 + GRACE, 0.0)
    assert is_late(running, 1_011.0 + GRACE, 0.0)
