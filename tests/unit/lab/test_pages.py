"""Every page of a target, without a socket."""

import json

import pytest

from proxyfleet.lab.head import Head
from proxyfleet.lab.httpd import Reply, Request
from proxyfleet.lab.pages import DRIP, MAX_DELAY, PAGES, page, pattern, visit_of
from proxyfleet.lab.passages import Passage


def get(path: str, *lines: bytes, body: bytes = b"") -> Reply:
    request = Request(Head("GET", path, "HTTP/1.1", [b"Host: a.lab", *lines]), body, ("127.0.0.1", 5), tls=True)
    return page(request, visit_of(request, Passage("http-1", "127.0.0.9", "s1")))


def test_the_first_page_says_who_forwarded_what() -> None:
    seen = json.loads(get("/x?y=1", b"X-A: 1").body)
    assert (seen["proxy"], seen["exit"], seen["session"]) == ("http-1", "127.0.0.9", "s1")
    assert (seen["path"], seen["host"], seen["client"], seen["tls"]) == ("/x?y=1", "a.lab", "127.0.0.1", True)
    assert seen["headers"] == {"Host": "a.lab", "X-A": "1"}


def test_a_direct_visit_has_no_proxy() -> None:
    request = Request(Head("GET", "/", "HTTP/1.1", []), b"", ("127.0.0.1", 5), tls=False)
    visit = visit_of(request, None)
    assert (visit.proxy, visit.exit, visit.session, visit.host) == (None, None, None, "")
    assert visit.header("host") is None


def test_bytes_and_chunks() -> None:
    assert get("/bytes/20").body == pattern(20) == b"0123456789abcdef0123"
    assert get("/bytes/0").body == b""
    assert (get("/chunked/5").chunked, get("/chunked/5").body) == (True, b"01234")
    assert (get("/slow/3").drip, len(get("/slow/3").body), len(get("/slow").body)) == (DRIP, 3, 20)


def test_statuses_delays_and_drops() -> None:
    assert get("/status/404").status == 404
    assert get("/delay/0.5").delay == 0.5
    assert get("/delay/9999").delay == MAX_DELAY
    assert get("/drop").drop


def test_echo_and_headers() -> None:
    echoed = get("/echo", b"Content-Type: text/x", body=b"hi")
    assert (echoed.body, echoed.kind) == (b"hi", "text/x")
    assert json.loads(get("/headers").body) == {"Host": "a.lab"}


def test_redirects_count_down_to_the_first_page() -> None:
    hops = [dict(get(path).headers)["Location"] for path in ("/redirect/3", "/redirect/2", "/redirect/1", "/redirect")]
    assert hops == ["/redirect/2", "/redirect/1", "/", "/"]


def test_cookies_are_counted_and_told_back() -> None:
    first, second = get("/cookies"), get("/cookies", b"Cookie: visits=1; a=b")
    assert dict(first.headers)["Set-Cookie"].startswith("visits=1")
    assert dict(second.headers)["Set-Cookie"].startswith("visits=2")
    assert json.loads(second.body) == {"visits": "1", "a": "b"}


@pytest.mark.parametrize(
    "path", ["/bytes/x", "/bytes/-1", "/bytes/99999999999", "/status/7", "/delay/x", "/redirect/x"]
)
def test_what_is_not_understood_is_a_400(path: str) -> None:
    assert get(path).status == 400


def test_every_page_is_in_the_table_of_the_module() -> None:
    from proxyfleet.lab import pages

    assert pages.__doc__ is not None
    assert all(f"`/{name}" in pages.__doc__ for name in PAGES)
