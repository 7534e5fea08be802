"""The arithmetic of budgets: which purchases count as spent, what is left, which span a month is. Pure, exact, no I/O."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from proxyfleet.core.purchase import Budget, Money, Purchase, PurchaseState

NOT_SPENT: Final = frozenset({PurchaseState.REFUSED, PurchaseState.VOID})
"""All other states count: whatever may have been bought has been paid for until somebody knows better."""
OPEN: Final = frozenset({PurchaseState.INTENDED, PurchaseState.UNCLEAR})
"""Nobody knows yet what came of these."""


def sums(purchases: Iterable[Purchase], since: float, until: float) -> list[Money]:
    """What those of the span have cost, one sum per currency."""
    counted = (one for one in purchases if one.state not in NOT_SPENT and since <= one.at < until)
    return summed(one.price for one in counted)


def summed(amounts: Iterable[Money]) -> list[Money]:
    """One sum per currency, by currency."""
    found: dict[str, Decimal] = {}
    for amount, currency in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return [Money(found[currency], currency) for currency in sorted(found)]


def refused(budget: Budget, spent: Iterable[Money], price: Money) -> Money | None:
    """None when the price stays inside the budget; else what is left of it.

    Amounts of two currencies cannot be compared, so nothing is left where the price, or anything spent, is in another one.
    """
    limit, currency = budget.limit
    nothing = Money(Decimal(0), currency)
    if price.currency != currency or price.amount < 0:
        return nothing
    other = [one for one in spent if one.amount]
    if any(one.currency != currency for one in other):
        return nothing
    left = limit - sum((one.amount for one in other), Decimal(0))
    return None if price.amount <= left else Money(max(left, Decimal(0)), currency)


def month_of(now: float) -> tuple[float, float]:
    """The calendar month in UTC that an instant lies in: its first instant, and the first of the next month."""
    at = datetime.fromtimestamp(now, UTC)
    first = datetime(at.year, at.month, 1, tzinfo=UTC)
    following = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    return first.timestamp(), following.timestamp()


def written(money: Money) -> str:
    """For people: `12.50 USD`."""
    amount = money.amount
    exponent = amount.as_tuple().exponent
    return f"{amount if isinstance(exponent, int) and exponent < -2 else amount.quantize(Decimal('0.01'))} {money.currency}"
