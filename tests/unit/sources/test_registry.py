"""Which sources there are, and which are looked at by whom."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.sources.registry import BUILT_IN, Known, UnknownSource, by_hand, due, every, named
from proxyfleet.wire.text.entry import SCHEMES
from proxyfleet.wire.text.reader import FORMATS

OWN = Source("mine", "own", (Feed("http://a.example/"),), interval=60.0)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_source_can_be_asked_and_read(name: str) -> None:
    source = BUILT_IN[name]
    assert source.name == name
    assert source.free
    assert source.format in FORMATS
    assert source.feeds
    assert source.interval >= 600.0
    for feed in source.feeds:
        for url in (feed.url, feed.mirror or feed.url):
            assert urlsplit(url).scheme == "https"
        assert feed.scheme in SCHEMES
        assert feed.paged == bool(feed.page_size)


def test_no_address_belongs_to_two_sources() -> None:
    urls = [feed.url for source in BUILT_IN.values() for feed in source.feeds]
    assert len(urls) == len(set(urls))


def test_the_sources_of_the_specification_are_there() -> None:
    kinds = {source.kind for source in BUILT_IN.values()}
    assert {"proxyscrape", "geonode", "proxy-list.download", "free-proxy-list", "github"} <= kinds
    assert {"proxyscrape", "proxyscrape-v2", "proxyscrape-mirror", "socks-proxy.net", "monosans"} <= BUILT_IN.keys()


def test_own_sources_join_the_others_and_may_take_a_name() -> None:
    known = every([SourceEntry("mine", own=OWN), SourceEntry("geonode", own=replace(OWN, name="geonode"))])
    assert known["mine"].source is OWN
    assert known["geonode"].source.kind == "own"
    assert known["monosans"] == Known(BUILT_IN["monosans"], SourceEntry("monosans"))
    assert "forgotten" not in every([SourceEntry("forgotten", ledger=Ledger(read=1))])


def test_names_are_looked_up_once_each() -> None:
    known = every([])
    assert [one.source.name for one in named(known, ["geonode", "monosans", "geonode"])] == ["geonode", "monosans"]
    assert len(named(known, ["all"])) == len(BUILT_IN)
    with pytest.raises(UnknownSource, match=r"no source 'nope'; `proxyfleet sources list`"):
        named(known, ["geonode", "nope"])


def test_nodes_look_at_own_sources_and_at_those_switched_on() -> None:
    entries = [
        SourceEntry("mine", own=OWN),
        SourceEntry("other", own=replace(OWN, name="other"), switched=False),
        SourceEntry("geonode", switched=True),
        SourceEntry("gfpcom", switched=True),
        SourceEntry("monosans", switched=False),
    ]
    known = every(entries)
    assert {name for name, one in known.items() if one.on} == {"mine", "geonode", "gfpcom"}
    assert {name for name, one in known.items() if one.off} == {"other", "monosans"}
    assert {one.source.name for one in due(known, 0.0)} == {"mine", "geonode", "gfpcom"}


def test_due_is_what_has_waited_long_enough() -> None:
    waiting = SourceEntry("mine", own=OWN, ledger=Ledger(next_due=100.0))
    assert due(every([waiting]), 99.0) == []
    assert [one.source.name for one in due(every([waiting]), 100.0)] == ["mine"]


def test_by_hand_is_all_but_what_is_off_and_what_is_on_request() -> None:
    known = every([SourceEntry("geonode", switched=False)])
    assert {one.source.name for one in by_hand(known)} == BUILT_IN.keys() - {"geonode", "gfpcom"}
    assert "gfpcom" in {one.source.name for one in by_hand(every([SourceEntry("gfpcom", switched=True)]))}
