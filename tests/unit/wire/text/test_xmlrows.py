"""Escaped tables in XML; nothing is ever expanded."""

import time
from html import escape

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry
from proxyfleet.wire.text.xmlrows import read_xml

PRIVATE = Rules(allow_private=True)
TABLE = escape("<table><tr><th>IP</th><th>Port</th></tr><tr><td>192.0.2.1</td><td>80</td></tr></table>")
BILLION = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 12))
    + "]><r>&a11;</r>"
)


def test_an_escaped_table() -> None:
    found = list(read_xml(f'<?xml version="1.0"?><root><quote>{TABLE}</quote></root>'.encode(), PRIVATE))
    assert [verdict.entry for verdict in found] == [Entry("http", "192.0.2.1", 80)]


def test_document_types_and_entities_are_refused() -> None:
    started = time.process_time()
    assert [verdict.reason for verdict in read_xml(BILLION.encode(), PRIVATE)] == ["unsafe_xml"]
    assert [verdict.reason for verdict in read_xml(b"<?xml?><!entity x SYSTEM 'file:///etc/passwd'>", PRIVATE)] == [
        "unsafe_xml"
    ]
    assert time.process_time() - started < 1
