"""What faces show of purchases: everything a person needs, nothing secret."""

import json
from decimal import Decimal

from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.core.purchase import Item, Money, Purchase, Wish
from proxyfleet.services.purchase_models import shown_item, shown_money, shown_purchase


def test_a_purchase_is_plain_values():
    one = Purchase("pf-1", "shop", "buy", Wish(2, 30, "DE"), Money(Decimal("1.5"), "USD"), 0.0, expiries={"x": None})
    told = shown_purchase(one)
    assert (told["state"], told["price"], told["at"], told["settled"]) == (
        "intended",
        "1.50 USD",
        "1970-01-01T00:00:00Z",
        None,
    )
    assert "expiries" not in json.loads(json.dumps(told))
    assert shown_money(None) is None


def test_an_item_hides_its_credentials():
    told = shown_item(Item("7", Proxy(Scheme.HTTP, "h", 1, "user", Secret("canary"), expires_at=0.0), "pf-1"))
    assert told == {
        "remote_id": "7",
        "address": "http://h:1",
        "country": None,
        "expires": "1970-01-01T00:00:00Z",
        "note": "pf-1",
    }
