"""Heads: what is refused and why, what passes, and that the cut of the bytes never matters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.http1_head import (
    FieldNames,
    HeadError,
    HeadLimits,
    HeadReader,
    field_name,
    is_token,
    parse_request,
    parse_response,
    request_names,
    response_names,
)

LIMITS = HeadLimits()
GOOD = b"GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nAccept: */*"


def request(head):
    return parse_request(head, request_names(), LIMITS)


def response(head):
    return parse_response(head, response_names(), LIMITS)


def test_request_is_split_into_what_passes_and_what_is_understood():
    head = request(GOOD + b"\r\nProxy-Connection:\tKeep-Alive \r\nX-Y:z\r\nConnection: a\r\nconnection: b")
    assert (head.method, head.target, head.version) == (b"GET", b"http://a.test/x", 11)
    assert head.lines == [b"Accept: */*", b"X-Y:z"]
    assert head.special == {b"host": b"a.test", b"proxy-connection": b"Keep-Alive", b"connection": b"a, b"}


def test_response_is_split_and_own_and_provider_names_are_taken_out():
    head = response(b"HTTP/1.0 999 Request denied\r\nX-Proxyfleet-Proxy: forged\r\nX-BRD-Err-Code: c_1\r\nA: b")
    assert (head.status, head.reason, head.version, head.lines) == (999, b"Request denied", 10, [b"A: b"])
    assert head.special == {b"x-proxyfleet-proxy": b"forged", b"x-brd-err": b"c_1"}


@pytest.mark.parametrize(("line", "status", "reason"), [(b"HTTP/1.1 200", 200, b""), (b"HTTP/1.1 204 ", 204, b"")])
def test_reason_may_be_missing(line, status, reason):
    head = response(line)
    assert (head.status, head.reason) == (status, reason)


START = b"GET http://a.test/ HTTP/1.1\r\n"
REFUSED = [
    (b"", 400),
    (b"GET http://a.test/", 400),
    (b"GET  http://a.test/ HTTP/1.1", 400),
    (b"GET http://a.test/ HTTP/1.1 ", 400),
    (b" GET http://a.test/ HTTP/1.1", 400),
    (b"get http://a.test/ HTTP/1.1", 400),
    (b"A" * 33 + b" http://a.test/ HTTP/1.1", 400),
    (b"GET\thttp://a.test/ HTTP/1.1", 400),
    (b"G=T http://a.test/ HTTP/1.1", 400),
    (b"GET http://a.test/\x7f HTTP/1.1", 400),
    (b"GET http://a.test/\xe4 HTTP/1.1", 400),
    (b"GET http://a.test/ http/1.1", 400),
    (b"GET http://a.test/ HTTP/1.10", 400),
    (b"GET http://a.test/ HTTP/11", 400),
    (b"GET http://a.test/ HTTP/2.0", 505),
    (b"GET http://a.test/ HTTP/1.2", 505),
    (b"PRI * HTTP/2.0", 505),
    (b"\r\n\r\n" + START + b"Host: a.test", 400),
    (b"", 400),
    (b"TRACE http://a.test/ HTTP/1.1", 501),
    (b"TRACK http://a.test/ HTTP/1.1", 501),
    (START + b"Host: a.test\nX: y", 400),
    (START + b"Host: a.test\rX: y", 400),
    (START + b"Host: a.test\r\nX: a\x00b", 400),
    (START + b"Host: a.test\r\nX: a\x08b", 400),
    (START + b"Host: a.test\r\nX: a\x7fb", 400),
    (START + b"Host: a.test\r\n folded", 400),
    (START + b"Host: a.test\r\n\tfolded: x", 400),
    (START + b"Host : a.test", 400),
    (START + b"Host\t: a.test", 400),
    (START + b": a.test", 400),
    (START + b"Host", 400),
    (START + b"Host: a.test\r\nX(y): z", 400),
    (START + b"Host: a.test\r\nX\xe4: z", 400),
    (START + b"Host: a.test\r\nHost: a.test", 400),
    (START + b"Content-Length: 1\r\ncontent-length: 1", 400),
    (START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    (START + b"Proxy-Authorization: Basic a\r\nProxy-Authorization: Basic b", 400),
    (START + b"Content_Length: 1", 400),
    (START + b"Transfer_Encoding: chunked", 400),
    (b"GET http://a.test/" + b"a" * 8192 + b" HTTP/1.1", 414),
    (START + b"\r\n".join(b"X-%d: y" % n for n in range(101)), 431),
]


@pytest.mark.parametrize(("head", "status"), REFUSED)
def test_doubtful_requests_are_refused(head, status):
    with pytest.raises(HeadError) as refused:
        request(head)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1  200 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 OK\r\nProxy Connection: x",
        b"HTTP/1.1 200 OK\r\nA: b\n c: d",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c: d",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1",
        b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(b"X-%d: y" % n for n in range(101)),
        b"HTTP/1.1 200 " + b"x" * 8192,
    ],
)
def test_doubtful_responses_are_the_upstreams_fault(head):
    with pytest.raises(HeadError) as refused:
        response(head)
    assert refused.value.status == 502


def test_errors_keep_no_byte_of_the_input():
    with pytest.raises(HeadError) as refused:
        request(START + b"Proxy-Authorization : Basic canary")
    assert "canary" not in repr(refused.value) + str(refused.value.__dict__)


def test_reader_gives_the_head_and_the_rest():
    reader = HeadReader(LIMITS)
    assert reader.feed(GOOD + b"\r\n\r\nbody") == GOOD
    assert reader.rest == b"body"


@given(st.lists(st.integers(1, 9), max_size=40))
@settings(deadline=None, max_examples=60)
def test_the_cut_of_the_bytes_does_not_matter(cuts):
    wire = GOOD + b"\r\n\r\nrest"
    reader = HeadReader(LIMITS)
    at, head = 0, None
    for size in [*cuts, len(wire)]:
        head = reader.feed(wire[at : at + size])
        at = min(at + size, len(wire))
        if head is not None:
            break
    assert head == GOOD
    assert reader.rest + wire[at:] == b"rest"
    assert not reader.started


@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_one_empty_line_before_a_request_is_ignored(step):
    wire = b"\r\n" + GOOD + b"\r\n\r\n"
    reader = HeadReader(LIMITS)
    assert reader.feed(wire[:1]) is reader.feed(wire[1:2]) is None
    assert not reader.started, "a stray empty line after a body is no request that would have to be completed"
    heads = [reader.feed(wire[at : at + step]) for at in range(2, len(wire), step)]
    assert request(heads[-1]) == request(b"\r\n" + GOOD) == request(GOOD)


@pytest.mark.parametrize("head", [h for h, s in REFUSED if s == 431 and b"\r\n" in h] + [START + b"X: " + b"y" * 32768])
def test_too_large_heads_end_early_byte_by_byte(head):
    reader = HeadReader(HeadLimits(block=600))
    with pytest.raises(HeadError) as refused:
        [reader.feed(bytes([byte])) for byte in head]
    assert refused.value.status == 431


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET \0", 400),
        (b"\x16\x03\x01\x02", 400),
        (b"GET / HTTP/1.1\r\nA: b\rC: d", 400),
        (b"GET / HTTP/1.1\r\n\rx", 400),
        (b"x" * 8200, 414),
        (b"a\r\nb" * 9000, 431),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_hopeless_heads_do_not_wait_for_their_end(data, status, step):
    reader = HeadReader(LIMITS)
    with pytest.raises(HeadError) as refused:
        [reader.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert refused.value.status == status


def test_a_head_of_exactly_the_limit_passes():
    limits = HeadLimits(block=len(GOOD))
    assert HeadReader(limits).feed(GOOD + b"\r\n\r\n") == GOOD
    slow = HeadReader(limits)
    assert [slow.feed(bytes([b])) for b in GOOD + b"\r\n\r\n"][-1] == GOOD


def test_names_are_cached_within_bounds():
    names = FieldNames(frozenset({b"host"}))
    for n in range(3000):
        assert names[b"X-%d" % n].special == b""
    assert len(names) <= 1024
    assert names[b"x" * 129].special == b""
    assert b"x" * 129 not in names
    assert names[b"HOST"].special == b"host"


def test_names_are_tokens():
    assert is_token(b"M-SEARCH")
    assert not is_token(b"")
    assert field_name(b"X-Y") == b"x-y"
    with pytest.raises(HeadError):
        field_name(b"X Y")
