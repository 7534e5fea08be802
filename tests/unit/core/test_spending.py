"""Budgets to the last cent, months to the last second."""

from datetime import UTC, datetime
from decimal import Decimal

from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState, Wish
from proxyfleet.core.spending import month_of, refused, summed, sums, written


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


BUDGET = Budget(usd("10"), 0.0, 100.0)


def test_what_stays_inside_is_not_refused():
    assert refused(BUDGET, [usd("9.99")], usd("0.01")) is None
    assert refused(BUDGET, [usd("9.99")], usd("0.02")) == usd("0.01")
    assert refused(BUDGET, [usd("12")], usd("0.02")) == usd("0")
    assert refused(BUDGET, [], usd("-1")) == usd("0")


def test_currencies_are_not_compared():
    assert refused(BUDGET, [], Money(Decimal(1), "EUR")) == usd("0")
    assert refused(BUDGET, [Money(Decimal(1), "EUR")], usd("1")) == usd("0")
    assert refused(BUDGET, [Money(Decimal(0), "EUR")], usd("1")) is None


def test_sums_are_exact_and_by_currency():
    assert summed([usd("0.1"), Money(Decimal(2), "EUR"), usd("0.2")]) == [Money(Decimal(2), "EUR"), usd("0.3")]
    made = [Purchase(str(at), "p", "buy", Wish(1, 1), usd("1"), at) for at in (0.0, 99.9, 100.0)]
    void = Purchase("v", "p", "buy", Wish(1, 1), usd("1"), 5.0, state=PurchaseState.VOID)
    assert sums([*made, void], 0.0, 100.0) == [usd("2")]


def test_months_are_those_of_the_calendar_in_utc():
    def at(*told: int) -> float:
        return datetime(*told, tzinfo=UTC).timestamp()

    assert month_of(at(2026, 12, 31, 23, 59)) == (at(2026, 12, 1), at(2027, 1, 1))
    assert month_of(at(2028, 2, 1)) == (at(2028, 2, 1), at(2028, 3, 1))


def test_money_for_people():
    assert [written(usd(one)) for one in ("3", "0.5", "0.0625", "1E+2")] == [
        "3.00 USD",
        "0.50 USD",
        "0.0625 USD",
        "100.00 USD",
    ]
