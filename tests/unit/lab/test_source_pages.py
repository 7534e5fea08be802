"""Each address of a free source has its answer; unchanged ones are 304, unknown ones 404."""

import json

import pytest

from proxyfleet.lab.lists import some_listed
from proxyfleet.lab.source_pages import answer
from proxyfleet.sources.reading import rebased
from proxyfleet.sources.registry import BUILT_IN

LISTED = some_listed(1_200)
EVERY = [(source.name, feed) for source in BUILT_IN.values() for feed in rebased(source, "").feeds]


@pytest.mark.parametrize(("name", "feed"), EVERY, ids=lambda one: getattr(one, "url", one))
def test_every_address_of_a_built_in_source_is_answered_and_its_mirror_alike(name: str, feed) -> None:
    page = feed.page(1, 0)
    reply = answer(page.url, LISTED)
    assert reply.status == 200
    assert len(reply.body) > 1_000
    if page.mirror:
        assert answer(page.mirror, LISTED).body == reply.body


def test_what_has_not_changed_is_not_sent_again() -> None:
    target = "/spys.me/proxy.txt"
    mark = dict(answer(target, LISTED).headers)["ETag"]
    assert answer(target, LISTED, mark).status == 304
    assert answer(target, LISTED[1:], mark).status == 200


def test_pages_end() -> None:
    def rows(target: str, key: str) -> int:
        return len(json.loads(answer(target, LISTED).body)[key])

    geonode = "/proxylist.geonode.com/api/proxy-list?limit=5000&page="
    assert [rows(geonode + page, "data") for page in ("1", "3", "4", "x")] == [500, 200, 0, 500]
    scrape = "/api.proxyscrape.com/v4/free-proxy-list/get?limit=1000&skip="
    assert [rows(scrape + skip, "proxies") for skip in ("0", "1000", "2000")] == [1000, 200, 0]


def test_no_such_page_and_no_such_shard() -> None:
    assert answer("/nobody.example/list", LISTED).status == 404
    shard = "/cdn.jsdelivr.net/gh/proxyscrape/free-proxy-list@main/proxies/protocols/socks4/data.csv"
    assert answer(shard, LISTED).status == 200
    assert answer(shard, [one for one in LISTED if one.scheme == "http"]).status == 404
