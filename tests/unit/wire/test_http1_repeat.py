"""Repeated heads: a memory that changes nothing of what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.http1_head import HeadError, HeadLimits, parse_request, request_names
from proxyfleet.wire.http1_repeat import LONGEST, RepeatedHeads

LIMITS = HeadLimits()
NAMES = request_names()


def read(parse, head: bytes) -> object:
    try:
        return parse(head)
    except HeadError as error:
        return error.status, error.code


def fresh(head: bytes) -> object:
    return read(lambda one: parse_request(one, request_names(), LIMITS), head)


STARTS = [
    b"GET http://a.test/ HTTP/1.1", b"GET http://a.test/b?c=d HTTP/1.1", b"POST http://a.test/ HTTP/1.0",
    b"CONNECT a.test:443 HTTP/1.1", b"", b"GET  http://a.test/ HTTP/1.1", b"GET http://a.test/\x80 HTTP/1.1",
    b"GET http://a.test/ HTTP/2.0", b"get http://a.test/ HTTP/1.1", b"TRACE http://a.test/ HTTP/1.1", b"BREW x HTTP/1.1",
    b"GET http://a.test/\t HTTP/1.1", b"GET http://a.test/\0 HTTP/1.1", b"GET\rhttp://a.test/ HTTP/1.1", b"GET / HTTP/1.1",
    b"GET http://a.test/" + b"x" * LIMITS.line + b" HTTP/1.1", b"X: y",
]  # fmt: skip
BLOCKS = [
    b"", b"Host: a.test", b"Host: a.test\r\nAccept: */*", b"Host: a.test\r\nContent-Length: 3", b"Host: a.test\r\n",
    b"Host: a.test\r\nHost: b.test", b"Host a.test", b"Host: a.test\nX: y", b"GET http://b.test/ HTTP/1.1\r\nHost: a.test",
    b"Host: a.test\r\nX: " + b"y" * LONGEST, b"Host: a.test\r\nX: \0", b"Cookie: a\r\nCookie: b", b"X : y",
]  # fmt: skip
HEADS = st.builds(
    lambda start, block, whole: start + b"\r\n" + block if whole else start,
    st.sampled_from(STARTS),
    st.sampled_from(BLOCKS),
    st.booleans(),
)


@given(st.lists(HEADS, min_size=2, max_size=8))
def test_whatever_came_before_every_head_is_read_as_if_it_were_the_first(heads) -> None:
    repeated = RepeatedHeads(NAMES, LIMITS)
    for head in heads:
        assert read(repeated.parse, head) == fresh(head), head


@pytest.mark.parametrize("block", [b"Host: a.test\r\nAccept: */*", b"Host: a.test\r\nCookie: " + b"x" * 200])
def test_the_same_fields_are_read_once(block: bytes) -> None:
    repeated = RepeatedHeads(NAMES, LIMITS)
    first = repeated.parse(b"GET http://a.test/1 HTTP/1.1\r\n" + block)
    second = repeated.parse(b"HEAD http://a.test/2 HTTP/1.0\r\n" + block)
    assert (second.method, second.target, second.version) == (b"HEAD", b"http://a.test/2", 10)
    assert second.special is first.special
    assert second.lines is first.lines


def test_an_empty_line_before_a_request_does_not_make_its_first_line_a_field() -> None:
    repeated = RepeatedHeads(NAMES, LIMITS)
    repeated.parse(b"\r\nGET http://a.test/ HTTP/1.1\r\nHost: a.test")
    with pytest.raises(HeadError):
        repeated.parse(b"GET http://b.test/ HTTP/1.1\r\nGET http://a.test/ HTTP/1.1\r\nHost: a.test")


def test_large_blocks_and_refused_ones_are_not_kept() -> None:
    repeated = RepeatedHeads(NAMES, LIMITS)
    large = b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: " + b"y" * LONGEST
    assert repeated.parse(large).special is not repeated.parse(large).special
    bad = b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: b.test"
    for _ in range(3):
        assert read(repeated.parse, bad) == (400, "duplicate_field")
