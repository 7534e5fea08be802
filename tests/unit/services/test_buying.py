"""Money is spent once, inside its budget, and whatever goes wrong between intent and answer is written down."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.unit.services.buying_bench import TEN, Bench

from proxyfleet.core.events import Happened
from proxyfleet.core.purchase import Money, Placed, Purchase, PurchaseState, Wish
from proxyfleet.services.accounts import BuyingFailed
from proxyfleet.services.buying import CALL_WITHIN, Order

WISH = Wish(2, 30)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_is_bought_is_in_the_fleet(bench):
    bought = await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert (bought.state, bought.order, bought.price) == (PurchaseState.DONE, "o-1", Money(Decimal("3.00"), "USD"))
    page = await bench.proxies()
    assert [one.host for one in page] == ["shop1.example", "shop2.example"]
    assert {(one.labels.provider, one.labels.cost_per_month, one.labels.currency) for one in page} == {
        ("shop", Decimal("1.5000"), "USD")
    }
    assert [(one.what, one.count, one.reason) for one in bench.events] == [
        (Happened.PROXIES_BOUGHT, 2, "2 proxies, buy for 3.00 USD; ann")
    ]


async def test_the_same_tag_buys_once(bench):
    first = await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert await bench.buying.buy(WISH, Order("ann", "pf-1")) == first
    assert bench.seller.asked == ["buy 2"]


async def test_nothing_without_a_budget_and_nothing_beyond_it(bench):
    with pytest.raises(BuyingFailed, match="without a budget") as failed:
        await bench.another(None).buy(WISH, Order("ann", "pf-1"))
    assert failed.value.code == "no_budget"
    await bench.buying.buy(Wish(6, 30), Order("ann", "pf-2"))
    with pytest.raises(BuyingFailed, match=r"it costs 3.00 USD, and 1.00 USD of the month's budget is left") as failed:
        await bench.buying.buy(WISH, Order("ann", "pf-3"))
    assert failed.value.code == "budget"
    bench.clock.advance(31 * 86_400)
    await bench.buying.buy(WISH, Order("ann", "pf-4"))
    assert bench.seller.asked == ["buy 6", "buy 2"]


async def test_not_for_more_than_was_agreed(bench):
    with pytest.raises(BuyingFailed, match=r"3.00 USD now, not 2.99 USD"):
        await bench.buying.buy(WISH, Order("ann", "pf-1", Money(Decimal("2.99"), "USD")))
    assert (bench.seller.asked, await bench.states()) == ([], [])


@pytest.mark.parametrize(
    ("fault", "code", "state", "told"),
    [
        ("refused", "no_money", PurchaseState.REFUSED, [Happened.PURCHASE_FAILED]),
        ("away", "away", PurchaseState.VOID, []),
        ("lost", "unclear", PurchaseState.UNCLEAR, [Happened.PURCHASE_UNCLEAR]),
        ("unheard", "unclear", PurchaseState.UNCLEAR, [Happened.PURCHASE_UNCLEAR]),
        ("broken", "unclear", PurchaseState.UNCLEAR, [Happened.PURCHASE_UNCLEAR]),
    ],
)
async def test_what_goes_wrong_is_written_down(bench, fault, code, state, told):
    bench.seller.faults = [fault]
    with pytest.raises(BuyingFailed) as failed:
        await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert (failed.value.code, failed.value.tag, await bench.states(), bench.told) == (code, "pf-1", [state], told)


async def test_while_one_is_open_nothing_else_is_ordered(bench):
    bench.seller.faults = ["lost"]
    with pytest.raises(BuyingFailed):
        await bench.buying.buy(WISH, Order("ann", "pf-1"))
    there = await bench.listed()
    for attempt in (
        bench.buying.buy(WISH, Order("ann", "pf-2")),
        bench.buying.prolong(there.items, 30, Order("ann", "pf-3")),
        bench.buying.replace(there.items, "dead", Order("ann", "pf-4")),
    ):
        with pytest.raises(BuyingFailed, match="purchase pf-1 from shop is still open") as failed:
            await attempt
        assert failed.value.code == "unsettled"
    assert bench.seller.asked == ["buy 2"]


async def test_two_nodes_that_intend_at_the_same_time_do_not_both_order(bench):
    """The other one's intent comes between our look and our writing."""

    class Late:
        def __init__(self, book):
            self._book = book

        def __getattr__(self, name):
            return getattr(self._book, name)

        async def intend(self, purchase, budget):
            other = replace(purchase, tag="pf-other")
            await self._book.intend(other, budget)
            return await self._book.intend(purchase, budget)

    buying = bench.another(TEN, Late(bench.store.purchase_book))
    with pytest.raises(BuyingFailed, match="pf-other"):
        await buying.buy(WISH, Order("rule", "pf-mine"))
    assert bench.seller.asked == []
    assert await bench.states() == [PurchaseState.VOID, PurchaseState.INTENDED]


