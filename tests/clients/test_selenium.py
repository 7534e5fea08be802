"""Selenium in front of the gateway. `--proxy-server` carries no login and plain Selenium cannot answer Chromium's 407;
its users answer by a handler of WebDriver BiDi, or by an extension that they install. Needs the driver that belongs to
the installed Chromium, which not every system packs.
"""

import asyncio
import json
import shutil

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from tests.clients.test_browser import FLAGS, REFUSED, chromium
from tests.clients.test_matrix import HTTP, reached
from tests.clients.world import LOGINS, world

DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(DRIVER is None, reason="no chromedriver (Debian: apt-get install chromium-driver)")
MANIFEST = {
    "manifest_version": 3,
    "name": "login",
    "version": "1",
    "permissions": ["webRequest", "webRequestAuthProvider"],
    "host_permissions": ["<all_urls>"],
    "background": {"service_worker": "login.js"},
}
LOGIN_JS = """
const asked = new Set();
chrome.webRequest.onAuthRequired.addListener((challenge, answer) => {
  const first = challenge.isProxy && !asked.has(challenge.requestId);
  asked.add(challenge.requestId);
  answer(first ? { authCredentials: LOGIN } : { cancel: true });
}, { urls: ["<all_urls>"] }, ["asyncBlocking"]);
"""
ANSWERED = ("http-", "does not know this user name")
"""What stands on a page once a challenge was answered: the proxy that forwarded it, or the gateway's verdict."""
QUIET = ("--disable-default-apps", "--disable-features=OptimizationHints,MediaRouter", "--disable-domain-reliability")
"""What Playwright sets by itself, so that the browser asks for less of its own."""
STATUS = "return performance.getEntriesByType('navigation')[0].responseStatus"


def browser(server):
    """By the installed driver: Selenium fetches none by itself."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium()
    for flag in (*FLAGS, *QUIET, "--headless=new", f"--proxy-server={server}", "--proxy-bypass-list=<-loopback>"):
        options.add_argument(flag)
    options.accept_insecure_certs = options.enable_bidi = options.enable_webextensions = True
    driver = webdriver.Chrome(options, Service(DRIVER))
    driver.set_page_load_timeout(30)
    return driver


def said(driver, go):
    """(status, text) of the page that `go` loads; 407 where Chromium shows no page for it."""
    try:
        go()
    except WebDriverException as error:
        return 407 if any(word in error.msg for word in REFUSED) else 0, error.msg
    return driver.execute_script(STATUS), driver.page_source


def by_bidi(driver, login, urls, _):
    """One answer to each page's challenge. Chromium waits for ever if the page is loaded by `driver.get`."""
    asked = set()

    def answer(challenge):
        if challenge.url in asked:
            challenge.cancel()
        else:
            challenge.provide_credentials(*login)
        asked.add(challenge.url)

    driver.network.add_authentication_handler(answer)
    tab = driver.current_window_handle
    return [said(driver, lambda url=url: driver.browsing_context.navigate(tab, url, wait="complete")) for url in urls]


def by_extension(driver, login, urls, folder):
    """An extension is not awake yet when it is installed: the first page is loaded until it has answered."""
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    name, key = login
    (folder / "login.js").write_text(LOGIN_JS.replace("LOGIN", json.dumps({"username": name, "password": key})))
    driver.webextension.install(path=str(folder))
    for _ in range(50):
        _, text = said(driver, lambda: driver.get(urls[0]))
        if any(words in text for words in ANSWERED):
            break
    return by_nothing(driver, login, urls, folder)


def by_nothing(driver, _, urls, __):
    return [said(driver, lambda url=url: driver.get(url)) for url in urls]


WAYS = [(by_bidi, "right"), (by_bidi, "wrong"), (by_extension, "right"), (by_extension, "wrong"), (by_nothing, "none")]


def visits(server, way, login, urls, folder):
    driver = browser(server)
    try:
        return way(driver, login, urls, folder)
    finally:
        driver.quit()


@pytest.mark.parametrize("scheme", HTTP)
@pytest.mark.parametrize(("way", "name"), WAYS)
async def test_selenium(tmp_path, monkeypatch, scheme, way, name):
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")  # Selenium's own way to its driver
    folder = tmp_path / "extension"
    folder.mkdir()
    async with world(tmp_path) as served:
        target, server = served.lab.target, f"{scheme}://127.0.0.1:{served.port}"
        urls = [f"{place}/hello-{name}" for place in (target.url, target.tls_url)]
        told = await asyncio.to_thread(visits, server, way, LOGINS[name], urls, folder)
        assert [status for status, _ in told] == [200 if name == "right" else 407] * 2, told
        refusals = served.gateway.stats().refusals
        assert refusals["credentials_missing"] > 0, "a browser waits for the challenge"
        assert ("credentials_wrong" in refusals) == (name == "wrong"), "it was answered"
        if name != "right":
            assert not target.requests
            return
        assert all("http-" in text for _, text in told), "the proxy that forwarded it"
        target.requests = type(target.requests)(one for one in target.requests if one.path != "/favicon.ico")
        for proxy in served.lab.proxies:
            proxy.tally.refused.pop(502, None)  # Chromium by itself asks for sites that the lab does not have
        reached(served, "selenium")
