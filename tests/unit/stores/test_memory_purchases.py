"""The reference; its contract is in tests/conformance/test_purchases.py."""

from decimal import Decimal

from proxyfleet.core.purchase import Budget, Money, Purchase, Wish
from proxyfleet.stores.memory_purchases import MemoryPurchases


async def test_two_books_share_nothing():
    one, other, price = MemoryPurchases(), MemoryPurchases(), Money(Decimal(1), "USD")
    await one.intend(Purchase("t", "p", "buy", Wish(1, 1), price, 0.0), Budget(price, 0.0, 1.0))
    assert await other.purchases() == []
