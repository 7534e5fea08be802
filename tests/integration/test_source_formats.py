"""Every built-in source, in the format that it really has, gives every proxy that it lists with what it says of it."""

from pathlib import Path

import pytest

from proxyfleet.core.source import Feed, Source
from proxyfleet.lab.lists import Listed, of, some_listed
from proxyfleet.lab.source_pages import answer
from proxyfleet.sources.reading import rebased, rows
from proxyfleet.sources.registry import BUILT_IN
from proxyfleet.wire.text.entry import Verdict

LISTED = some_listed(60)
SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"


def verdicts(source: Source, feed: Feed, body: bytes) -> list[Verdict]:
    return list(rows(source, feed, [body[:7], body[7:]], allow_private=True))


def expected(name: str, feed: Feed) -> list[Listed]:
    if name == "socks-proxy.net":
        return [one for one in LISTED if one.scheme != "http"]
    if BUILT_IN[name].format == "html":
        return of("http", LISTED)
    whole = ("proxyscrape", "geonode", "monosans", "proxifly", "stamparm", "databay.com", "proxyfreeonly.com")
    return LISTED if name in whole else of(feed.scheme, LISTED)


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_feed_gives_what_it_lists(name: str) -> None:
    source = rebased(BUILT_IN[name], "")
    for feed in source.feeds:
        found = verdicts(source, feed, answer(feed.page(1, 0).url, LISTED).body)
        entries = [one.entry for one in found if one.entry]
        wanted = expected(name, feed)
        assert {(one.scheme, one.host, one.port) for one in entries} == {
            (one.scheme, one.host, one.port) for one in wanted
        }, feed
        assert {one.reason for one in found if one.reason} <= {"no_proxy"}, "only headings and footers are left out"
        if feed.scheme == "https":
            assert all(one.extras and "https" in one.extras.protocols for one in entries), "they can CONNECT"


@pytest.mark.parametrize(
    ("name", "country", "anonymity", "connect"),
    [
        ("proxyscrape", True, True, False),
        ("proxyscrape-mirror", True, True, True),
        ("geonode", True, True, False),
        ("free-proxy-list.net", True, True, True),
        ("monosans", True, False, False),
        ("proxifly", True, True, True),
        ("stamparm", True, True, False),
        ("spys.me", True, True, True),
        ("hideip.me", True, False, False),
    ],
)
def test_what_a_source_says_beside_the_address_is_kept(
    name: str, country: bool, anonymity: bool, connect: bool
) -> None:
    source = rebased(BUILT_IN[name], "")
    feed = source.feeds[0]
    by_place = {one.place: one for one in LISTED}
    entries = [one.entry for one in verdicts(source, feed, answer(feed.page(1, 0).url, LISTED).body) if one.entry]
    told = [(one.extras, by_place[f"{one.host}:{one.port}"]) for one in entries]
    assert told
    for extras, listed in told:
        assert extras is not None or not (country or anonymity)
        if country and extras is not None and name != "monosans":
            assert extras.country == listed.country
        if anonymity and extras is not None:
            assert extras.anonymity == listed.anonymity
        if connect and extras is not None and listed.scheme == "http":
            assert ("https" in extras.protocols) == listed.connect


REAL = {
    "geonode_api_page_2026-07.json": ("geonode", 3),
    "proxyscrape_v4_json_one_entry.json": ("proxyscrape", 1),
    "proxyscrape_mirror_excerpt.csv": ("proxyscrape-mirror", 18),
    "free-proxy-list_net_assembled.html": ("free-proxy-list.net", 9),
    "freeproxylist_socksproxynet_2015.html": ("socks-proxy.net", 15),
    "monosans_proxies.json": ("monosans", 492),
    "hideip_socks5.txt": ("hideip.me", 50),
    "clarketm_proxy-list.txt": ("spys.me", 400),
    "gfpcom_socks5_malformed.txt": ("gfpcom", 0),
    "roosterkid_HTTPS_broken_Array.txt": ("roosterkid", 0),
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="the real lists are not beside this tree; they are only ever read")
@pytest.mark.parametrize("sample", REAL)
def test_real_lists_are_read_as_their_source_would_be(sample: str) -> None:
    name, count = REAL[sample]
    source = BUILT_IN[name]
    found = list(rows(source, source.feeds[-1], [(SAMPLES / sample).read_bytes()]))
    assert sum(one.entry is not None for one in found) == count
