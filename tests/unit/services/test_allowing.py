"""What the month still pays for, and that running out of it is told once."""

from decimal import Decimal

import pytest
from tests.unit.services.buying_bench import TEN, Bench

from proxyfleet.core.purchase import Money, Wish
from proxyfleet.services.allowing import affordable, left_of, tell_reached
from proxyfleet.services.buying import Order


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


async def test_what_is_left():
    bench = Bench()
    await bench.buying.buy(Wish(2, 30), Order("ann", "pf-1"))
    account, book, now = bench.buying.account, bench.store.purchase_book, bench.clock()
    assert await left_of(book, account, now) == usd("7.00")
    euros = bench.another(Money(Decimal(9), "EUR")).account
    assert await left_of(book, euros, now) == Money(Decimal(0), "EUR")
    assert await left_of(book, euros, now + 32 * 86_400) == Money(Decimal(9), "EUR")


@pytest.mark.parametrize(("price", "left", "count"), [("3", "3", 3), ("3", "2.99", 2), ("3", "0.5", 0), ("0", "0", 3)])
def test_how_many_are_affordable(price, left, count):
    assert affordable(usd(price), 3, usd(left)) == count
    assert affordable(usd(price), 3, Money(Decimal(100), "EUR")) == 0


async def test_it_is_told_once_a_month():
    bench = Bench()
    for _ in range(3):
        await tell_reached(bench.store, bench.events.append, bench.buying.account, bench.clock(), TEN)
        await bench.store.record_events(bench.events)
    assert [one.reason for one in bench.events] == ["10.00 USD more were wanted; the budget is 10.00 USD a month"]
    bench.clock.advance(32 * 86_400)
    await tell_reached(bench.store, bench.events.append, bench.buying.account, bench.clock(), TEN)
    assert len(bench.events) == 2
