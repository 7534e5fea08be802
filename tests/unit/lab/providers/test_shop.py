"""A shop: stock, money, delivery and expiry, each purchase in one booking."""

import pytest

from proxyfleet.lab.providers.shop import DAY, NoMoney, NoStock, Place, places_of


def test_a_purchase_is_one_booking(shop, clock):
    booked = shop.buy(2, 30, "us", note="pf-1")
    assert (booked.price, shop.balance, shop.spent()) == (3, 7, 1)
    one, two = shop.listed()
    assert (one.country, one.note, one.order, one.expires) == ("US", "pf-1", booked.number, clock() + 30 * DAY)
    assert one.place != two.place


def test_what_is_not_there_or_not_paid_is_not_booked(shop):
    shop.stock["US"] = 1
    with pytest.raises(NoStock):
        shop.buy(2, 1, "US")
    with pytest.raises(NoMoney):
        shop.buy(1, 3000, "US")
    assert (shop.booked, shop.balance, shop.in_stock("US")) == ([], 10, 1)


def test_slow_delivery(shop, clock):
    shop.slow = 60
    shop.buy(1, 1, "US")
    assert shop.listed() == []
    clock.advance(60)
    assert len(shop.listed()) == 1


def test_prolonging_and_replacing(shop, clock):
    shop.places = [Place("127.0.0.1", 1), Place("127.0.0.1", 2)]
    shop.buy(1, 1, "US")
    (one,) = shop.listed()
    shop.prolong([one.number], 2, renumber=True)
    assert (one.expires, one.number) == (clock() + 3 * DAY, 12)
    with pytest.raises(KeyError):
        shop.prolong([11], 2)
    shop.replace([12])
    (other,) = shop.listed()
    assert (other.place.port, other.expires, shop.spent("replace")) == (2, one.expires, 1)


async def test_proxies_of_a_lab_can_be_sold(lab, shop):
    places = places_of(lab.proxies, "u", "p")
    assert {one.scheme for one in places} == {"http", "socks5"}
    shop.places = places
    shop.buy(1, 1, "US")
    assert shop.listed()[0].place == Place(lab.proxies[0].host, lab.proxies[0].port, "u", "p", "http")