async def test_who_was_frozen_between_intent_and_order_does_not_order(bench):
    class Slow:
        def __init__(self, book):
            self._book = book

        def __getattr__(self, name):
            return getattr(self._book, name)

        async def intend(self, purchase, budget):
            left = await self._book.intend(purchase, budget)
            bench.clock.advance(CALL_WITHIN + 1)
            return left

    with pytest.raises(BuyingFailed, match="held up") as failed:
        await bench.another(TEN, Slow(bench.store.purchase_book)).buy(WISH, Order("r", "pf-1"))
    assert (failed.value.code, bench.seller.asked, await bench.states()) == ("late", [], [PurchaseState.VOID])


async def test_the_intent_is_written_before_the_call(bench):
    seen: list[list[PurchaseState]] = []
    bought = bench.seller.buy

    async def buy(wish: Wish, tag: str) -> Placed:
        seen.append(await bench.states())
        return await bought(wish, tag)

    bench.seller.buy = buy
    await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert seen == [[PurchaseState.INTENDED]]


async def test_an_answer_that_comes_after_all_is_right(bench):
    """Somebody has settled it meanwhile, by a list that did not show it."""
    bought = bench.seller.buy

    async def buy(wish: Wish, tag: str) -> Placed:
        [intent] = await bench.store.purchase_book.purchases()
        await bench.store.purchase_book.settle(replace(intent, state=PurchaseState.VOID), [intent.state])
        return await bought(wish, tag)

    bench.seller.buy = buy
    await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert await bench.states() == [PurchaseState.DONE]


async def test_a_late_delivery_is_placed(bench):
    bench.seller.faults = ["late"]
    bought: Purchase = await bench.buying.buy(WISH, Order("ann", "pf-1"))
    assert (bought.state, bought.order, await bench.hosts()) == (PurchaseState.PLACED, "o-1", [])
    assert bench.told == [Happened.PROXIES_BOUGHT]


async def test_proxies_that_are_prolonged_expire_later(bench):
    await bench.buying.buy(WISH, Order("ann", "pf-1"))
    there = await bench.listed()
    done = await bench.buying.prolong(there.items, 30, Order("rule", "pf-2"))
    assert (done.state, done.price) == (PurchaseState.DONE, Money(Decimal("3.00"), "USD"))
    page = await bench.proxies()
    assert {one.expires_at for one in page} == {bench.clock() + 60 * 86_400}
    assert [(one.proxy_id, one.until) for one in bench.events[1:]] == [(one.id, one.expires_at) for one in page]
    assert bench.told[1:] == [Happened.PROXY_RENEWED] * 2


async def test_only_what_expires_is_prolonged(bench):
    with pytest.raises(BuyingFailed, match="only proxies with an expiry date"):
        await bench.buying.prolong((), 30, Order("rule", "pf-2"))


async def test_replaced_ones_bring_new_ones(bench):
    await bench.buying.buy(WISH, Order("ann", "pf-1"))
    there = await bench.listed()
    done = await bench.buying.replace(there.items[:1], "dead", Order("ann", "pf-2"))
    assert (done.state, done.price.amount) == (PurchaseState.DONE, 0)
    assert await bench.hosts() == ["shop1.example", "shop2.example", "shop3.example"]


async def test_what_a_provider_does_not_offer(bench):
    bench.seller.abilities = frozenset({"list", "quote"})
    with pytest.raises(BuyingFailed, match="shop does not offer to buy by its API"):
        await bench.buying.buy(WISH, Order("ann", "pf-1"))
