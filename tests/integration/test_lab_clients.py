"""Real clients through every kind of lab proxy: curl, requests and aiohttp."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import requests

from proxyfleet.lab import Lab


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab(http=1, https=1, socks4=1, socks5=1, rotating=1, username="lab", password="p:w/") as running:
        yield running


async def curl(*arguments: str) -> tuple[int, str]:
    """Exit code and output (standard error when it failed)."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", "--max-time", "10", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    return process.returncode or 0, (out or error).decode()


SHAPES = [
    ("http-1", "--proxy"),
    ("https-1", "--proxy"),
    ("socks4-1", "--socks4"),
    ("socks4-1", "--socks4a"),
    ("socks5-1", "--socks5"),
    ("socks5-1", "--socks5-hostname"),
]


def proxy_options(lab: Lab, name: str, option: str) -> list[str]:
    proxy, ca = lab[name], str(lab.ca_file)
    scheme = "https://" if name == "https-1" else "http://" if name == "http-1" else ""
    login = "lab:" if name == "socks4-1" else "lab:p:w/"
    return [option, f"{scheme}127.0.0.1:{proxy.port}", "--proxy-user", login, "--proxy-insecure", "--cacert", ca]


@pytest.mark.parametrize(("name", "option"), SHAPES)
async def test_curl_reaches_both_targets_through_every_kind(lab: Lab, name: str, option: str) -> None:
    by_name = option not in ("--socks4", "--socks5")
    places = ("http://shop.lab", "https://shop.lab") if by_name else (lab.target.url, lab.target.tls_url)
    for place in places:
        code, answer = await curl(*proxy_options(lab, name, option), f"{place}/hello")
        assert code == 0, answer
        seen = json.loads(answer)
        assert (seen["proxy"], seen["path"], seen["tls"]) == (name, "/hello", place.startswith("https"))
    assert not [
        header for visit in lab.target.requests for header, _ in visit.headers if header.lower().startswith("proxy-")
    ]


@pytest.mark.parametrize(("name", "option"), SHAPES)
async def test_curl_is_turned_away_with_wrong_credentials(lab: Lab, name: str, option: str) -> None:
    options = proxy_options(lab, name, option)
    options[3] = "lob:no"
    code, answer = await curl(*options, "--fail", f"{lab.target.tls_url}/")
    assert code != 0, answer
    assert lab[name].tally.refused == {407: 1}
    assert not lab.target.requests


async def test_curl_trusts_the_https_proxy_by_the_ca_file(lab: Lab) -> None:
    code, answer = await curl("--proxy", lab["https-1"].url, "--proxy-cacert", str(lab.ca_file), "http://a.lab/bytes/3")
    assert (code, answer) == (0, "012")
    code, _ = await curl("--proxy", lab["https-1"].url, "http://a.lab/bytes/3")
    assert code == 60


async def test_sessions_of_a_rotating_proxy_keep_their_exit(lab: Lab) -> None:
    rotating = lab["rotating-1"].url
    exits = []
    for session in ("-session-a", "-session-a", "-session-b", "", ""):
        _, answer = await curl("--proxy", rotating.replace("//lab:", f"//lab{session}:"), "http://a.lab/")
        seen = json.loads(answer)
        assert seen["client"] == seen["exit"]
        exits.append(seen["exit"])
    assert exits[0] == exits[1]
    assert len(set(exits)) == 4


async def test_damaged_tls_is_noticed_and_damaged_text_is_not(lab: Lab) -> None:
    lab["http-1"].behave(mangle=True)
    code, _ = await curl("--proxy", lab["http-1"].url, "--cacert", str(lab.ca_file), "https://a.lab/")
    assert code != 0
    assert (await curl("--proxy", lab["http-1"].url, "http://a.lab/bytes/3"))[1] == "\x1012"


async def test_large_bodies_pass_whole(lab: Lab) -> None:
    size = 20_000_000
    for name in ("http-1", "https-1", "socks5-1"):
        url = lab[name].url.replace("socks5:", "socks5h:")
        write = ("--output", "/dev/null", "--write-out", "%{size_download}")
        ca = ("--proxy-insecure", "--cacert", str(lab.ca_file))
        code, got = await curl("--proxy", url, *ca, *write, f"https://a.lab/bytes/{size}")
        assert (code, got) == (0, str(size))


async def test_requests(lab: Lab) -> None:
    proxies = {"http": lab["http-1"].url, "https": lab["http-1"].url}

    def visit() -> tuple[int, str, bytes]:
        with requests.Session() as session:
            session.proxies, session.verify, session.trust_env = proxies, str(lab.ca_file), False
            first = session.post("http://shop.lab/echo", data=b"x" * 100_000, timeout=5)
            second = session.get("https://shop.lab/redirect/3", timeout=5)
            session.get("http://shop.lab/cookies", timeout=5)
            return first.status_code, second.json()["proxy"], session.get("http://shop.lab/cookies", timeout=5).content

    status, proxy, cookies = await asyncio.to_thread(visit)
    assert (status, proxy, json.loads(cookies)) == (200, "http-1", {"visits": "1"})


async def test_aiohttp(lab: Lab) -> None:
    trust = ssl.create_default_context(cafile=str(lab.ca_file))
    async with aiohttp.ClientSession() as session:
        for place in ("http://a.lab/chunked/5000", "https://a.lab/chunked/5000"):
            async with session.get(place, proxy=lab["http-1"].url, ssl=trust) as answer:
                assert len(await answer.read()) == 5000
        lab["http-1"].behave(truncate_after=100)
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get("http://a.lab/bytes/5000", proxy=lab["http-1"].url) as answer:
                await answer.read()
        lab["http-1"].behave(username="other")
        with pytest.raises(aiohttp.ClientHttpProxyError) as wrong:
            await session.get("https://b.lab/", proxy=lab["http-1"].url.replace("other", "lab"), ssl=trust)
        assert wrong.value.status == 407
