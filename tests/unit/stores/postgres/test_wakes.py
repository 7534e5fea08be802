"""Wake-ups between nodes: heard, remembered, and back by themselves."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.wakes import Wakes


@pytest.fixture
async def pair(address: Address) -> AsyncIterator[tuple[Wakes, Wakes]]:
    made = Wakes(address, Random(1)), Wakes(address, Random(2))
    for one in made:
        await asyncio.wait_for(one.wait(60.0), 10.0)  # the first one comes when the connection is there
    yield made
    for one in made:
        await one.close()


async def woken(wakes: Wakes) -> bool:
    await asyncio.wait_for(wakes.wait(60.0), 10.0)
    return True


async def test_others_hear_and_oneself_does_not(pair: tuple[Wakes, Wakes]) -> None:
    one, two = pair
    waiting = asyncio.ensure_future(woken(two))
    await asyncio.sleep(0)
    one.tell()
    assert await waiting
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.wait(60.0), 0.3)


async def test_what_comes_while_nobody_waits_is_remembered(pair: tuple[Wakes, Wakes]) -> None:
    one, two = pair
    for _ in range(50):
        one.tell()
    await asyncio.sleep(0.3)
    assert await woken(two)


async def test_waiting_ends(pair: tuple[Wakes, Wakes]) -> None:
    await asyncio.wait_for(pair[0].wait(0.05), 5.0)


async def test_after_the_connection_was_cut_off_it_goes_on(pair: tuple[Wakes, Wakes], connection: Connection) -> None:
    one, two = pair
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LISTEN%' "
                             "AND pid <> pg_backend_pid()")  # fmt: skip
    assert await woken(two), "who was deaf for a while looks"
    await woken(one)
    one.tell()
    assert await woken(two)


async def test_the_last_word_is_said_before_leaving(address: Address, pair: tuple[Wakes, Wakes]) -> None:
    leaving = Wakes(address, Random(3))
    leaving.tell()
    await leaving.close()
    assert await woken(pair[0])


async def test_a_server_that_is_away_is_no_error() -> None:
    from proxyfleet.stores.postgres.address import address_of

    wakes = Wakes(address_of("postgresql://127.0.0.1:1/d"), Random(1))
    wakes.tell()
    await wakes.wait(0.1)
    await asyncio.wait_for(wakes.close(), 5.0)


async def test_who_is_closed_says_so_and_starts_nothing(address: Address) -> None:
    wakes = Wakes(address, Random(1))
    await wakes.close()
    wakes.tell()
    with pytest.raises(StoreClosed):
        await wakes.wait(1.0)
