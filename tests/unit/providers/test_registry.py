"""What holds for every kind: accounts open or say why not, an order is sent once, money is judged right, keys are not told."""

import json
import logging
import traceback

import pytest

from proxyfleet.core.errors import FleetError
from proxyfleet.lab.providers.faults import AFTER
from proxyfleet.lab.providers.faults import KINDS as FAULTS
from proxyfleet.ports.buying import Away, ProviderError, Refused, Unclear
from proxyfleet.ports.calling import Answer
from proxyfleet.providers.asking import TO_LOOK, TO_SPEND
from proxyfleet.providers.registry import KINDS, open_provider

from .conftest import KEY, REST, WISH, listed

SELLERS = ("px6", "proxyseller", "rest")
SILENT = ("hang", "stall")
"""Faults that cost the time until the caller gives up: met at one kind only."""
ORDERS = [(kind, fault) for kind in SELLERS for fault in FAULTS if kind == "px6" or fault not in SILENT]


async def nobody(*_, **__):
    raise AssertionError("nothing is asked")


def refused(kind="px6", key="key", **options):
    with pytest.raises(FleetError) as caught:
        open_provider(kind, "main", key, nobody, options, lambda: 0.0)
    assert caught.value.code == "bad_provider"
    return str(caught.value)


def test_what_cannot_be_opened_says_why():
    assert "use one of: webshare, px6, proxyseller, rest" in refused("nosuch")
    assert "has no option 'colour'; use: address" in refused(colour="red")
    assert "key is empty" in refused(key="")
    assert "key" in refused(key="a\nb")
    assert "https://HOST/PATH" in refused(address="provider.example")
    assert "https://HOST/PATH" in refused(address="https://user:x@provider.example/")
    assert "yes or no" in refused(allow_private="perhaps")
    assert "mode is one of: direct, backbone" in refused("webshare", mode="odd")


def test_an_option_of_a_group_is_known():
    assert open_provider("rest", "main", "key", nobody, {"address": "https://a.example", "field.id": "x"}, lambda: 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_abilities_are_what_the_table_says(kind):
    options = {"address": "https://a.example"} | (REST | {"replace": "POST x"} if kind == "rest" else {})
    opened = open_provider(kind, "main", "key", nobody, options, lambda: 0.0)
    assert opened.abilities == KINDS[kind].abilities
    assert opened.name == "main"
    assert "key" not in repr(opened)


@pytest.mark.parametrize("kind", SELLERS)
async def test_the_way_of_an_order(open_at, kind):
    at = await open_at(kind)
    provider = at.provider
    assert await provider.balance() == (100, "USD")
    quote = await provider.quote(WISH)
    assert quote.price == (3, "USD")
    placed = await provider.buy(WISH, "tag-1")
    assert (placed.order, placed.price) == ("12345", (3, "USD"))
    items = await listed(provider)
    assert len(items) == 2
    assert at.shop.spent() == 1
    assert items[0].proxy.password.reveal() == "pass"
    assert items[0].proxy.labels.provider == "main"
    assert items[0].proxy.labels.country == "US"
    assert (await provider.quote(WISH, items)).price == (3, "USD")
    later = await provider.prolong(items, 30)
    assert later.price == (3, "USD")
    again = await listed(provider)
    assert [one.proxy.identity for one in again] == [one.proxy.identity for one in items]
    assert again[0].proxy.expires_at == items[0].proxy.expires_at + 30 * 86400
    assert at.shop.spent("prolong") == 1
    assert set(at.timeouts) == {TO_LOOK, TO_SPEND}


@pytest.mark.parametrize(("kind", "fault"), ORDERS)
async def test_an_order_that_met_a_fault_was_sent_once_and_is_never_called_refused(open_at, kind, fault):
    at = await open_at(kind)
    at.site.fault(fault, on="buy", retry_after=7 if fault == "429" else None)
    with pytest.raises(ProviderError) as caught:
        await at.provider.buy(WISH, "tag-1")
    assert at.site.calls == ["buy"]
    assert at.shop.spent() == (fault in AFTER)
    assert type(caught.value) is (Away if fault == "429" else Unclear)
    if fault == "429":
        assert caught.value.retry_after == 7
    at.site.heal()
    assert len(await listed(at.provider)) == 2 * (fault in AFTER)


@pytest.mark.parametrize("fault", ["lost", "html after", "cut"])
@pytest.mark.parametrize("kind", SELLERS)
async def test_so_is_a_prolongation(open_at, kind, fault):
    at = await open_at(kind)
    at.shop.buy(2, 30, "US", sort="ipv4" if kind == "proxyseller" else "4")
    items = await listed(at.provider)
    at.site.calls.clear()
    at.site.fault(fault)
    with pytest.raises(Unclear):
        await at.provider.prolong(items, 30)
    assert at.site.calls == ["prolong"]
    assert at.shop.spent("prolong") == 1


@pytest.mark.parametrize("kind", SELLERS)
async def test_nobody_there_means_nothing_ordered(open_at, kind):
    at = await open_at(kind)
    at.site.go_away()
    with pytest.raises(Away, match="nothing was ordered"):
        await at.provider.buy(WISH, "tag-1")
    at.site.come_back()
    await at.provider.buy(WISH, "tag-1")
    assert at.shop.spent() == 1


@pytest.mark.parametrize("kind", SELLERS)
async def test_a_no_of_the_provider_is_refused_and_costs_nothing(open_at, kind):
    at = await open_at(kind)
    at.shop.balance = at.shop.balance * 0
    with pytest.raises(Refused) as caught:
        await at.provider.buy(WISH, "tag-1")
    assert caught.value.code == "no_money"
    assert at.shop.booked == []


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in SILENT])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_list_that_cannot_be_read_is_told_and_never_half_a_list(open_at, kind, fault):
    at = await open_at(kind)
    at.shop.buy(3, 30, "US")
    at.site.fault(fault)
    with pytest.raises(Away):
        await listed(at.provider)
    at.site.heal()
    assert len(await listed(at.provider)) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_no_error_no_log_line_and_no_repr_knows_the_key(open_at, kind, caplog):
    caplog.set_level(logging.DEBUG)
    at = await open_at(kind)
    told = [repr(at.provider), str(vars(at.provider).get("_account"))]
    for fault in ("500", "drop", "html", "types", "cut", "away", None):
        at.site.heal()
        if fault is not None:
            at.site.fault(fault)
        for errand in (listed(at.provider), at.provider.buy(WISH, "tag"), at.provider.balance()):
            try:
                await errand
            except ProviderError as error:
                told += [str(error), repr(error), "".join(traceback.format_exception(error))]
                told.append(repr(error.__context__))
    text = caplog.text + "".join(told)
    assert "canary" not in text
    assert len(told) > 30


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_echoes_the_key_is_shown_without_it(kind):
    async def echo(method, url, **_):
        text = f"bad key {KEY} in {url}"
        told = {
            "webshare": {"detail": text},
            "px6": {"status": "no", "error_id": 100, "error": text},
            "proxyseller": {"status": "error", "errors": [{"code": 3, "message": text}]},
            "rest": {"error": {"code": "E1", "message": text}},
        }
        return Answer(401, {}, json.dumps(told[kind]).encode())

    options = {"address": "https://a.example/x"} | (REST if kind == "rest" else {})
    provider = open_provider(kind, "main", KEY, echo, options, lambda: 0.0)
    with pytest.raises(ProviderError) as caught:
        await listed(provider)
    assert "canary" not in str(caught.value)
    assert "***" in str(caught.value)
