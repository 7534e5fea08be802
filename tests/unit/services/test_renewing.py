"""What is due is prolonged once, soonest first, and only as far as rule and budget say."""

from itertools import count

import pytest
from tests.unit.services.buying_bench import Bench

from proxyfleet.core.events import Happened
from proxyfleet.core.purchase import PurchaseState
from proxyfleet.core.settling import identity_of
from proxyfleet.services.accounts import BuyingFailed
from proxyfleet.services.renewing import RenewalRule, Renewing


@pytest.fixture
async def bench():
    """Ten proxies of the account, which expire in 1, 2, ... 10 days."""
    made = Bench()
    for days in range(1, 11):
        made.seller.buy_by_hand(days)
    await made.syncing.take_in(await made.listed())
    return made


TAGS = count()


def renewing(bench, within=3, wanted=None):
    async def everything():
        return wanted if wanted is not None else {identity_of(one) for one in await bench.proxies()}

    return Renewing(
        bench.buying,
        bench.reconciling,
        bench.store,
        RenewalRule(within, 30),
        everything,
        lambda: f"pf-{next(TAGS)}",
    )


async def run(bench, **rule):
    told = await renewing(bench, **rule).run(await bench.listed())
    await bench.store.record_events(bench.events)
    bench.events.clear()
    return told


async def test_what_expires_soon_is_prolonged_once(bench):
    assert (await run(bench)).told == "3 due, 3 prolonged, 0 not worth it"
    days = [one.days_left(bench.clock()) for one in await bench.proxies()]
    assert days == [31, 32, 33, 4, 5, 6, 7, 8, 9, 10]
    assert (await run(bench)).told == "0 due, 0 prolonged, 0 not worth it"
    assert bench.seller.asked == ["prolong 3"]
    kinds = [one.event.what for one in await bench.store.events()]
    assert kinds.count(Happened.PROXY_RENEWED) == 3


async def test_a_dry_run_tells_what_and_for_how_much(bench):
    told = await renewing(bench).run(await bench.listed(), dry_run=True)
    assert ([one.remote_id for one in told.due], str(told.price.amount)) == (["1", "2", "3"], "4.50")
    assert bench.seller.asked == []
    assert await bench.purchases() == []


async def test_only_what_is_worth_it(bench):
    wanted = {identity_of(one.proxy) for one in bench.seller.kept[1:]}
    assert (await run(bench, wanted=wanted)).told == "2 due, 2 prolonged, 1 not worth it"


async def test_the_soonest_ones_as_far_as_the_budget_goes(bench):
    told = await run(bench, within=9)
    assert told.told == "9 due, 6 prolonged, 0 not worth it, the month's budget pays for 6 of 9"
    assert (await run(bench, within=9)).bought == []
    reached = [one for one in await bench.store.events() if one.event.what is Happened.BUDGET_REACHED]
    assert len(reached) == 1, "told once"
    assert [one.days_left(bench.clock()) for one in await bench.proxies()][5:7] == [36, 7]


async def test_after_a_lost_answer_nothing_is_ordered_again(bench):
    bench.seller.faults = ["lost"]
    with pytest.raises(BuyingFailed):
        await run(bench)
    told = await renewing(bench, within=4).run(await bench.listed())
    assert "pf-" in told.why
    assert "still open" in told.why
    await bench.settle()
    assert await bench.states() == [PurchaseState.DONE]
    assert (await run(bench, within=4)).told == "1 due, 1 prolonged, 0 not worth it"
    assert bench.seller.asked == ["prolong 3", "prolong 1"]
