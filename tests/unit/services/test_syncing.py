"""The inventory follows the account's list; what is gone is told once and stays unless it is to go."""

from dataclasses import replace

import pytest
from tests.unit.services.buying_bench import Bench

from proxyfleet.core.events import Happened
from proxyfleet.core.proxy import Secret, Status
from proxyfleet.services.accounts import BuyingFailed


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    for _ in range(3):
        made.seller.buy_by_hand()
    return made


async def sync(bench: Bench, **asked: bool):
    told = await bench.syncing.take_in(await bench.listed(), **asked)
    await bench.store.record_events(bench.events)
    return told


async def test_a_list_is_taken_in_and_never_twice(bench):
    assert (await sync(bench, dry_run=True))[:3] == (3, 0, 0)
    assert await bench.hosts() == []
    assert (await sync(bench))[:3] == (3, 0, 0)
    assert (await sync(bench))[:3] == (0, 0, 3)
    assert {one.labels.provider for one in await bench.proxies()} == {"shop"}
    assert bench.told == [Happened.PROXIES_ADDED]


async def test_new_credentials_and_expiries_replace_the_old_ones(bench):
    await sync(bench)
    first = bench.seller.kept[0]
    later = replace(first.proxy, password=Secret("new"), expires_at=first.proxy.expires_at + 86_400)
    bench.seller.kept[0] = replace(first, remote_id="another", proxy=later)
    await bench.store.change([replace(one, status=Status.DISABLED) for one in await bench.proxies()])
    assert (await sync(bench))[:3] == (0, 1, 2)
    proxy = (await bench.proxies())[0]
    assert (proxy.password, proxy.expires_at, proxy.status) == (Secret("new"), later.expires_at, Status.DISABLED)


async def test_what_is_gone_is_told_once_and_stays(bench):
    await sync(bench)
    del bench.seller.kept[1]
    assert [one.host for one in (await sync(bench)).vanished] == ["shop2.example"]
    await sync(bench)
    assert bench.told == [Happened.PROXIES_ADDED, Happened.PROXIES_VANISHED]
    assert len(await bench.proxies()) == 3
    assert (await sync(bench, remove=True)).removed == 1
    assert await bench.hosts() == ["shop1.example", "shop3.example"]
    assert bench.told[-1] is Happened.PROXIES_REMOVED


async def test_what_has_expired_has_not_vanished(bench):
    await sync(bench)
    bench.clock.advance(31 * 86_400)
    told = await sync(bench)
    assert (told.vanished, told.expired) == ([], 3)


async def test_a_list_that_cannot_be_read_changes_nothing(bench):
    await sync(bench)
    bench.seller.blind = True
    with pytest.raises(BuyingFailed):
        await sync(bench, remove=True)
    assert len(await bench.proxies()) == 3
