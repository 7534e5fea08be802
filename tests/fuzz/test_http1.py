"""Differential fuzzing: whatever we would forward, h11, httptools and both parsers of aiohttp read alike, to the last
byte (R10).

Messages are built from pieces that parsers are known to disagree about and then mutated. Most are refused; those that
pass are compared. PROXYFLEET_FUZZ_CASES sets the number of cases per direction; a failure prints its seed.
"""

import asyncio
import os
import random

import h11
import httptools
import pytest
from aiohttp import http_parser

from proxyfleet.wire.authority import check_host, parse_authority, split_absolute
from proxyfleet.wire.forward import client_response, framing_line, upstream_request
from proxyfleet.wire.http1_body import UNTIL_CLOSE, body_for, request_framing, response_framing
from proxyfleet.wire.http1_head import (
    HeadError,
    HeadLimits,
    HeadReader,
    parse_request,
    parse_response,
    request_names,
    response_names,
)

CASES = int(os.environ.get("PROXYFLEET_FUZZ_CASES", "50000"))
LIMITS = HeadLimits()
REQUEST_NAMES, RESPONSE_NAMES = request_names(), response_names()

METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH"] * 3 + [
    b"get",
    b"M-SEARCH",
    b"G\x00T",
    b"",
]
TARGETS = [
    b"http://a.test/",
    b"http://A.test:80/x?y=z",
    b"http://a.test",
    b'http://[::1]/%20|{}"',
    b"http://a.test?q",
] * 3
TARGETS += [
    b"/x",
    b"*",
    b"http://u@a.test/",
    b"http://a.test/#f",
    b"http://a.test/\t",
    b"http://127.1/",
    b"http://a/\xe4",
]
VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"http/1.1", b"HTTP/2.0", b"HTTP/1.1 "]
STATUS = [b"200 OK", b"204 No Content", b"304 Not Modified", b"404 ", b"500", b"301 M\xf6ved", b"206 a\tb"] * 3
STATUS += [b"99 X", b"1000 X", b" 200 OK", b"200\tOK", b"+20 X"]
FIELDS = [
    *(b"Host: a.test", b"Host: a.test", b"host:a.test", b"Host: A.TEST:80", b"Host: [::1]", b"Host: b.test", b"Host:"),
    *(
        b"Content-Length: 5",
        b"Content-Length: 0",
        b"Content-Length: 05",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
    ),
    *(
        b"content-length:  5\t",
        b"Content-Length: ",
        b"Content_Length: 9",
        b"Content-Length : 5",
        b"Content-Length: 5\x0b",
    ),
    *(b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED", b"Transfer-Encoding: gzip, chunked"),
    *(b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked\x0c", b"Transfer-Encoding: identity"),
    *(b"Transfer_Encoding: chunked", b"Transfer-Encoding", b" Transfer-Encoding: chunked", b"X: a\r\n folded: 1"),
    *(b"Connection: close", b"Connection: X-A, keep-alive", b"Connection: content-length", b"Connection: Upgrade"),
    *(b"Upgrade: h2c", b"Expect: 100-continue", b"TE: trailers", b"Trailer: X-T", b"Via: 1.1 x", b"Keep-Alive: 5"),
    *(b"Accept: */*", b"X-A: b", b"X-A:", b"X-A:\xe4\xf6", b"X-B: a\x00b", b"X-B: \x7f", b"X-B: a\rb", b"X-B: a\nb"),
    *(b"X(: a", b": a", b"", b"Cookie: a=b; c=d", b"Proxy-Authorization: Basic dTpw", b"Set-Cookie: a", b"X-A: \x1f"),
]
BODIES = [
    *(
        b"",
        b"hello",
        b"hello",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;e=v\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
        b"05\r\nhello\r\n0\r\n\r\n",
    ),
    *(b"5 \r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"5\r\nhelloXX0\r\n\r\n", b"hel"),
    *(b"5;\nhello\r\n0\r\n\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\nA : b\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n"),
    *(b"fffffffffffffffff\r\nhello", b"5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: evil\r\n\r\n", b"\r\n5\r\nhello"),
]
SPICE = [
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"\x0b",
    b"\x0c",
    b"\x85",
    b"\xa0",
    b",",
    b";",
    b"_",
    b"0",
    b"\r\n",
    b"\r\n\r\n",
]


def mutated(rng: random.Random, wire: bytes) -> bytes:
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        at = rng.randrange(len(wire) + 1)
        wire = wire[:at] + rng.choice(SPICE) + wire[at + rng.randrange(2) :]
    return wire


def message(rng: random.Random, start: bytes, fields: list[bytes]) -> bytes:
    chosen = rng.choices(fields, k=rng.randrange(5))
    if rng.random() < 0.7:
        chosen.insert(0, b"Host: a.test")
    return mutated(rng, b"\r\n".join([start, *chosen, b"", b""]) + rng.choice(BODIES))


def pieces(rng: random.Random, wire: bytes) -> list[bytes]:
    if rng.random() < 0.5:
        return [wire]
    cuts = sorted(rng.randrange(len(wire) + 1) for _ in range(3))
    return [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]


def read_head(reader: HeadReader, parts: list[bytes]) -> bytes | None:
    while parts:
        head = reader.feed(parts.pop(0))
        if head is not None:
            parts.insert(0, reader.rest)
            return head
    return None


def read_body(framing: int, parts: list[bytes]) -> bytes | None:
    """The bytes we would forward; None while the body is incomplete."""
    body = body_for(framing)
    out = b""
    for part in parts:
        if not body.done:
            out += body.feed(part)[0]
    return out if body.done or framing == UNTIL_CLOSE else None


def forwarded_request(rng: random.Random, wire: bytes) -> bytes | None:
    """What the next hop would get, put together as the gateway does; None for "need more"."""
    parts = pieces(rng, wire)
    raw = read_head(HeadReader(LIMITS), parts)
    if raw is None:
        return None
    head = parse_request(raw, REQUEST_NAMES, LIMITS)
    written, path = split_absolute(head.target)
    authority = parse_authority(written, 80)
    check_host(head, written, authority, 80)
    framing = request_framing(head)
    body = read_body(framing, parts)
    if body is None:
        return None
    return upstream_request(head, authority.encode(omit=80), path, framing) + b"Via: 1.1 us\r\n\r\n" + body


def forwarded_response(rng: random.Random, wire: bytes, method: bytes) -> bytes | None:
    parts = pieces(rng, wire)
    raw = read_head(HeadReader(LIMITS), parts)
    if raw is None:
        return None
    head = parse_response(raw, RESPONSE_NAMES, LIMITS)
    if head.status < 200:
        return None
    framing = response_framing(head, method)
    body = read_body(framing, parts)
    bodiless = method == b"HEAD" or head.status in (204, 304)
    return None if body is None else client_response(head, framing, b"", bodiless=bodiless) + body


Reading = tuple[object, ...]


def fields_of(pairs) -> list[tuple[bytes, bytes]]:
    return [(bytes(name).lower(), bytes(value).strip(b" \t")) for name, value in pairs]


def by_h11(role, wire: bytes, method: bytes = b"GET") -> Reading:
    peer = h11.Connection(role, max_incomplete_event_size=1 << 16)
    if role is h11.CLIENT:
        peer.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"a.test")]))
        peer.send(h11.EndOfMessage())
    peer.receive_data(wire)
    peer.receive_data(b"")
    start = peer.next_event()
    assert isinstance(start, h11.Request | h11.Response), start
    body = b""
    while isinstance(event := peer.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage), event
    assert not event.headers
    assert not peer.trailing_data[0]
    line = (start.method, start.target) if isinstance(start, h11.Request) else (start.status_code, bytes(start.reason))
    return (*line, fields_of(start.headers.raw_items()), body)


