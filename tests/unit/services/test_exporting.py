"""What is written is read again; passwords only when asked for."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.entries import Additions, proxy_from
from proxyfleet.services.exporting import FORMATS, export, flat, url_of
from proxyfleet.wire.text.reader import read

PROXIES = [
    a_proxy(1, host="1.1.1.1", username="bob@home", password="c:a/n ary", country="DE", tags={"a", "b"}),
    a_proxy(2, host="2606:4700::1", expires_at=1893542399.0, capacity=9),
]


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_is_imported_as_it_was(format):
    text = "\n".join(export(PROXIES, format, passwords=True))
    found = [proxy_from(verdict.entry, Additions()) for verdict in read([text.encode()])]

    assert [proxy.endpoint for proxy in found] == [proxy.endpoint for proxy in PROXIES]
    if format != "text":
        assert [proxy.labels.tags for proxy in found] == [proxy.labels.tags for proxy in PROXIES]
        assert [proxy.expires_at for proxy in found] == [None, 1893542399.0]


@pytest.mark.parametrize("format", FORMATS)
def test_no_password_unasked(format):
    assert "ary" not in "\n".join(export(PROXIES, format, passwords=False))


def test_nothing_is_an_empty_list():
    assert list(export([], "json", passwords=False)) == ["[]"]
    assert list(export([], "csv", passwords=False)) == []


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="use one of: text, json, csv"):
        export([], "odd", passwords=False)


def test_urls_and_rows():
    assert url_of(PROXIES[0], passwords=True) == "http://bob%40home:c%3Aa%2Fn%20ary@1.1.1.1:8080"
    assert url_of(PROXIES[0], passwords=False) == "http://1.1.1.1:8080"
    assert url_of(PROXIES[1], passwords=True) == "http://[2606:4700::1]:8080"
    assert "password" not in flat(PROXIES[0], passwords=False)


WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=12)
NAMES = st.text("abcäöx,;|_'\"", min_size=1, max_size=8)
TAGS = st.frozensets(st.text("abcü_ x", min_size=1, max_size=6).map(str.strip).filter(bool), max_size=3)
LABELS = st.builds(
    Labels,
    kind=st.sampled_from(Kind),
    type=st.sampled_from(ProxyType),
    country=st.sampled_from([None, "DE", "US"]),
    region=st.none() | NAMES,
    city=st.none() | NAMES,
    asn=st.none() | st.integers(1, 2**32 - 1),
    tags=TAGS,
    provider=st.none() | NAMES,
    source=st.none() | NAMES,
    anonymity=st.sampled_from([None, "elite", "anonymous", "transparent"]),
    cost_per_month=st.none() | st.decimals(0, 10**8, places=9),
    cost_per_gb=st.none() | st.just(Decimal("1E+2")),
    currency=st.sampled_from([None, "EUR"]),
)
DETAILS = st.builds(
    Details,
    max_connections=st.none() | st.integers(1, 10**6),
    min_interval=st.just(0.0) | st.floats(1e-9, 10**6),
    target_capacity=st.none() | st.integers(1, 100),
    refresh_url=st.none() | st.just(Secret("https://change.example/a?k=ary,b")),
    notes=st.just("") | WORDS | st.sampled_from(["none", "-", "3", ' "', ",", " x "]),
    exit_address=st.sampled_from([None, "9.9.9.9"]),
    protocols=st.sampled_from([(), ("http", "https"), ("socks5",)]),
)


def everything_told(n: int) -> st.SearchStrategy[Proxy]:
    return st.builds(
        Proxy,
        scheme=st.sampled_from(Scheme),
        host=st.sampled_from([f"10.0.0.{n}", f"h{n}.example", f"2606:4700::{n}"]),
        port=st.integers(1, 65535),
        username=WORDS.filter(lambda word: ":" not in word),
        password=st.none() | st.builds(Secret, st.just("") | WORDS),
        capacity=st.none() | st.integers(1, 10**6),
        expires_at=st.none() | st.integers(10**9, 2 * 10**9).map(float),
        status=st.sampled_from(Status),
        labels=LABELS,
        details=DETAILS.map(lambda one: None if one == Details() else one),
    )


@pytest.mark.parametrize("format", ["json", "csv"])
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_all_that_can_be_set_survives(format, data):
    """SPEC A1: the export of a fleet, read into an empty one, is the same fleet but for what has been measured."""
    proxies = data.draw(st.tuples(*map(everything_told, range(1, 4))))
    text = "\n".join(export(proxies, format, passwords=True)).encode()
    found = [proxy_from(one.entry, Additions()) for one in read([text], allow_private=True) if one.entry]
    assert found == [*proxies], text


@pytest.mark.parametrize("format", FORMATS)
def test_no_refresh_url_unasked(format):
    proxies = [a_proxy(1, details=Details(refresh_url=Secret("https://canary.example")))]
    assert "canary" not in "\n".join(export(proxies, format, passwords=False))
