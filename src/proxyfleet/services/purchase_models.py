"""Purchases, prices and listed proxies as faces show them: plain values for JSON and tables. Decides nothing."""

from typing import Any

from proxyfleet.core.purchase import Item, Money, Purchase
from proxyfleet.core.spending import written
from proxyfleet.services.read_models import instant

Shown = dict[str, Any]
"""Any: JSON values of many types."""


def shown_purchase(purchase: Purchase) -> Shown:
    """One order, without the names of the proxies that it was judged by."""
    wish = purchase.wish
    return {
        "tag": purchase.tag,
        "provider": purchase.provider,
        "verb": purchase.verb,
        "state": purchase.state.value,
        "count": wish.count,
        "days": wish.days,
        "country": wish.country or None,
        "price": shown_money(purchase.price),
        "at": instant(purchase.at),
        "settled": instant(purchase.settled),
        "order": purchase.order or None,
        "cause": purchase.cause,
        "because": purchase.because,
    }


def shown_money(money: Money | None) -> str | None:
    """`12.50 USD`."""
    return None if money is None else written(money)


def shown_item(item: Item) -> Shown:
    """One proxy of an account's list, without its credentials."""
    proxy = item.proxy
    return {
        "remote_id": item.remote_id,
        "address": proxy.address,
        "country": proxy.labels.country,
        "expires": instant(proxy.expires_at),
        "note": item.note or None,
    }
