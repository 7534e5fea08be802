"""Tables and raw lists in web pages."""

import time

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry, Extras
from proxyfleet.wire.text.html import read_html

PRIVATE = Rules(allow_private=True)
HEAD = "<tr><th>IP Address</th><th>Port</th><th>Code</th><th>Country</th><th>Https</th></tr>"
ROW = "<tr><td>192.0.2.1</td><td>80</td><td>FR</td><td>France</td><td>yes</td></tr>"
ENTRY = Entry("http", "192.0.2.1", 80, extras=Extras(country="FR", protocols=("http", "https")))


def test_a_table_with_a_header() -> None:
    (verdict,) = read_html(f"<table>{HEAD}{ROW}</table>".encode(), PRIVATE)
    assert (verdict.line, verdict.entry) == (1, ENTRY)


def test_the_version_column_is_the_scheme() -> None:
    page = "<table><tr><td>IP</td><td>Port</td><td>Version</td></tr><tr><td>192.0.2.1</td><td>80</td><td>Socks5</td></tr></table>"
    assert [verdict.entry for verdict in read_html(page, PRIVATE)] == [Entry("socks5", "192.0.2.1", 80)]


def test_other_tables_footers_and_advertisements() -> None:
    page = (
        f"<table><tr><td>menu</td></tr></table><table><thead>{HEAD}</thead>{ROW}<tr><td colspan=5>Buy!</td></tr>"
        f"{ROW}</tbody><tfoot><tr><th></th><th></th></tr></tfoot></table>"
    )
    found = list(read_html(page, PRIVATE))
    assert [(verdict.line, verdict.reason) for verdict in found] == [(1, None), (2, "no_proxy"), (3, None)]


def test_nested_tables_count_once() -> None:
    page = f"<table><tr><td><table>{HEAD}{ROW}</table></td></tr></table>"
    assert [verdict.entry for verdict in read_html(page, PRIVATE)] == [ENTRY]


def test_raw_lists_without_a_table() -> None:
    page = "<p>Free list</p><textarea>\nUpdated today\n\n192.0.2.1:80\n</textarea><script>var x='192.0.2.9:80'</script>"
    found = list(read_html(page, PRIVATE))
    assert [(verdict.reason, verdict.entry) for verdict in found if verdict.entry] == [
        (None, Entry("http", "192.0.2.1", 80))
    ]
    broken = "<body>192.0.2.1:80<br>192.0.2.2:81</body>"
    assert [verdict.entry and verdict.entry.host for verdict in read_html(broken, PRIVATE)] == [
        "192.0.2.1",
        "192.0.2.2",
    ]


def test_a_page_without_anything() -> None:
    assert [(verdict.line, verdict.reason) for verdict in read_html(b"<html></html>", PRIVATE)] == [(1, "no_proxy")]


def test_guessed_encodings_carry_no_credentials() -> None:
    page = "<table><tr><th>IP<th>Port<th>User<th>Pass</tr><tr><td>192.0.2.1<td>80<td>ü<td>p</tr></table>".encode(
        "latin-1"
    )
    assert [verdict.reason for verdict in read_html(page, PRIVATE)] == ["bad_encoding"]


def test_hostile_nesting_takes_linear_time() -> None:
    started = time.process_time()
    for tag in ("<div>", "<b id={}><p>", "<table><tr><td>", "<table>x", "<span ", "<!--", "<textarea>"):
        page = "".join(tag.format(number) for number in range(20_000))
        assert list(read_html(page + "192.0.2.1:80", PRIVATE))
    assert time.process_time() - started < 10
