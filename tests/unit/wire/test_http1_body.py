"""Bodies: framing rules, and readers that do not care how the bytes are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.http1_body import (
    CHUNKED,
    UNTIL_CLOSE,
    ChunkedBody,
    EndlessBody,
    LengthBody,
    body_for,
    forbid_framing,
    request_framing,
    response_framing,
)
from proxyfleet.wire.http1_head import (
    HeadError,
    HeadLimits,
    parse_request,
    parse_response,
    request_names,
    response_names,
)


def request(fields, version=b"1.1"):
    head = b"\r\n".join([b"POST http://a.test/ HTTP/" + version, b"Host: a.test", *fields])
    return parse_request(head, request_names(), HeadLimits())


def response(fields, status=200, version=b"1.1"):
    head = b"\r\n".join([b"HTTP/%b %d X" % (version, status), *fields])
    return parse_response(head, response_names(), HeadLimits())


@pytest.mark.parametrize(
    ("fields", "framing"),
    [([], 0), ([b"Content-Length: 0"], 0), ([b"Content-Length: 7"], 7), ([b"Transfer-Encoding: Chunked"], CHUNKED)],
)
def test_honest_requests(fields, framing):
    assert request_framing(request(fields)) == framing


CL = b"Content-Length: "
BAD_FRAMING = [
    ([CL + b"1", b"Transfer-Encoding: chunked"], b"1.1"),
    ([b"Transfer-Encoding: chunked"], b"1.0"),
    *[
        ([CL + v], b"1.1")
        for v in (b"", b"-1", b"+1", b"1, 1", b"1 1", b"0x1", b"1_0", b"\xb2", b"9" * 19, b"1;", b"1.0")
    ],
    *[
        ([b"Transfer-Encoding: " + v], b"1.1")
        for v in (b"", b"gzip, chunked", b"chunked, chunked", b"identity", b"xchunked", b"chunked;q=1", b"chunked,")
    ],
]


@pytest.mark.parametrize(("fields", "version"), BAD_FRAMING)
def test_doubtful_framing_is_refused_both_ways(fields, version):
    with pytest.raises(HeadError) as refused:
        request_framing(request(fields, version))
    assert refused.value.status == 400
    with pytest.raises(HeadError) as refused:
        response_framing(response(fields, version=version), b"GET")
    assert refused.value.status == 502


@pytest.mark.parametrize(
    ("fields", "status", "method", "framing"),
    [
        ([], 200, b"GET", UNTIL_CLOSE),
        ([CL + b"5"], 200, b"GET", 5),
        ([CL + b"5"], 200, b"HEAD", 0),
        ([CL + b"5"], 304, b"GET", 0),
        ([], 204, b"GET", 0),
        ([CL + b"0"], 204, b"GET", 0),
        ([], 100, b"POST", 0),
        ([b"Transfer-Encoding: chunked"], 200, b"GET", CHUNKED),
        ([b"Transfer-Encoding: chunked"], 200, b"HEAD", 0),
    ],
)
def test_response_framing(fields, status, method, framing):
    assert response_framing(response(fields, status), method) == framing


@pytest.mark.parametrize(("fields", "status"), [([CL + b"5"], 204), ([b"Transfer-Encoding: chunked"], 204)])
def test_a_body_where_none_may_be_is_refused(fields, status):
    with pytest.raises(HeadError):
        response_framing(response(fields, status), b"GET")


@pytest.mark.parametrize("field", [CL + b"0", CL + b"1", b"Transfer-Encoding: chunked"])
def test_connect_has_no_framing(field):
    forbid_framing(request([]))
    with pytest.raises(HeadError):
        forbid_framing(request([field]))


def feed_in_pieces(body, wire, sizes):
    out, at = b"", 0
    for size in [*sizes, len(wire)]:
        if body.done or at >= len(wire):
            break
        piece = wire[at : at + size]
        at += len(piece)
        passed, rest = body.feed(piece)
        out += passed
        at -= len(rest)
    return out, wire[at:]


PAYLOADS = st.lists(st.binary(min_size=1, max_size=30), max_size=8)
SIZES = st.lists(st.integers(1, 9), max_size=200)


@given(PAYLOADS, SIZES, st.booleans())
@settings(deadline=None, max_examples=150)
def test_chunked_decodes_whatever_the_cut(payloads, sizes, odd):
    extension = b' ;a="b"' if odd else b""
    trailers = b"X-T: 1\r\nY: \r\n" if odd else b""
    wire = b"".join(b"%X%b\r\n%b\r\n" % (len(p), extension, p) for p in payloads) + b"0\r\n" + trailers + b"\r\n"
    body = ChunkedBody(framed=False)
    assert feed_in_pieces(body, wire + b"NEXT", sizes) == (b"".join(payloads), b"NEXT")
    assert body.done


@given(PAYLOADS, SIZES)
@settings(deadline=None, max_examples=100)
def test_what_is_framed_anew_is_chunked_and_plain(payloads, sizes):
    wire = b"".join(b"%04x;ext\r\n%b\r\n" % (len(p), p) for p in payloads) + b"0\r\nT: v\r\n\r\n"
    framed, _ = feed_in_pieces(ChunkedBody(), wire, sizes)
    assert b"ext" not in framed.replace(b"".join(payloads), b"") or any(b"ext" in p for p in payloads)
    assert feed_in_pieces(ChunkedBody(framed=False), framed, []) == (b"".join(payloads), b"")


BAD_CHUNKS = [
    b"\r\n",
    b"g\r\n",
    b"0x1\r\na\r\n",
    b"-1\r\n",
    b" 1\r\na",
    b"1\na\r\n",
    b"1\r\nab\r\n",
    b"1\r\na\n0\r\n",
    b"1\r\na\r0",
    b"1" * 17 + b"\r\n",
    b"1;" + b"e" * 300 + b"\r\n",
    b"1;a\0b\r\n",
    b"1;a\rb\r\n",
    b"1 1\r\na",
    b"1_0\r\n",
    b"0\r\nbad trailer\r\n\r\n",
    b"0\r\n: x\r\n\r\n",
    b"0\r\n folded: x\r\n\r\n",
    b"0\r\nX: a\0\r\n\r\n",
    b"0\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyy\r\n" * 400 + b"\r\n",
    b"0\r\n\n",
    b"0\r\nContent-Length: 9\r\n\r\n",
    b"0\r\nX: 1\r\nHOST: evil\r\n\r\n",
    b"0\r\nTransfer_Encoding: chunked\r\n\r\n",
]


@pytest.mark.parametrize("wire", BAD_CHUNKS)
@pytest.mark.parametrize("step", [1, 3, 100_000])
def test_bad_chunks_are_refused_whatever_the_cut(wire, step):
    body = ChunkedBody()
    with pytest.raises(HeadError):
        [body.feed(wire[at : at + step]) for at in range(0, len(wire), step)]


def test_many_small_chunks_in_one_read_are_one_chunk():
    body = ChunkedBody()
    assert body.feed(b"1\r\na\r\n" * 1000 + b"2\r\nb") == (b"3e9\r\n" + b"a" * 1000 + b"b\r\n", b"")
    assert body.feed(b"b\r\n0\r\n\r\n") == (b"1\r\nb\r\n0\r\n\r\n", b"")


def test_a_huge_size_is_a_number_not_an_allocation():
    body = ChunkedBody(framed=False)
    assert body.feed(b"ffffffffffffffff\r\nabc") == (b"abc", b"")


@given(st.binary(max_size=40), st.integers(0, 40), SIZES)
@settings(deadline=None, max_examples=60)
def test_length_takes_exactly_its_bytes(wire, length, sizes):
    body = LengthBody(length)
    out, rest = feed_in_pieces(body, wire, sizes)
    assert out == wire[:length]
    assert rest == wire[length:]
    assert body.done == (len(wire) >= length)


def test_the_reader_fits_the_framing():
    assert isinstance(body_for(CHUNKED), ChunkedBody)
    assert isinstance(body_for(3), LengthBody)
    endless = body_for(UNTIL_CLOSE)
    assert isinstance(endless, EndlessBody)
    assert endless.feed(b"abc") == (b"abc", b"")
    assert not endless.done
    assert body_for(CHUNKED, chunked_out=False).feed(b"1\r\na\r\n0\r\n\r\n") == (b"a", b"")
