"""A real browser in front of the gateway: Playwright's Chromium is challenged with 407, logs in, and loads pages."""

import shutil

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright
from tests.clients.test_matrix import reached
from tests.clients.world import LOGINS, world

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
]
REFUSED = ("ERR_INVALID_AUTH_CREDENTIALS", "ERR_HTTP_RESPONSE_CODE_FAILURE")
"""Chromium's words for a 407 without an answer to it, and for a second one after a login."""


def chromium():
    """The installed browser; `.ci/run` installs it where it is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium found: install the package chromium (Debian: apt-get install chromium)"
    return found


async def visits(browser, server, login, urls):
    """(status, text) of each page in a context with these credentials; 407 where Chromium shows no page for it."""
    proxy = {"server": server, "bypass": "<-loopback>"}
    if login is not None:
        proxy |= {"username": login[0], "password": login[1]}
    context = await browser.new_context(ignore_https_errors=True, proxy=proxy)
    told = []
    for url in urls:
        page = await context.new_page()
        try:
            answer = await page.goto(url, timeout=30_000)
            told.append((answer.status if answer else 0, await page.content()))
        except PlaywrightError as error:
            told.append((407 if any(word in error.message for word in REFUSED) else 0, error.message))
    await context.close()
    return told


async def test_chromium(tmp_path):
    async with world(tmp_path) as served, async_playwright() as playwright:
        target = served.lab.target
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for scheme in ("http", "https"):
            for name, login in LOGINS.items():
                urls = [f"{place}/hello-{name}" for place in (target.url, target.tls_url)]
                told = await visits(browser, f"{scheme}://127.0.0.1:{served.port}", login, urls)
                assert [status for status, _ in told] == [200 if name == "right" else 407] * 2, (scheme, name, told)
                assert name != "right" or all("http-" in text for _, text in told), "the proxy that forwarded it"
        await browser.close()
        target.requests = type(target.requests)(one for one in target.requests if one.path != "/favicon.ico")
        reached(served, "chromium")
        assert served.gateway.stats().refusals["credentials_missing"] > 0, "a browser waits for the challenge"
