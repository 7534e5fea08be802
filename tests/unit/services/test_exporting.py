"""What is written is read again; passwords only when asked for."""

import pytest

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
