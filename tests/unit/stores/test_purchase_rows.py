"""Purchases survive being rows."""

from dataclasses import replace
from decimal import Decimal

from proxyfleet.core.purchase import Money, Purchase, PurchaseState, Wish
from proxyfleet.stores.purchase_rows import COLUMNS, from_row, spent, to_row

ONE = Purchase("t", "p", "replace", Wish(2, 3, "de", {"a": "é"}), Money(Decimal("0.10"), "EUR"), 1.5)


def test_there_and_back():
    for one in (ONE, replace(ONE, expiries={"x": None, "y": 2.0}, state=PurchaseState.UNCLEAR, order="o", settled=3.0)):
        assert len(to_row(one)) == len(COLUMNS)
        assert from_row(to_row(one)) == one


def test_what_rows_have_cost():
    rows = [("1.10", "EUR", "done"), ("2", "EUR", "void"), ("0.20", "EUR", "intended")]
    assert spent(rows) == [Money(Decimal("1.30"), "EUR")]
