"""Webshare: pages that move, links that lead away, replacements that take their time."""

import pytest

from proxyfleet.core.proxy import Kind, ProxyType, Scheme
from proxyfleet.ports.buying import Away, Refused, Unclear

from .conftest import WISH, listed


@pytest.fixture
async def at(open_at):
    opened = await open_at("webshare")
    opened.shop.balance *= 100
    return opened


async def test_its_list(at):
    at.shop.buy(230, 30, "US")
    items = await listed(at.provider)
    assert len({one.remote_id for one in items}) == len(items) == 230
    assert items[0].remote_id == "d-11"
    assert items[0].proxy.expires_at is None
    first = at.site.requests[0]
    assert (first.query["mode"], first.query["page_size"], first.token) == ("direct", "100", at.site.key)
    assert at.site.calls.count("list") == 6  # three pages, read again because they might have moved


async def test_a_list_that_shifts_between_two_pages_loses_nobody(at):
    at.shop.buy(150, 30, "US")
    numbers, seen = list(at.shop.sold), []

    def shift(_):
        seen.append(1)
        if len(seen) == 2:
            del at.shop.sold[numbers[3]]

    at.site.before.append(shift)
    items = await listed(at.provider)
    assert len({one.remote_id for one in items}) == len(items)
    assert {f"d-{number}" for number in at.shop.sold} <= {one.remote_id for one in items}


async def test_a_swap_that_keeps_the_length_loses_nobody_either(at):
    at.shop.buy(150, 30, "US")
    numbers, seen = list(at.shop.sold), []

    def swap(_):
        seen.append(1)
        if len(seen) == 2:
            at.shop.replace([numbers[3]])

    at.site.before.append(swap)
    found = {one.remote_id for one in await listed(at.provider)}
    assert {f"d-{number}" for number in at.shop.sold} <= found


async def test_a_list_that_never_rests_is_told(at):
    at.shop.buy(150, 30, "US")
    at.site.before.append(lambda _: at.shop.replace([next(iter(at.shop.sold))]))
    with pytest.raises(Away, match="changes while it is read"):
        await listed(at.provider)


@pytest.mark.parametrize("host", ["http://198.51.100.1", "https://127.0.0.1", "http://127.0.0.1:1"])
async def test_the_next_page_is_not_asked_of_somebody_else(at, host):
    at.shop.buy(150, 30, "US")
    at.site.next_host = host
    with pytest.raises(Away, match="another host, which is not asked"):
        await listed(at.provider)
    assert at.site.calls == ["list"]


async def test_residential_pools_are_at_the_gateway_and_rotate(open_at):
    at = await open_at("webshare", mode="backbone", scheme="socks5", plan="7")
    at.shop.buy(1, 30, "US")
    at.site.pooled = True
    (item,) = await listed(at.provider)
    proxy = item.proxy
    assert (proxy.host, proxy.scheme, proxy.labels.kind) == ("p.webshare.io", Scheme.SOCKS5, Kind.ROTATING)
    assert proxy.labels.type is ProxyType.RESIDENTIAL
    assert at.site.requests[0].query["plan_id"] == "7"
    with pytest.raises(Refused, match="residential"):
        await at.provider.replace([item], "slow")


async def test_a_replacement_is_followed_to_its_end(at):
    at.shop.buy(2, 30, "US")
    items = await listed(at.provider)
    placed = await at.provider.replace(items[:1], "slow")
    assert placed.order == "12346"
    assert at.site.calls[1:] == ["replace", "progress", "progress", "progress"]
    assert at.site.requests[1].body == {
        "to_replace": {"type": "ip_range", "ip_ranges": [f"{items[0].proxy.host}/32"]},
        "replace_with": [{"type": "country", "country_code": "US"}],
        "dry_run": False,
    }
    assert items[0].remote_id not in {one.remote_id for one in await listed(at.provider)}


async def test_one_that_fails_is_refused_with_its_code(at):
    at.shop.buy(1, 30, "US")
    at.site.outcome = "failed"
    with pytest.raises(Refused, match="not enough proxies") as caught:
        await at.provider.replace(await listed(at.provider), "slow")
    assert caught.value.code == "replace_not_enough_proxies"


async def test_one_whose_progress_cannot_be_seen_was_placed_all_the_same(at):
    at.shop.buy(1, 30, "US")
    items = await listed(at.provider)
    at.site.fault("500", on="progress")
    assert (await at.provider.replace(items, "slow")).order
    assert at.site.calls.count("replace") == 1
    at.site.heal()
    at.site.before.append(lambda name: setattr(at.site, "key", "gone" if name == "progress" else at.site.key))
    assert (await at.provider.replace(await listed(at.provider), "slow")).order
    assert at.shop.spent("replace") == 2


async def test_one_whose_answer_is_lost_is_unclear(at):
    at.shop.buy(1, 30, "US")
    items = await listed(at.provider)
    at.site.fault("lost", on="replace")
    with pytest.raises(Unclear):
        await at.provider.replace(items, "slow")
    assert at.shop.spent("replace") == 1


async def test_what_it_does_not_do(at):
    for errand in (at.provider.buy(WISH, "tag"), at.provider.balance(), at.provider.replace([], "x")):
        with pytest.raises(Refused):
            await errand
