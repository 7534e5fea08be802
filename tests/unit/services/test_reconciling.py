"""Lost answers and crashes are settled by the list, each once; what it cannot decide waits for a person."""

from dataclasses import replace

import pytest
from tests.unit.services.buying_bench import Bench

from proxyfleet.core.events import Happened
from proxyfleet.core.purchase import PurchaseState, Wish
from proxyfleet.core.settling import PATIENCE, VOID_AFTER
from proxyfleet.services.accounts import BuyingFailed
from proxyfleet.services.buying import Order

INTENDED, UNCLEAR, PLACED, DONE, REFUSED, VOID = PurchaseState
TWO = Wish(2, 30)


class Killed(BaseException):
    """The process ends here."""


async def lose(bench: Bench, fault: str, tag: str = "pf-1") -> None:
    bench.seller.faults = [fault]
    with pytest.raises(BuyingFailed):
        await bench.buying.buy(TWO, Order("ann", tag))


@pytest.mark.parametrize("notes", [True, False])
async def test_a_lost_answer_is_settled_by_the_list(notes):
    bench = Bench(notes=notes)
    bench.seller.buy_by_hand()
    await lose(bench, "lost")
    [settled] = await bench.settle()
    assert (settled.state, settled.because) == (DONE, "the list shows all 2")
    assert await bench.hosts() == ["shop2.example", "shop3.example"]
    assert bench.told == [Happened.PURCHASE_UNCLEAR, Happened.PROXIES_BOUGHT]
    assert await bench.settle() == []
    assert bench.seller.asked == ["buy 2"]


async def test_what_never_arrived_is_void_when_it_cannot_come_any_more():
    bench = Bench()
    await lose(bench, "unheard")
    assert await bench.settle(VOID_AFTER - 1) == []
    [settled] = await bench.settle(1)
    assert (settled.state, settled.because) == (VOID, "the list shows that nothing came of it")
    assert bench.told == [Happened.PURCHASE_UNCLEAR, Happened.PURCHASE_FAILED]
    await bench.buying.buy(TWO, Order("ann", "pf-2"))


@pytest.mark.parametrize(("heard", "state"), [(True, DONE), (False, VOID)])
async def test_an_intent_left_by_a_crash(heard, state):
    bench = Bench()
    bought = bench.seller.buy

    async def buy(wish, tag):
        if heard:
            await bought(wish, tag)
        raise Killed

    bench.seller.buy = buy
    with pytest.raises(Killed):
        await bench.buying.buy(TWO, Order("ann", "pf-1"))
    assert await bench.states() == [INTENDED]
    assert await bench.settle(PATIENCE - 1) == [], "whoever wrote it may still be waiting for the answer"
    await bench.settle(1)
    await bench.settle(VOID_AFTER)
    assert await bench.states() == [state]


async def test_a_crash_between_answer_and_word():
    bench = Bench()

    async def put(proxies, *, dry_run=False):
        raise Killed

    buying = replace(bench.buying, shelf=type("Shelf", (), {"put": staticmethod(put)})())
    with pytest.raises(Killed):
        await buying.buy(TWO, Order("ann", "pf-1"))
    await bench.settle(PATIENCE)
    assert (await bench.states(), len(await bench.proxies()), bench.seller.asked) == ([DONE], 2, ["buy 2"])


async def test_somebody_else_buys_at_the_same_time():
    bench = Bench(notes=False)
    await lose(bench, "lost")
    bench.seller.buy_by_hand()
    await bench.settle(VOID_AFTER)
    assert await bench.states() == [UNCLEAR], "nothing tells which ones are ours"
    settled = await bench.reconciling.settle("pf-1", bought=True, who="ann")
    assert (settled.state, settled.because) == (DONE, "said by ann")
    with pytest.raises(BuyingFailed, match="it is done already"):
        await bench.reconciling.settle("pf-1", bought=False, who="ann")
    with pytest.raises(BuyingFailed, match="there is no such purchase"):
        await bench.reconciling.settle("pf-7", bought=False, who="ann")


async def test_a_late_delivery_arrives_bit_by_bit():
    bench = Bench()
    bench.seller.faults = ["late"]
    await bench.buying.buy(TWO, Order("ann", "pf-1"))
    assert [one.tag for one in await bench.reconciling.on_the_way(bench.clock())] == ["pf-1"]
    assert await bench.settle(VOID_AFTER) == []
    bench.seller.deliver(1)
    assert await bench.settle() == []
    bench.seller.deliver()
    [settled] = await bench.settle()
    assert (settled.state, await bench.reconciling.on_the_way(bench.clock())) == (DONE, [])
    assert bench.told == [Happened.PROXIES_BOUGHT], "told when it was taken"


@pytest.mark.parametrize(("fault", "state", "days"), [("lost", DONE, 60), ("unheard", VOID, 30)])
async def test_a_prolongation_is_settled_by_the_expiries(fault, state, days):
    bench = Bench()
    await bench.buying.buy(TWO, Order("ann", "pf-1"))
    until = bench.clock() + days * 86_400
    there = await bench.listed()
    bench.seller.faults = [fault]
    with pytest.raises(BuyingFailed):
        await bench.buying.prolong(there.items, 30, Order("rule", "pf-2"))
    [settled] = await bench.settle(VOID_AFTER)
    assert settled.state is state
    await bench.syncing.take_in(await bench.listed())
    assert {one.expires_at for one in await bench.proxies()} == {until}
    assert bench.told.count(Happened.PROXY_RENEWED) == (2 if state is DONE else 0)


async def test_an_old_list_settles_nothing():
    bench = Bench()
    there = await bench.listed()
    bench.clock.advance(1)
    await lose(bench, "lost")
    assert await bench.reconciling.settle_by(there) == []
    assert await bench.states() == [UNCLEAR]
