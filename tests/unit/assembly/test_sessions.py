"""Workers on leased slots: spread, short, retried, stopped; whatever happens, every slot is given back."""

import asyncio

import pytest

from proxyfleet import ClaimRefused, Fleet, SessionManager
from proxyfleet.assembly.opening import opened
from proxyfleet.assembly.sessions import SessionFailed
from proxyfleet.lab.builders import some_proxies
from proxyfleet.lab.clock import HandClock
from proxyfleet.settings.schema import Settings

LONG = 60.0


@pytest.fixture
async def fleet(tmp_path):
    settings = Settings(f"sqlite:///{tmp_path}/fleet.db", data_folder=tmp_path, key_default=tmp_path / "k" / "key")
    async with opened(settings) as found:
        await found.store.put(some_proxies(3, capacity=5))
    async with Fleet.open(settings=settings) as made:
        yield made


def leases(fleet):
    return sorted(fleet.leasing.fleet.leases(one) for one in (1, 2, 3))


async def sleeper(_proxy):
    await asyncio.sleep(LONG)


async def test_workers_are_spread_evenly_each_on_its_own_slot(fleet):
    seen = []

    async def work(proxy):
        seen.append(proxy.token)

    session = await SessionManager(fleet).start(size=12, worker=work)
    assert leases(fleet) == [4, 4, 4]
    ended = await session.wait()
    assert [one.error for one in ended] == [None] * 12
    assert len(set(seen)) == 12
    assert leases(fleet) == [0, 0, 0]


async def test_what_can_run_runs_and_the_shortage_is_told(fleet):
    told = []
    session = await SessionManager(fleet).start(
        size=20, worker=sleeper, tell=lambda what, _, line: told.append((what, line)), capacity=2
    )
    assert leases(fleet) == [2, 2, 2]
    assert session.missing == 14
    assert "14 of 20 workers have no proxy" in told[0][1]
    assert {proxy.proxy.id for proxy in session.allocations().values()} <= {1, 2, 3}
    await asyncio.sleep(0)
    assert len(session.allocations()) == 6
    await session.stop(0.1)
    assert leases(fleet) == [0, 0, 0]
    assert session.allocations() == {}


async def test_without_a_proxy_only_where_that_is_allowed(fleet):
    manager, seen = SessionManager(fleet), []

    async def work(proxy):
        seen.append(proxy)

    with pytest.raises(ClaimRefused):
        await manager.start(size=2, worker=work, selector="country=XX")
    session = await manager.start(size=2, worker=work, selector="country=XX", allow_direct=True)
    await session.wait()
    assert seen == [None, None]


async def test_a_failed_start_gets_another_proxy(fleet):
    tried = []

    async def work(proxy):
        tried.append(proxy.proxy.id)
        if len(tried) < 3:
            raise ConnectionError("no way")

    session = await SessionManager(fleet).start(size=1, worker=work)
    assert [one.error for one in await session.wait()] == [None]
    assert sorted(tried) == [1, 2, 3]
    assert fleet.leasing.fleet.health(tried[0], 0.0).failures == 1, "an exception that names the proxy's fault marks it"
    assert leases(fleet) == [0, 0, 0]


async def test_three_failed_starts_on_different_proxies_end_the_session(fleet):
    async def work(_proxy):
        raise ValueError("wrong option")

    session = await SessionManager(fleet).start(size=2, worker=work)
    with pytest.raises(SessionFailed, match="3 different proxies: wrong option"):
        await session.wait()
    assert leases(fleet) == [0, 0, 0]
    assert all(fleet.leasing.fleet.health(one, 0.0).failures == 0 for one in (1, 2, 3)), "no proxy is to blame"


async def test_a_worker_that_fails_later_ends_alone(fleet):
    timer = HandClock()

    async def work(proxy):
        timer.advance(10.0)
        raise ValueError(proxy.token)

    session = await SessionManager(fleet, timer=timer).start(size=2, worker=work)
    errors = [str(one.error) for one in await session.wait()]
    assert len(set(errors)) == 2


async def test_exclusive_means_nobody_else(fleet):
    (other,) = await fleet.acquire(1)
    session = await SessionManager(fleet).start(size=3, worker=sleeper, exclusive=True)
    assert (session.missing, leases(fleet)) == (1, [1, 5, 5])
    with pytest.raises(ClaimRefused):
        await fleet.acquire(5, all_or_nothing=True)
    await session.stop(0.1)
    assert leases(fleet) == [0, 0, 1]
    await fleet.release(other)


async def test_force_stop_ends_workers_that_do_not_listen(fleet):
    deaf = asyncio.Event()

    async def work(_proxy):
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            deaf.set()
            await asyncio.sleep(LONG)

    session = await SessionManager(fleet).start(size=3, worker=work)
    await asyncio.sleep(0.05)
    await session.stop(0.05)
    assert deaf.is_set()
    assert leases(fleet) == [0, 0, 0]


async def test_a_lease_that_is_taken_away_ends_its_worker(fleet):
    session = await SessionManager(fleet).start(size=1, worker=sleeper, grace=0.0)
    await asyncio.sleep(0.05)
    (proxy,) = session.allocations().values()
    await fleet.release(proxy)
    (ended,) = await session.wait()
    assert ended.error.code == "lease_ended"


async def test_stopping_while_it_starts_gives_everything_back(fleet):
    starting = asyncio.ensure_future(SessionManager(fleet).start(size=15, worker=sleeper))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait([starting])
    await fleet.leasing.close()
    assert leases(fleet) == [0, 0, 0]
