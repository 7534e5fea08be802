"""One connection that comes back by itself, one job at a time, and says what is known when it breaks."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from random import Random

import pytest
from tests import postgres

from proxyfleet.stores.errors import StoreAway, StoreBusy, StoreClosed
from proxyfleet.stores.postgres.address import Address, address_of
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.lane import Lane


@pytest.fixture
async def lane(address: Address) -> AsyncIterator[Lane]:
    made = Lane(address, {}, 5.0, Random(1))
    yield made
    await made.close()


async def pid(connection: Connection) -> int:
    return connection.get_server_pid()


async def end(connection: Connection) -> None:
    """The server ends this very connection in the middle of a job."""
    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_jobs_share_one_connection_one_after_the_other(lane: Lane) -> None:
    running = 0

    async def job(connection: Connection) -> int:
        nonlocal running
        running += 1
        assert running == 1
        await connection.execute("SELECT 1")
        running -= 1
        return connection.get_server_pid()

    assert len(set(await asyncio.gather(*(lane.run(job) for _ in range(5))))) == 1


async def test_a_connection_that_was_ended_meanwhile_is_made_again(lane: Lane, connection: Connection) -> None:
    first = await lane.run(pid)
    await connection.execute("SELECT pg_terminate_backend($1)", first)
    await asyncio.sleep(0.2)
    assert await lane.run(pid) != first


async def test_an_answer_that_is_lost_is_told_but_reads_are_asked_again(lane: Lane) -> None:
    with pytest.raises(StoreAway) as caught:
        await lane.run(end)
    assert caught.value.lost
    attempts = 0

    async def once(connection: Connection) -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await end(connection)
        return attempts

    assert await lane.run(once, reads=True) == 2


async def test_what_stood_in_the_way_of_others_is_tried_again(lane: Lane) -> None:
    attempts = 0

    async def job(connection: Connection) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            await connection.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
        return attempts

    assert await lane.run(job) == 4
    attempts = -100
    with pytest.raises(StoreBusy):
        await lane.run(job)


async def test_a_job_that_is_cancelled_leaves_nothing_half_done(lane: Lane, connection: Connection) -> None:
    await connection.execute("CREATE TABLE marks (n int)")

    async def job(inner: Connection) -> None:
        async with inner.transaction():
            await inner.execute("INSERT INTO marks VALUES (1)")
            await inner.execute("SELECT pg_sleep(30)")

    task = asyncio.ensure_future(lane.run(job))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await lane.run(lambda one: one.fetchval("SELECT count(*) FROM marks")) == 0


async def test_who_cannot_connect_is_told_quickly_also_in_a_crowd() -> None:
    lane = Lane(address_of("postgresql://u:pw@127.0.0.1:1/d"), {}, 5.0, Random(1))
    began = time.monotonic()
    told = await asyncio.gather(*(lane.run(pid) for _ in range(50)), return_exceptions=True)
    assert time.monotonic() - began < 5.0
    assert {type(error) for error in told} == {StoreAway}
    assert all(not error.lost and "pw" not in str(error) for error in told if isinstance(error, StoreAway))


async def test_a_server_that_hangs_costs_patience_and_no_more() -> None:
    with postgres.server() as server:
        lane = Lane(address_of(server.url), {}, 0.5, Random(1))
        await lane.run(pid)
        server.signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreAway) as caught:
                await asyncio.wait_for(lane.run(lambda connection: connection.fetchval("SELECT 1")), 5.0)
            assert caught.value.lost
        finally:
            server.signal(signal.SIGCONT)
        assert await lane.run(pid, reads=True)
        await lane.close()


async def test_a_closed_lane_says_so(lane: Lane) -> None:
    await lane.run(pid)
    await lane.close()
    with pytest.raises(StoreClosed):
        await lane.run(pid)
