"""Four other parsers as witnesses: h11, httptools (llhttp), and aiohttp's in C and in Python.

`agree_on_request` and `agree_on_answer` take the bytes of one message and fail unless everybody reads the same: start
line, fields in order, body, and that the message ends with the last byte.
"""

import asyncio
import re
from functools import cache

import h11
import httptools
import pytest
from aiohttp import http_parser

Reading = tuple[object, ...]
LARGEST = 1 << 17
LLHTTP_METHODS = frozenset(
    (
        b"ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY "
        b"OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK "
        b"UNLOCK UNSUBSCRIBE"
    ).split()
)
"""llhttp, under two of the witnesses, knows a closed set of methods."""
OLD_WEBSOCKET = b"\r\nsec-websocket-key1:"
"""aiohttp serves no request with this field, whatever it says."""


def agree_on_request(wire: bytes) -> Reading:
    """What all of them read: method, target, fields, body."""
    readings, known = [by_h11(h11.SERVER, wire)], wire.partition(b" ")[0] in LLHTTP_METHODS
    if known:
        readings.append(by_httptools(wire))
    if OLD_WEBSOCKET not in wire.lower():
        readings.append(by_aiohttp(http_parser.HttpRequestParserPy, wire))
        readings += [by_aiohttp(http_parser.HttpRequestParser, wire)] if known else []
    assert all(reading == readings[0] for reading in readings), (wire, readings)
    return readings[0]


def agree_on_answer(wire: bytes, method: bytes) -> Reading:
    """What all of them read: status, reason, fields, body. Interim answers before it must be heads alone."""
    wire = re.sub(rb"\A(?:HTTP/1\.1 1\d\d [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)+", b"", wire)
    readings = [by_h11(h11.CLIENT, wire, method)]
    if method == b"GET":
        head = wire[: wire.index(b"\r\n\r\n")].lower()
        framed = re.search(rb"\r\n(?:content-length|transfer-encoding): ", head) is not None
        until_close = not framed and readings[0][0] not in (204, 304)
        readings.append(answer_by_httptools(wire, until_close))
    for parser in (http_parser.HttpResponseParserPy, http_parser.HttpResponseParser):
        readings.append(answer_by_aiohttp(parser, wire, method))
    assert all(reading == readings[0] for reading in readings), (wire, readings)
    return readings[0]


def fields_of(pairs) -> list[tuple[bytes, bytes]]:
    return [(bytes(name).lower(), bytes(value).strip(b" \t")) for name, value in pairs]


def by_h11(role, wire: bytes, method: bytes = b"GET") -> Reading:
    peer = h11.Connection(role, max_incomplete_event_size=LARGEST)
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
    """Callbacks of httptools."""

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
    if wire.startswith(b"CONNECT "):
        with pytest.raises(httptools.HttpParserUpgrade) as tunnel:
            parser.feed_data(wire)
        assert tunnel.value.args[0] == len(wire)
    else:
        parser.feed_data(wire)
    assert heard.messages == 1
    return (parser.get_method(), heard.target, fields_of(heard.fields), heard.body)


def answer_by_httptools(wire: bytes, until_close: bool) -> Reading:
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


@cache
def a_loop() -> asyncio.AbstractEventLoop:
    """aiohttp's streams want to know one; it never runs."""
    return asyncio.new_event_loop()


BOUNDS = {"limit": LARGEST, "max_line_size": LARGEST, "max_field_size": LARGEST, "auto_decompress": False}


def by_aiohttp(parser_class, wire: bytes) -> Reading:
    parser = parser_class(Flow(), a_loop(), **BOUNDS)
    messages, upgraded, tail = parser.feed_data(wire)
    assert len(messages) == 1
    assert not tail
    assert not upgraded or wire.startswith(b"CONNECT ")
    head, payload = messages[0]
    body = b"".join(bytes(part) for part in getattr(payload, "_buffer", ()))
    assert payload.is_eof() or upgraded
    return (head.method.encode(), head.path.encode("utf-8", "surrogateescape"), fields_of(head.raw_headers), body)


def answer_by_aiohttp(parser_class, wire: bytes, method: bytes) -> Reading:
    parser = parser_class(Flow(), a_loop(), **BOUNDS, response_with_body=method != b"HEAD", read_until_eof=True)
    messages, _, tail = parser.feed_data(wire)
    assert len(messages) == 1
    assert not tail
    head, payload = messages[0]
    if not payload.is_eof():
        parser.feed_eof()
    body = b"".join(bytes(part) for part in getattr(payload, "_buffer", ()))
    reason = head.reason.encode("utf-8", "surrogateescape")
    return (head.code, reason, fields_of(head.raw_headers), body)
