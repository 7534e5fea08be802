"""Accounts at stand-ins, over real HTTP on loopback; time stands still unless somebody waits, and no wait is real."""

import ssl
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import NamedTuple

import pytest

from proxyfleet.core.purchase import Wish
from proxyfleet.lab import HandClock
from proxyfleet.lab.providers import ProviderSite, ProxySellerSite, Px6Site, RestSite, Shop, WebshareSite
from proxyfleet.net.calling import FRESH, Calls
from proxyfleet.net.checked import CheckedTransport
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.providers.registry import open_provider

KEY = "canary-k/y+7 =%"
NOW = 1_764_000_000.0
SILENCE = 0.5
"""Seconds until a call gives up, where silence is what the stand-in was told to have."""
SITES = {"webshare": WebshareSite, "px6": Px6Site, "proxyseller": ProxySellerSite, "rest": RestSite}
REST = {
    "list": "proxy?limit={limit}&offset={offset}",
    "field.id": "reference",
    "field.host": "connection_address",
    "field.port": "proxy_port",
    "field.expires": "expires_at",
    "field.exit": "proxy_address",
    "balance": "account",
    "balance.amount": "money.amount",
    "balance.currency": "money.currency",
    "quote": "POST orders/quote",
    "quote.body": '{"count": "{count}", "days": "{days}", "country": "{country}"}',
    "quote.price": "total",
    "prolong_quote": "POST orders/quote",
    "prolong_quote.body": '{"ids": "{ids}", "days": "{days}"}',
    "prolong_quote.price": "total",
    "buy": "POST orders",
    "buy.body": '{"count": "{count}", "days": "{days}", "country": "{country}", "note": "{tag}"}',
    "buy.price": "total",
    "buy.rows": "proxies",
    "prolong": "POST orders/extend",
    "prolong.body": '{"ids": "{ids}", "days": "{days}"}',
    "prolong.price": "total",
    "error": "error",
    "error.code": "error.code",
    "error.codes": "E43=no_money, E44=no_stock",
}
"""The stand-in for any API, as the settings would describe it."""
WISH = Wish(2, 30, "US")


class Opened(NamedTuple):
    """An account, what stands behind it, and what was waited for."""

    provider: object
    site: ProviderSite
    shop: Shop
    clock: HandClock
    waits: list[float]
    timeouts: list[float]


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    transport = CheckedTransport(
        DestinationPolicy(allow_private=True), limits=FRESH, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    yield Calls(transport, largest=1 << 20)
    await transport.aclose()


@pytest.fixture
async def open_at(calls):
    """`await open_at("px6")`: an account at a running stand-in."""
    running = []

    async def opened(kind: str, **options: str) -> Opened:
        clock = HandClock(NOW)
        shop = Shop(clock, balance=Decimal(100))
        site = await SITES[kind](shop, key=KEY).__aenter__()
        running.append(site)
        waits, timeouts = [], []

        async def sleep(seconds):
            waits.append(seconds)
            clock.advance(seconds)

        async def call(method, url, *, headers, body=None, timeout):  # noqa: ASYNC109
            timeouts.append(timeout)
            silent = any(fault in ("hang", "stall") for fault in site.faults)
            return await calls(method, url, headers=headers, body=body, timeout=SILENCE if silent else 5.0)

        told = {"address": site.url, "allow_private": "yes"} | (REST if kind == "rest" else {}) | options
        provider = open_provider(kind, "main", KEY, call, told, clock, sleep=sleep)
        return Opened(provider, site, shop, clock, waits, timeouts)

    yield opened
    for site in running:
        await site.__aexit__()


async def listed(provider):
    """All items."""
    return [item async for page in provider.items() for item in page]
