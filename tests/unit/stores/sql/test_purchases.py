"""Durable, and seen by every node; the contract is in tests/conformance/test_purchases.py."""

from decimal import Decimal

from proxyfleet.core.purchase import Budget, Money, Purchase, Wish
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

PRICE = Money(Decimal(1), "USD")
ONE = Purchase("t", "p", "buy", Wish(1, 1), PRICE, 0.0)


async def spend_twice(url, tmp_path):
    stores = [await open_store(url, keys=KeySource(default=tmp_path / "keys" / "key")) for _ in range(2)]
    one, other = (store.purchase_book for store in stores)
    assert await one.intend(ONE, Budget(PRICE, 0.0, 1.0)) is None
    assert await other.purchases() == [ONE]
    assert await other.intend(Purchase("u", "p", "buy", Wish(1, 1), PRICE, 0.0), Budget(PRICE, 0.0, 1.0)) == Money(
        Decimal(0), "USD"
    )
    for store in stores:
        await store.close()


async def test_one_budget_for_all_nodes(tmp_path):
    await spend_twice(f"sqlite:{tmp_path}/fleet.db", tmp_path)
