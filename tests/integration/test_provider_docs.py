"""What the page on adding a provider shows works as it stands there: the description, and the file."""

import re
import ssl
import tomllib
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from proxyfleet.core.proxy import Secret
from proxyfleet.core.purchase import PurchaseState, Wish
from proxyfleet.core.settling import PATIENCE, VOID_AFTER
from proxyfleet.core.spending import NOT_SPENT
from proxyfleet.lab import HandClock
from proxyfleet.lab.providers import RestSite, Shop
from proxyfleet.lab.providers.faults import KINDS as FAULTS
from proxyfleet.net.calling import FRESH, Calls
from proxyfleet.net.checked import CheckedTransport
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.ports.buying import Refused
from proxyfleet.providers.kind import Account
from proxyfleet.providers.registry import open_provider
from proxyfleet.services.buying import CALL_WITHIN

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "howto" / "add-a-provider.md").read_text()
WISH = Wish(2, 30, "US")


def block(language: str) -> str:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]


@asynccontextmanager
async def acme():
    """A stand-in for the example's API, and calls that reach it."""
    clock = HandClock(1_764_000_000.0)
    transport = CheckedTransport(
        DestinationPolicy(allow_private=True), limits=FRESH, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    async with RestSite(Shop(clock)) as site:
        yield site, Calls(transport), clock
    await transport.aclose()


async def nobody_waits(_: float) -> None:
    pass


async def test_the_description_lists_quotes_buys_and_prolongs():
    section = tomllib.loads(block("toml"))["providers"]["acme"]
    async with acme() as (site, calls, clock):
        options = section["options"] | {"address": site.url, "allow_private": "yes"}
        provider = open_provider(section["kind"], "acme", site.key, calls, options, clock, sleep=nobody_waits)
        assert (await provider.quote(WISH)).price == (Decimal("3.0"), "USD")
        placed = await provider.buy(WISH, "pf-1")
        assert [item.note for item in placed.items] == ["pf-1", "pf-1"]
        items = [item async for page in provider.items() for item in page]
        assert items == list(placed.items)
        assert (await provider.quote(WISH, items)).price == (Decimal("3.0"), "USD")
        assert (await provider.prolong(items, 30)).price == (Decimal("3.0"), "USD")
        site.shop.balance *= 0
        with pytest.raises(Refused) as caught:
            await provider.buy(WISH, "pf-2")
        assert caught.value.code == "no_money"


async def test_the_file_is_a_provider():
    module: dict[str, object] = {}
    exec(compile(block("python"), "acme.py", "exec"), module)
    kind = module["KIND"]
    async with acme() as (site, calls, clock):
        options = {"address": site.url, "allow_private": "yes"}
        provider = kind.open(Account("acme", Secret(site.key), calls, options, clock, nobody_waits))
        placed = await provider.buy(WISH, "pf-1")
        assert [page async for page in provider.items()] == [list(placed.items)]
        assert provider.abilities == kind.abilities


def test_the_lab_page_names_every_fault():
    page = (DOCS / "reference" / "lab.md").read_text()
    assert [fault for fault in FAULTS if f"`{fault}`" not in page] == []


def test_the_page_on_money_tells_what_counts_as_spent_and_for_how_long_nobody_knows():
    page = (DOCS / "concepts" / "money.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \|$", page, re.MULTILINE))
    assert told == {state.value: "no" if state in NOT_SPENT else "yes" for state in PurchaseState}
    assert (CALL_WITHIN, "within a minute of its intent" in page) == (60.0, True)
    assert (PATIENCE, "older than ten minutes" in page) == (600.0, True)
    assert (VOID_AFTER, "only an hour after the intent" in page) == (3_600.0, True)