class Heard:
    def __init__(self) -> None:
        self.target, self.reason, self.fields, self.body, self.messages = b"", b"", [], b"", 0

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.messages += 1


def by_httptools(wire: bytes) -> Reading:
    heard = Heard()
    parser = httptools.HttpRequestParser(heard)
    parser.feed_data(wire)
    assert heard.messages == 1
    return (parser.get_method(), heard.target, fields_of(heard.fields), heard.body)


def response_by_httptools(wire: bytes, until_close: bool) -> Reading:
    heard = Heard()
    parser = httptools.HttpResponseParser(heard)
    parser.feed_data(wire)
    assert heard.messages == (0 if until_close else 1)
    return (parser.get_status_code(), heard.reason, fields_of(heard.fields), heard.body)


class Flow:
    """What aiohttp's parser wants of a protocol."""

    _reading_paused = False

    def pause_reading(self) -> None: ...

    def resume_reading(self, resume_parser: bool = True) -> None: ...


def by_aiohttp(parser_class, loop, wire: bytes) -> Reading:
    parser = parser_class(Flow(), loop, limit=1 << 16)
    messages, _, tail = parser.feed_data(wire)
    assert len(messages) == 1
    assert not tail
    head, payload = messages[0]
    body = b"".join(bytes(part) for part in getattr(payload, "_buffer", ()))
    assert payload.is_eof()
    return (head.method.encode(), head.path.encode("utf-8", "surrogateescape"), fields_of(head.raw_headers), body)


