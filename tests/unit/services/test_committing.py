"""What arrives while a batch is in flight forms the next; who goes away leaves nothing behind."""

import asyncio
import gc
from collections.abc import Sequence

import pytest

from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import ENDED, FOREVER, Held, Hold, Holder, Lease, Token
from proxyfleet.core.orders import (
    Candidate,
    Claim,
    Decided,
    Granted,
    Obstacle,
    Order,
    Refused,
    Release,
    Renewed,
    Swept,
    Taken,
)
from proxyfleet.lab.clock import HandClock
from proxyfleet.services.committing import Committer, offset, shifted

ANN = Holder("ann")
LEASE = Lease(1, 0, 1, 1, ANN, None, "", 100.0, 160.0)
CLAIM = Claim(ANN, (), 60.0)


class Gate:
    """Claims that answer when they are told to."""

    def __init__(self) -> None:
        self.batches: list[list[Order]] = []
        self.doors: list[asyncio.Future[Decided]] = []

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        self.batches.append(list(orders))
        self.doors.append(asyncio.get_running_loop().create_future())
        return await self.doors[-1]

    def open(self, *answers: object, now: float = 1000.0) -> None:
        self.doors[-1].set_result(Decided(now, list(answers)))


class Told:
    """What was applied to memory."""

    def __init__(self) -> None:
        self.batches: list[list[object]] = []

    def __call__(self, batch: Sequence[tuple[Order, object]], holds: Sequence[Hold], now: float) -> None:
        self.batches.append([answer for _, answer in batch])


def made() -> tuple[Gate, Told, Committer]:
    gate, told = Gate(), Told()
    return gate, told, Committer(gate, "n", HandClock(1000.0), HandClock(5.0), told)


async def turns(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_what_waits_shares_the_next_commit() -> None:
    gate, told, committer = made()
    asked = [asyncio.ensure_future(committer.ask(CLAIM)) for _ in range(25)]
    await turns()
    assert [len(batch) for batch in gate.batches] == [25], "all that came in one turn go together"
    late = [asyncio.ensure_future(committer.ask(CLAIM)) for _ in range(3)]
    await turns()
    assert len(gate.batches) == 1, "one batch is in flight"
    gate.open(*[Granted(())] * 25)
    await turns()
    gate.open(*[Granted(())] * 3)
    settled = await asyncio.gather(*asked, *late)
    assert {one.sent for one in settled} == {5.0}
    assert (committer.batches, committer.orders) == (2, 28)
    assert [len(batch) for batch in told.batches] == [25, 3]


async def test_a_lease_of_a_caller_who_went_away_is_given_back() -> None:
    gate, _, committer = made()
    asked = asyncio.ensure_future(committer.ask(CLAIM))
    await turns()
    asked.cancel()
    gate.open(Granted((LEASE,)))
    await turns()
    assert gate.batches[1] == [Release(Token(1, 0, 1), None)]
    gate.open(Renewed(LEASE._replace(expires=ENDED)))
    await committer.idle()


async def test_a_repeat_that_nobody_waits_for_ends_nothing() -> None:
    gate, _, committer = made()
    asked = asyncio.ensure_future(committer.ask(CLAIM))
    await turns()
    asked.cancel()
    gate.open(Granted((LEASE,), repeated=True))
    await committer.idle()
    assert len(gate.batches) == 1


async def test_a_store_that_fails_fails_its_batch_only() -> None:
    gate, told, committer = made()
    asked = asyncio.ensure_future(committer.ask(CLAIM))
    await turns()
    gate.doors[-1].set_exception(FleetError("away; come back"))
    with pytest.raises(FleetError, match="away"):
        await asked
    assert committer.lost
    assert told.batches == [[None]]
    again = asyncio.ensure_future(committer.ask(CLAIM))
    await turns()
    gate.open(Granted(()))
    assert (await again).answer == Granted(())


async def test_a_release_that_nobody_waits_for_may_fail_quietly() -> None:
    gate, _, committer = made()
    forgotten: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: forgotten.append(context))
    committer.give_back([LEASE])
    await asyncio.sleep(0)
    gate.doors[0].set_exception(FleetError("away"))
    await committer.idle()
    gate.doors.clear()
    gc.collect()
    assert gate.batches == [[Release(Token(1, 0, 1), None)]]
    assert forgotten == []


def test_the_offset_is_nothing_when_clocks_agree() -> None:
    assert offset(Decided(10.5, []), 10.0, 11.0) == 0.0
    assert offset(Decided(110.0, []), 10.0, 11.0) == -99.0


def test_instants_are_moved_and_ends_and_endless_ones_stay() -> None:
    hold = Hold(1, "s", "", Held.ASSIGNMENT, ANN, 10.0, FOREVER, 1)
    ended = LEASE._replace(expires=ENDED)
    obstacle = Obstacle(Candidate(1, 0, 1, 1, FOREVER), "capacity", 50.0, None, (LEASE,))
    moved = shifted(Granted((LEASE,), (obstacle,)), 5.0)
    assert isinstance(moved, Granted)
    assert (moved.leases[0].granted, moved.leases[0].expires) == (105.0, 165.0)
    assert (moved.obstacles[0].until, moved.obstacles[0].leases[0].expires) == (55.0, 165.0)
    assert shifted(Renewed(ended), 5.0) == Renewed(ended._replace(granted=105.0))
    assert shifted(Swept((ended,)), 5.0) == Swept((ended._replace(granted=105.0),))
    assert shifted(Taken(hold, ended), 5.0) == Taken(hold._replace(since=15.0), ended._replace(granted=105.0))
    assert shifted(Refused("x", 7.0), 5.0) == Refused("x", 12.0)
    assert shifted(Refused("x"), 5.0) == Refused("x")
