"""Purchases between records and rows, for every backend with tables: money is decimal text, mappings are JSON. No database."""

import json
from collections.abc import Iterable
from decimal import Decimal

from proxyfleet.core.purchase import Money, Purchase, PurchaseState, Wish
from proxyfleet.core.spending import NOT_SPENT, summed
from proxyfleet.stores.records import Row

COLUMNS = (
    "tag", "provider", "verb", "wish", "amount", "currency", "at", "cause", "expiries", "state", "order_id", "because",
    "settled",
)  # fmt: skip


def to_row(purchase: Purchase) -> Row:
    """`COLUMNS` of a purchase."""
    wish, price = purchase.wish, purchase.price
    told = {"count": wish.count, "days": wish.days, "country": wish.country, "terms": dict(wish.terms)}
    return (
        purchase.tag,
        purchase.provider,
        purchase.verb,
        json.dumps(told, ensure_ascii=False),
        str(price.amount),
        price.currency,
        purchase.at,
        purchase.cause,
        json.dumps(dict(purchase.expiries), ensure_ascii=False),
        purchase.state.value,
        purchase.order,
        purchase.because,
        purchase.settled,
    )


def from_row(row: Row) -> Purchase:
    """The purchase of `COLUMNS`."""
    tag, provider, verb, wish, amount, currency, at, cause, expiries, state, order, because, settled = row
    return Purchase(
        tag,
        provider,
        verb,
        Wish(**json.loads(wish)),
        Money(Decimal(amount), currency),
        at,
        cause,
        json.loads(expiries),
        PurchaseState(state),
        order,
        because,
        settled,
    )


def spent(rows: Iterable[Row]) -> list[Money]:
    """What rows of (amount, currency, state) have cost, one sum per currency."""
    return summed(
        Money(Decimal(amount), currency) for amount, currency, state in rows if PurchaseState(state) not in NOT_SPENT
    )
