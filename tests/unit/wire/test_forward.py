"""Forwarded heads: what goes, what stays, what is written anew."""

import pytest

from proxyfleet.wire.authority import parse_authority, split_absolute
from proxyfleet.wire.forward import (
    client_response,
    connect_request,
    framing_line,
    options,
    origin_form,
    own_lines,
    passed_through,
    passing_lines,
    upstream_request,
    wants_close,
)
from proxyfleet.wire.http1_body import CHUNKED, UNTIL_CLOSE
from proxyfleet.wire.http1_head import (
    HeadError,
    HeadLimits,
    parse_request,
    parse_response,
    request_names,
    response_names,
)


def request(*fields, version=b"1.1", method=b"GET"):
    head = b"\r\n".join([method + b" http://a.test/x HTTP/" + version, *fields])
    return parse_request(head, request_names(), HeadLimits())


def response(*fields, status=200, version=b"1.1"):
    return parse_response(b"\r\n".join([b"HTTP/%b %d OK" % (version, status), *fields]), response_names(), HeadLimits())


def sent(head, framing=0, own=b""):
    return upstream_request(head, b"a.test", b"/x", framing) + own + b"\r\n"


def test_hop_by_hop_and_nominated_fields_do_not_go_on():
    head = request(
        b"Host: a.test",
        b"Proxy-Authorization: Basic c2VjcmV0OmNhbmFyeQ==",
        b"Connection: close, X-Hop",
        b"X-Hop: 1",
        b"Keep-Alive: 5",
        b"Proxy-Connection: keep-alive",
        b"TE: trailers",
        b"Trailer: T",
        b"Upgrade: websocket",
        b"HTTP2-Settings: x",
        b"X-Proxyfleet-Country: us",
        b"Accept: */*",
    )
    assert sent(head) == b"GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n"


def test_framing_expectation_via_and_own_lines_are_written():
    head = request(b"Expect: 100-continue", b"Via: 1.0 x", b"Via: 1.1 y", b"Transfer-Encoding: chunked")
    assert sent(head, CHUNKED, b"Own: 1\r\n").split(b"\r\n") == [
        b"GET http://a.test/x HTTP/1.1",
        b"Host: a.test",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Via: 1.0 x, 1.1 y",
        b"Own: 1",
        b"",
        b"",
    ]


def test_a_length_of_zero_is_kept_and_none_is_not_invented():
    assert b"Content-Length: 0\r\n" in sent(request(b"Content-Length: 0"))
    assert b"Content-Length" not in sent(request())


@pytest.mark.parametrize(
    "name",
    [
        *(b"Host", b"content-length", b"Via", b"X-Forwarded-For", b"Authorization", b"Cookie", b"Transfer-Encoding"),
        *(b"Forwarded", b"X-Real-IP"),
    ],
)
def test_protected_fields_may_not_be_nominated(name):
    with pytest.raises(HeadError) as refused:
        passing_lines(request(b"Connection: close, " + name), 400)
    assert refused.value.status == 400
    with pytest.raises(HeadError) as refused:
        client_response(response(b"Connection: " + name), 0, b"", bodiless=False)
    assert refused.value.status == 502


def test_max_forwards_counts_options_down_and_leaves_others_alone():
    assert b"Max-Forwards: 2\r\n" in sent(request(b"Max-Forwards: 3", method=b"OPTIONS"))
    assert b"Max-Forwards: x\r\n" in sent(request(b"Max-Forwards: x"))


@pytest.mark.parametrize(("value", "status"), [(b"0", 501), (b"00", 501), (b"", 400), (b"-1", 400), (b"9" * 10, 400)])
def test_options_for_us_or_nobody_is_not_forwarded(value, status):
    with pytest.raises(HeadError) as refused:
        sent(request(b"Max-Forwards: " + value, method=b"OPTIONS"))
    assert refused.value.status == status


def test_connect_takes_nothing_of_the_client_along():
    assert (
        connect_request(b"a.test:443", b"X: y\r\n")
        == b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nX: y\r\n\r\n"
    )


def test_answers_are_written_anew():
    head = response(b"Content-Length: 5", b"Connection: close", b"Proxy-Authenticate: Basic", b"A: b", b"Via: 1.1 z")
    assert client_response(head, 5, b"Own: 1\r\n", bodiless=False) == (
        b"HTTP/1.1 200 OK\r\nA: b\r\nVia: 1.1 z\r\nContent-Length: 5\r\nOwn: 1\r\n\r\n"
    )


def test_bodiless_answers_keep_the_length_of_the_representation():
    assert b"Content-Length: 5\r\n" in client_response(response(b"Content-Length: 5"), 0, b"", bodiless=True)
    assert client_response(response(), 0, b"", bodiless=True) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert b"Length" not in client_response(response(b"Content-Length: 0", status=204), 0, b"", bodiless=True)


def test_framing_lines():
    assert framing_line(CHUNKED) == b"Transfer-Encoding: chunked\r\n"
    assert framing_line(UNTIL_CLOSE) == b""
    assert framing_line(12) == b"Content-Length: 12\r\n"


def test_who_closes():
    assert not wants_close(request())
    assert wants_close(request(version=b"1.0"))
    assert wants_close(request(b"Connection: keep-alive", version=b"1.0"))
    assert wants_close(request(b"Connection: x,  CLOSE"))
    assert wants_close(response(b"Proxy-Connection: close"))
    assert not wants_close(response(b"Connection: keep-alive"))
    assert options({b"connection": b"A,b ", b"proxy-connection": b"c"}) == {b"a", b"b", b"c"}


def test_own_lines_name_the_proxy_and_us():
    assert own_lines("p-1", "h:1") == b"Via: 1.1 p-1\r\nX-Proxyfleet-Proxy: h:1\r\n"
    assert own_lines(None, None) == b""


def test_a_loop_is_seen_by_its_own_pseudonym():
    assert passed_through(b"1.0 fred, 1.1 proxyfleet-1 (x)", "proxyfleet-1")
    assert not passed_through(b"1.0 fred, 1.1 proxyfleet-12", "proxyfleet-1")
    assert not passed_through(b",", "proxyfleet-1")


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (b"GET http://a.test/x?y=http://a.test/ HTTP/1.1", b"GET /x?y=http://a.test/ HTTP/1.1"),
        (b"GET http://a.test HTTP/1.1", b"GET / HTTP/1.1"),
        (b"GET http://a.test?q HTTP/1.1", b"GET /?q HTTP/1.1"),
        (b"OPTIONS http://a.test HTTP/1.1", b"OPTIONS * HTTP/1.1"),
        (b"OPTIONS http://a.test/ HTTP/1.1", b"OPTIONS / HTTP/1.1"),
        (b"OPTIONS http://a.test?q HTTP/1.1", b"OPTIONS /?q HTTP/1.1"),
        (b"GET http://A.test:8080/ HTTP/1.1", b"GET / HTTP/1.1"),
    ],
)
def test_the_target_itself_gets_origin_form(line, written):
    head = parse_request(line + b"\r\nHost: a.test", request_names(), HeadLimits())
    authority, path = split_absolute(head.target)
    wire = parse_authority(authority, 80).encode(omit=80)
    start = upstream_request(head, wire, path, 0)
    assert origin_form(start, head, wire).split(b"\r\n")[:2] == [written, b"Host: " + wire]
