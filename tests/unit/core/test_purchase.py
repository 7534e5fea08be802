"""Records of purchases: frozen, comparable, intended by default."""

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from proxyfleet.core.purchase import Money, Purchase, PurchaseState, Wish


def test_a_purchase_begins_as_an_intent_and_is_frozen() -> None:
    purchase = Purchase("pf-1", "px6", "buy", Wish(5, 30, "DE"), Money(Decimal("12.50"), "RUB"), 1000.0)
    assert purchase.state is PurchaseState.INTENDED
    with pytest.raises(FrozenInstanceError):
        purchase.order = "1"  # type: ignore[misc]


def test_money_is_exact() -> None:
    assert Money(Decimal("0.1") + Decimal("0.2"), "USD") == Money(Decimal("0.3"), "USD")
