"""Proxy-Seller: delivered by and by, found by the number of the order, with ids that change."""

import pytest

from proxyfleet.core.proxy import ProxyType, Scheme
from proxyfleet.core.purchase import Wish
from proxyfleet.lab.providers import Place
from proxyfleet.ports.buying import Refused, Unclear
from proxyfleet.providers.registry import open_provider

from .conftest import NOW, WISH, listed


@pytest.fixture
async def at(open_at):
    return await open_at("proxyseller")


async def test_an_order_is_delivered_later_and_knows_its_number(at):
    at.shop.slow = 60.0
    placed = await at.provider.buy(WISH, "pf-1")
    assert placed.items == ()
    assert await listed(at.provider) == []
    at.clock.advance(60)
    items = await listed(at.provider)
    assert {one.order for one in items} == {placed.order}
    assert items[0].remote_id == "ipv4/11"
    assert at.site.requests[0].body == {
        "sectionCode": "ipv4", "countryId": "USA", "periodId": "1m", "quantity": 2, "paymentCode": "balance",
        "authorization": "", "coupon": "", "customTargetName": "pf-1", "generateAuth": "N",
    }  # fmt: skip


async def test_orders_are_two_seconds_apart(at):
    await at.provider.buy(WISH, "pf-1")
    await at.provider.buy(WISH, "pf-2")
    assert [round(wait, 3) for wait in at.waits] == [2.0]


async def test_ids_change_and_the_proxies_stay(at):
    at.shop.buy(2, 30, "US", sort="ipv4")
    items = await listed(at.provider)
    await at.provider.prolong(items, 30)
    again = await listed(at.provider)
    assert {one.remote_id for one in items}.isdisjoint(one.remote_id for one in again)
    assert [one.proxy.identity for one in items] == [one.proxy.identity for one in again]


async def test_some_sections_are_prolonged_by_orders(at):
    at.shop.buy(2, 30, "US", sort="ipv6")
    items = await listed(at.provider)
    assert (await at.provider.quote(Wish(2, 7), items)).price.amount == at.shop.cost(2, 7)
    await at.provider.prolong(items, 7)
    assert at.site.requests[-1].body == {"periodId": "1w", "paymentCode": "balance", "orderIds": ["12345"]}
    at.shop.buy(1, 30, "US", sort="isp")
    with pytest.raises(Refused, match="section by section"):
        await at.provider.prolong(await listed(at.provider), 7)


async def test_what_a_proxy_of_its_list_is(at):
    at.shop.places = [Place("198.51.100.7", 8080, "u", "p", "socks5")]
    at.site.comments = True
    at.shop.buy(1, 30, "FR", sort="mobile", note="pf-9")
    (item,) = await listed(at.provider)
    proxy = item.proxy
    assert (proxy.scheme, proxy.port, proxy.labels.country) == (Scheme.SOCKS5, 8080, "FR")
    assert (proxy.labels.type, item.note) == (ProxyType.MOBILE, "pf-9")
    assert 0 <= proxy.expires_at - (NOW + 30 * 86400) < 86400


async def test_a_quote_tells_the_warning(at):
    at.shop.balance *= 0
    assert "Insufficient" in (await at.provider.quote(WISH)).note


async def test_replacing_by_one_of_its_reasons_or_in_own_words(at):
    at.shop.buy(2, 30, "US", sort="ipv4")
    items = await listed(at.provider)
    await at.provider.replace(items[:1], "low speed")
    assert at.site.requests[-1].body["type"] == "LOW_SPEED"
    await at.provider.replace(items[1:], "it smells")
    assert (at.site.requests[-1].body["type"], at.site.requests[-1].body["comment"]) == ("CUSTOM", "it smells")


async def test_its_three_errors_at_once_are_one_that_nobody_can_tell(at):
    at.site.key = "another"
    with pytest.raises(Refused, match="the key is wrong, this address is not on its list") as caught:
        await at.provider.balance()
    assert caught.value.code == "no_access"


async def test_errors_with_and_without_a_code(at):
    at.shop.stock["US"] = 0
    with pytest.raises(Refused) as caught:
        await at.provider.buy(WISH, "tag")
    assert caught.value.code == "proxyseller_41"
    at.site.fault("short", on="buy")
    with pytest.raises(Unclear):
        await at.provider.buy(WISH, "tag")


@pytest.mark.parametrize(
    "wish",
    [Wish(1, 31, "US"), Wish(1, 30), Wish(1, 30, "US", {"section": "resident"}), Wish(1, 30, "US", {"period": "5y"})],
)
async def test_what_it_does_not_sell_is_not_asked_for(at, wish):
    with pytest.raises(Refused):
        await at.provider.buy(wish, "tag")
    assert at.site.calls == []


def test_the_currency_is_a_code():
    with pytest.raises(Exception, match="three letters"):
        open_provider("proxyseller", "main", "key", None, {"currency": "dollars"}, lambda: 0.0)
