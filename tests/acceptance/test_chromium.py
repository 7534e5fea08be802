"""A real browser behind the gateway: Chromium is challenged with 407, logs in, and loads pages of the lab's target."""

import random
import shutil

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from proxyfleet.clock import wall_clock
from proxyfleet.core.fleet import FleetState
from proxyfleet.gateway.keys import hash_key
from proxyfleet.gateway.server import Gateway
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.ports import GatewayUser

KEY = "a key with : and @"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-bypass-list=<-loopback>",
]


def chromium():
    """The installed browser; `.ci/run` installs it where it is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium found: install the package chromium (Debian: apt-get install chromium)"
    return found


@pytest.fixture
async def world():
    async with Lab(http=3, username="lab", password="lab-secret") as lab:
        fleet = FleetState(rng=random.Random(1))
        for number, proxy in enumerate(lab.proxies, start=1):
            fleet.add(proxy_of(proxy, id=number), wall_clock())
        user = GatewayUser("ada", hash_key(KEY, b"0123456789abcdef", n=1024))
        settings = GatewaySettings(listen=("127.0.0.1", 0), allow_private_targets=True, connect_ports=None)
        gateway = Gateway(fleet, {"ada": user}.get, wall_clock, settings)
        await gateway.start()
        yield lab, gateway
        await gateway.drain(1.0)


async def visit(gateway, url, password):
    """The status and text of a page loaded by Chromium with these credentials."""
    host, port = gateway.address
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            args=FLAGS,
            proxy={"server": f"http://{host}:{port}", "username": "ada", "password": password},
        )
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        try:
            answer = await page.goto(url, timeout=30_000)
            return (answer.status if answer else 0), await page.content()
        except PlaywrightError as error:
            assert "ERR_INVALID_AUTH_CREDENTIALS" in error.message, "Chromium's word for a 407 after its only try"  # noqa: PT017
            return 407, ""
        finally:
            await browser.close()


async def test_chromium_logs_in_and_loads_plain_and_tls_pages(world):
    lab, gateway = world
    for url in (lab.target.url, lab.target.tls_url):
        status, page = await visit(gateway, url, KEY)
        assert status == 200, url
        assert "http-" in page, "the target names the lab proxy that forwarded the request"
    for seen in lab.target.requests:
        assert not [name for name, _ in seen.headers if name.lower().startswith("proxy-")]


async def test_chromium_is_turned_away_with_a_wrong_key(world):
    lab, gateway = world
    served = lab.target.served
    status, _ = await visit(gateway, lab.target.url, "wrong")
    assert status == 407
    assert lab.target.served == served
