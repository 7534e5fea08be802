"""The book of purchases: one contract for every store, the budget above all (SPEC B4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests import postgres

from proxyfleet.core.errors import DuplicatePurchase
from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState, Wish
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

INTENDED, UNCLEAR, PLACED, DONE, REFUSED, VOID = PurchaseState
MONTH = Budget(Money(Decimal(10), "USD"), 1000.0, 2000.0)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PurchaseBook]:
    urls = {"memory": "memory:", "sqlite": f"sqlite:{tmp_path}/fleet.db"}
    async with postgres.schema() if request.param == "postgres" else nullcontext(urls.get(request.param)) as url:
        store = await open_store(str(url), keys=KeySource(default=tmp_path / "keys" / "key"))
        yield store.purchase_book
        await store.close()


def purchase(tag: str, price: str = "4", *, at: float = 1500.0, currency: str = "USD", provider: str = "p") -> Purchase:
    return Purchase(tag, provider, "buy", Wish(2, 30, "de", {"version": "4"}), Money(Decimal(price), currency), at)


async def test_what_is_written_down_is_read_back(book: PurchaseBook) -> None:
    whole = replace(purchase("a"), cause="ann", expiries={"http:h:80": 7.5, "http:i:80": None}, verb="prolong")
    assert await book.intend(whole, MONTH) is None
    assert await book.purchases() == [whole]
    settled = replace(
        whole, state=DONE, order="o-1", because="delivered", settled=1600.0, price=Money(Decimal("3.10"), "USD")
    )
    assert await book.settle(settled, {INTENDED})
    assert await book.purchases() == [settled]


async def test_the_budget_holds_to_the_last_cent(book: PurchaseBook) -> None:
    assert await book.intend(purchase("a", "9.90"), MONTH) is None
    assert await book.intend(purchase("b", "0.11"), MONTH) == Money(Decimal("0.10"), "USD")
    assert await book.intend(purchase("c", "0.10"), MONTH) is None
    assert [one.tag for one in await book.purchases()] == ["c", "a"]
    assert await book.spent("p", 1000.0, 2000.0) == [Money(Decimal("10.00"), "USD")]


async def test_what_came_to_nothing_costs_nothing(book: PurchaseBook) -> None:
    await book.intend(purchase("a", "10"), MONTH)
    for state, left in ((UNCLEAR, 0), (PLACED, 0), (DONE, 0), (REFUSED, None), (VOID, None)):
        await book.settle(replace(purchase("a", "10"), state=state), set(PurchaseState))
        told = await book.intend(purchase(f"after {state}", "10"), MONTH)
        assert told == (None if left is None else Money(Decimal(0), "USD"))
        await book.settle(replace(purchase(f"after {state}", "10"), state=VOID), {INTENDED})


async def test_other_spans_and_providers_have_budgets_of_their_own(book: PurchaseBook) -> None:
    for one in (purchase("a", "10", at=999.9), purchase("b", "10", at=2000.0), purchase("c", "10", provider="q")):
        assert await book.intend(one, MONTH) is None
    assert await book.intend(purchase("d", "10", at=1000.0), MONTH) is None
    assert await book.spent("p", 1000.0, 2000.0) == [Money(Decimal(10), "USD")]


async def test_two_currencies_are_never_added(book: PurchaseBook) -> None:
    assert await book.intend(purchase("a", "1", currency="EUR"), MONTH) == Money(Decimal(0), "USD")
    euros = MONTH._replace(limit=Money(Decimal(5), "EUR"))
    assert await book.intend(purchase("b", "1", currency="EUR"), euros) is None
    assert await book.intend(purchase("c", "1"), MONTH) == Money(Decimal(0), "USD")
    assert await book.spent("p", 1000.0, 2000.0) == [Money(Decimal(1), "EUR")]


async def test_a_tag_is_written_down_once(book: PurchaseBook) -> None:
    await book.intend(purchase("a", "1"), MONTH)
    with pytest.raises(DuplicatePurchase, match="purchase a is written down already"):
        await book.intend(purchase("a", "2"), MONTH)
    assert await book.purchases() == [purchase("a", "1")]


async def test_it_is_settled_by_one(book: PurchaseBook) -> None:
    await book.intend(purchase("a"), MONTH)
    done, void = replace(purchase("a"), state=DONE), replace(purchase("a"), state=VOID)
    assert await asyncio.gather(*(book.settle(one, {INTENDED, UNCLEAR}) for one in (done, void))) == [True, False]
    assert not await book.settle(purchase("nobody's"), set(PurchaseState))
    assert [one.state for one in await book.purchases()] == [DONE]


async def test_many_at_once_stay_inside(book: PurchaseBook) -> None:
    told = await asyncio.gather(*(book.intend(purchase(f"t{n}", "3"), MONTH) for n in range(10)))
    assert told.count(None) == 3
    assert await book.spent("p", 1000.0, 2000.0) == [Money(Decimal(9), "USD")]


async def test_they_are_found_by_provider_and_state(book: PurchaseBook) -> None:
    for tag, provider in (("a", "p"), ("b", "q"), ("c", "p")):
        await book.intend(purchase(tag, "1", provider=provider), MONTH)
    await book.settle(replace(purchase("a", "1"), state=UNCLEAR), {INTENDED})

    async def tags(**asked: object) -> list[str]:
        return [one.tag for one in await book.purchases(**asked)]  # type: ignore[arg-type]

    assert await tags(provider="p") == ["c", "a"]
    assert await tags(states=(UNCLEAR,)) == ["a"]
    assert await tags(states=(UNCLEAR, INTENDED), limit=2) == ["c", "b"]
    assert await tags(provider="nobody") == []