@pytest.fixture(name="loop")
def _loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_no_forwarded_request_is_read_in_two_ways(loop):
    passed = 0
    for seed in range(CASES):
        rng = random.Random(seed)
        start = b" ".join([rng.choice(METHODS), rng.choice(TARGETS), rng.choice(VERSIONS)])
        wire = message(rng, start, FIELDS)
        try:
            out = forwarded_request(rng, wire)
        except HeadError:
            continue
        if out is None:
            continue
        passed += 1
        readings = [by_h11(h11.SERVER, out), by_aiohttp(http_parser.HttpRequestParserPy, loop, out)]
        if out.split(b" ", 1)[0] in METHODS[:7]:  # llhttp, under both of these, knows a closed set of methods
            readings += [by_httptools(out), by_aiohttp(http_parser.HttpRequestParser, loop, out)]
        assert all(reading == readings[0] for reading in readings), (seed, wire, out, readings)
        assert b"evil" not in out or b"Transfer-Encoding" not in out, (seed, out)
    assert passed > CASES // 20


def test_no_forwarded_response_is_read_in_two_ways():
    passed = 0
    for seed in range(CASES):
        rng = random.Random(seed)
        method = rng.choice((b"GET", b"GET", b"GET", b"HEAD"))
        wire = message(rng, rng.choice(VERSIONS[:9]) + b" " + rng.choice(STATUS), FIELDS[7:])
        try:
            out = forwarded_response(rng, wire, method)
        except HeadError:
            continue
        if out is None:
            continue
        passed += 1
        reading = by_h11(h11.CLIENT, out, method)
        if method == b"GET":
            head = out[: out.index(b"\r\n\r\n")].lower()
            framed = b"\r\ncontent-length: " in head or b"\r\ntransfer-encoding: " in head
            until_close = not framed and reading[0] not in (204, 304)
            assert response_by_httptools(out, until_close) == reading, (seed, wire, out)
    assert passed > CASES // 20


def test_random_bytes_never_do_more_than_a_refusal():
    for seed in range(CASES // 4):
        rng = random.Random(seed)
        wire = rng.randbytes(rng.randrange(60)) + rng.choice((b"", b"\r\n\r\n"))
        for read in (forwarded_request, lambda r, w: forwarded_response(r, w, b"GET")):
            try:
                read(rng, wire)
            except HeadError:
                pass


def test_framing_lines_are_what_is_read_back():
    assert framing_line(-1).lower() == b"transfer-encoding: chunked\r\n"
