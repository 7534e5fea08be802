"""PX6: three calls a second, errors with status 200, tags that come back, and GETs that are sent once."""

from itertools import pairwise

import pytest

from proxyfleet.core.proxy import Scheme
from proxyfleet.core.purchase import Item, Wish
from proxyfleet.lab.providers import Place
from proxyfleet.ports.buying import Away, Refused, Unclear
from proxyfleet.providers.px6 import PAGE

from .conftest import KEY, NOW, WISH, listed


@pytest.fixture
async def at(open_at):
    return await open_at("px6")


async def test_a_purchase_comes_at_once_and_with_its_tag(at):
    at.shop.places = [Place("198.51.100.7", 8080, "u", "p", "socks5")]
    placed = await at.provider.buy(Wish(1, 20, "RU", {"version": "3", "auto_prolong": "yes"}), "pf-1")
    (item,) = placed.items
    assert (item.remote_id, item.note, item.proxy.scheme) == ("11", "pf-1", Scheme.SOCKS5)
    assert item.proxy.expires_at == NOW + 20 * 86400
    asked = at.site.requests[0]
    assert asked.path == f"{KEY}/buy/"
    assert asked.query == {
        "count": "1", "period": "20", "country": "ru", "version": "3", "type": "http", "descr": "pf-1", "auto_prolong": "",
    }  # fmt: skip
    assert await listed(at.provider) == [item]


async def test_it_is_asked_three_times_a_second_at_most(at):
    at.site.strict = True
    started = []
    at.site.before.append(lambda _: started.append(at.clock()))
    for _ in range(8):
        await at.provider.balance()
    assert all(b - a >= 0.34 for a, b in pairwise(started))


@pytest.mark.parametrize(
    ("error", "code"),
    [(100, "bad_key"), (200, "bad_terms"), (300, "no_stock"), (400, "no_money"), (404, "not_found"), (777, "px6_777")],
)
async def test_its_errors_have_stable_codes(at, error, code):
    at.site.error = error
    with pytest.raises(Refused) as caught:
        await at.provider.buy(WISH, "tag")
    assert caught.value.code == code
    assert f"error {error}" in str(caught.value)


async def test_its_unknown_error_after_an_order_is_unclear(at):
    at.site.error = 30
    with pytest.raises(Unclear):
        await at.provider.buy(WISH, "tag")


async def test_a_wrong_key_is_refused(at):
    at.site.key = "another"
    with pytest.raises(Refused) as caught:
        await at.provider.balance()
    assert caught.value.code == "bad_key"


async def test_a_quote_asks_for_the_stock_first(at):
    at.shop.stock["US"] = 1
    with pytest.raises(Refused, match="it has 1 of these") as caught:
        await at.provider.quote(WISH)
    assert caught.value.code == "no_stock"
    assert (await at.provider.quote(Wish(1, 30, "US"))).note == "1 in stock"


async def test_a_prolongation_is_quoted_by_version_and_only_if_all_are_there(at):
    at.shop.buy(1, 30, "US", sort="4")
    at.shop.buy(2, 30, "US", sort="6")
    items = await listed(at.provider)
    assert (await at.provider.quote(Wish(3, 30), items)).price.amount == at.shop.cost(3, 30)
    versions = [asked.query["version"] for asked in at.site.requests if "getprice" in asked.path]
    assert versions == ["4", "6"]
    with pytest.raises(Refused, match="does not list 1 of these"):
        await at.provider.quote(Wish(3, 30), [*items, Item("99", items[0].proxy)])


async def test_prolonged_ones_expire_later(at):
    at.shop.buy(2, 30, "US")
    items = await listed(at.provider)
    placed = await at.provider.prolong(items, 10)
    assert [one.proxy.expires_at for one in placed.items] == [NOW + 40 * 86400] * 2
    with pytest.raises(Refused):
        await at.provider.prolong([], 10)


async def test_a_lost_answer_is_found_again_by_its_tag(at):
    at.site.fault("cut", on="buy", times=1)
    with pytest.raises(Unclear):
        await at.provider.buy(WISH, "pf-7")
    assert [one.note for one in await listed(at.provider)] == ["pf-7", "pf-7"]
    assert at.shop.spent() == 1


async def test_full_pages_are_followed_by_others_and_the_list_is_read_again(at):
    at.shop.balance *= 1000
    at.shop.stock["US"] = 5000
    at.shop.buy(PAGE + 5, 1, "US")
    assert len(await listed(at.provider)) == PAGE + 5
    assert [asked.query["page"] for asked in at.site.requests] == ["1", "2", "1", "2"]


async def test_mtproto_proxies_are_none_of_ours_and_expired_ones_are(at):
    at.shop.buy(1, 30, "US", sort="5")
    at.shop.buy(1, 1, "US")
    at.clock.advance(2 * 86400)
    assert [one.remote_id for one in await listed(at.provider)] == ["12"]


@pytest.mark.parametrize(
    "wish",
    [Wish(1, 30), Wish(1, 30, "US", {"version": "9"}), Wish(1, 30, "US", {"type": "x"}), Wish(1, 30, "US", {"a": "b"})],
)
async def test_what_it_would_not_understand_is_not_asked(at, wish):
    with pytest.raises(Refused):
        await at.provider.buy(wish, "tag")
    with pytest.raises(Refused):
        await at.provider.buy(WISH, "t" * 51)
    assert at.site.calls == []


async def test_private_addresses_are_refused_unless_wanted(open_at):
    at = await open_at("px6", allow_private="no")
    at.shop.places = [Place("127.0.0.1", 80)]
    at.shop.buy(1, 30, "US")
    with pytest.raises(Away, match="proxy 11: "):
        await listed(at.provider)
