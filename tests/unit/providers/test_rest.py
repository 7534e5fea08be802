"""Any REST API by its description, tried on that of a real seller whose own example expires on the thirtieth of February."""

from decimal import Decimal

import pytest

from proxyfleet.core.purchase import Wish
from proxyfleet.ports.buying import Away, Refused
from proxyfleet.ports.calling import Answer
from proxyfleet.providers.kind import BadProvider
from proxyfleet.providers.registry import open_provider

from .conftest import KEY, REST, WISH, listed


@pytest.fixture
async def at(open_at):
    return await open_at("rest")


def over(*answers, **options):
    """An account whose calls get these bodies one after the other."""
    asked = []

    async def call(method, url, *, headers, body=None, timeout):  # noqa: ASYNC109
        asked.append((method, url, headers, body))
        return Answer(200, {}, answers[len(asked) - 1])

    told = {"address": "https://a.example/v1", "list": "proxies"} | options
    return open_provider("rest", "main", "canary", call, told, lambda: 0.0), asked


async def test_a_date_that_is_none_loses_no_proxy(at):
    at.shop.buy(2, 30, "US")
    at.site.odd_dates = True
    items = await listed(at.provider)
    assert [one.proxy.expires_at for one in items] == [None, None]
    assert "2021-02-30" in items[0].proxy.details.notes
    assert items[0].proxy.labels.cost_per_month == Decimal("3.5")


async def test_pages_by_offset(open_at):
    at = await open_at("rest", **{"list.limit": "10"})
    at.shop.buy(25, 30, "US")
    assert len(await listed(at.provider)) == 25
    assert [asked.query["offset"] for asked in at.site.requests][:3] == ["0", "10", "20"]


async def test_a_purchase_has_its_tag_and_its_proxies(at):
    placed = await at.provider.buy(WISH, "pf-1")
    assert [(one.note, one.order) for one in placed.items] == [("pf-1", "12345")] * 2
    assert at.site.requests[0].body == {"count": 2, "days": 30, "country": "US", "note": "pf-1"}


async def test_errors_by_code_and_by_status(at):
    at.shop.stock["US"] = 1
    with pytest.raises(Refused, match="not so many") as caught:
        await at.provider.buy(WISH, "tag")
    assert caught.value.code == "no_stock"
    at.site.key = "another"
    with pytest.raises(Refused) as caught:
        await at.provider.balance()
    assert caught.value.code == "rest_E1"


async def test_links_and_places_inside_of_answers():
    pages = [
        b'{"d": {"rows": [{"id": 1, "host": "198.51.100.1", "port": 80}]}, "l": {"next": "/v1/proxies?p=2"}, "n": "2"}',
        b'{"d": {"rows": [{"id": 2, "host": "198.51.100.2", "port": "81"}]}, "l": {"next": null}, "n": "2"}',
    ]
    places = {"list.rows": "d.rows", "list.next": "l.next", "list.total": "n", "field.scheme": "=socks5"}
    provider, asked = over(*pages, *pages, **places, allow_private="yes")
    items = await listed(provider)
    assert [(one.remote_id, one.proxy.address) for one in items] == [
        ("1", "socks5://198.51.100.1:80"),
        ("2", "socks5://198.51.100.2:81"),
    ]
    assert asked[1][1] == "https://a.example/v1/proxies?p=2"
    assert asked[0][2] == {"Authorization": "Bearer canary"}
    provider, asked = over(b'{"rows": [], "next": "https://b.example/"}', **{"list.rows": "rows", "list.next": "next"})
    with pytest.raises(Away, match="another host"):
        await listed(provider)


async def test_one_that_is_being_prepared_is_no_proxy_yet_and_one_that_was_renamed_is_an_error():
    provider, _ = over(b'[{"id": 1, "host": null, "port": null}]', allow_private="yes")
    assert await listed(provider) == []
    provider, _ = over(b'[{"id": 1, "hostname": "198.51.100.1", "prt": 80}]')
    with pytest.raises(Away, match="host is missing"):
        await listed(provider)


async def test_what_is_filled_in_is_quoted_and_keys_may_stand_anywhere():
    options = {"header.X-Key": "k {key}", "buy": "buy/{key}?n={count}&note={tag}&x={term.plan}", "buy.price": "p"}
    provider, asked = over(b'{"id": "o"}', **options)
    placed = await provider.buy(Wish(1, 2, terms={"plan": "a&b"}), "t/../?{key}")
    assert placed == ("o", None, ())
    assert asked[0][1] == "https://a.example/v1/buy/canary?n=1&note=t%2F..%2F%3F%7Bkey%7D&x=a%26b"
    assert asked[0][2] == {"X-Key": "k canary"}
    with pytest.raises(Refused, match="knows no term 'odd'; use: plan"):
        await provider.buy(Wish(1, 2, terms={"odd": ""}), "tag")


async def test_without_a_description_nothing_is_offered():
    provider, _ = over(list="")
    assert provider.abilities == frozenset()
    for errand in (
        provider.balance(), provider.quote(WISH), provider.buy(WISH, "t"), provider.prolong([], 1), provider.replace([], "")
    ):  # fmt: skip
        with pytest.raises(Refused):
            await errand
    with pytest.raises(Refused):
        provider.items()


async def test_replacing_and_prolonging_name_the_proxies(open_at):
    at = await open_at(
        "rest", replace="POST orders/extend", **{"replace.body": '{"ids": "{ids}", "days": 1, "why": "{reason}"}'}
    )
    at.shop.buy(2, 30, "US")
    items = await listed(at.provider)
    await at.provider.replace(items, "slow")
    assert at.site.requests[-1].body == {"ids": ["11", "12"], "days": 1, "why": "slow"}
    with pytest.raises(Refused):
        await at.provider.prolong([], 3)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"buy": "POST x/{nosuch}"}, "buy {nosuch} stands for nothing"),
        ({"buy.body": "{count}"}, "buy.body is no JSON"),
        ({"list.limit": "many"}, "list.limit"),
        ({"field.colour": "x"}, "field.colour is no part"),
        ({"list.colour": "x"}, "list.colour is no part"),
        ({"address": ""}, "https://HOST/PATH"),
    ],
)
def test_a_description_that_cannot_be_used_is_told_when_it_is_read(options, problem):
    with pytest.raises(BadProvider) as caught:
        open_provider("rest", "main", KEY, None, {"address": "https://a.example"} | REST | options, lambda: 0.0)
    assert problem in str(caught.value)
    assert KEY not in str(caught.value)
