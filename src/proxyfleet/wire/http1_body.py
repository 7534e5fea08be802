"""HTTP/1 bodies: how long one is, and the bytes of it that may go on.

`request_framing` and `response_framing` apply RFC 9112 §6 with every ambiguity refused. The readers take bytes as they
come and give what to forward; a chunked body is decoded and framed anew, so that extensions, trailers and odd spellings
of a size never reach the next hop.
"""

import re
from collections.abc import Callable
from typing import Protocol

from proxyfleet.wire.http1_head import FRAMING, HeadError, RequestHead, ResponseHead, is_token

CHUNKED = -1
UNTIL_CLOSE = -2
"""Values of a framing; a length of 0 or more is the number of bytes, and 0 is also "no body"."""

MAX_SIZE_DIGITS = 16
MAX_EXTENSION = 256
MAX_TRAILERS = 8192
LAST_CHUNK = b"0\r\n\r\n"
_PLAIN_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})\r\n")
_HEX = b"0123456789abcdefABCDEF"
_TEXT = bytes([9, *range(0x20, 0x7F), *range(0x80, 0x100)])


class Body(Protocol):
    """One body being read. `done` turns true with its last byte."""

    done: bool

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """(bytes to forward, bytes that belong to what follows). Raises `HeadError` when the framing is broken."""
        ...


def request_framing(head: RequestHead) -> int:
    """Length or `CHUNKED`; raises `HeadError` 400 for anything but one honest field (RFC 9112 §6.1, §6.3)."""
    special = head.special
    length = special.get(b"content-length")
    coding = special.get(b"transfer-encoding")
    if coding is None:
        return 0 if length is None else _length(length, 400)
    if head.version < 11 or length is not None or coding.lower() != b"chunked":
        raise HeadError(400, "bad_transfer_encoding")
    return CHUNKED


def forbid_framing(head: RequestHead) -> None:
    """A CONNECT with a length or a coding is refused: what follows it would be read in two ways (RFC 9110 §9.3.6)."""
    if b"content-length" in head.special or b"transfer-encoding" in head.special:
        raise HeadError(400, "framed_connect")


def response_framing(head: ResponseHead, method: bytes) -> int:
    """Length, `CHUNKED` or `UNTIL_CLOSE`; raises `HeadError` 502. Not for a 2xx to CONNECT, which has no body to
    frame.
    """
    status, _, version, _, special = head
    length = special.get(b"content-length")
    coding = special.get(b"transfer-encoding")
    size = UNTIL_CLOSE if length is None else _length(length, 502)
    if coding is not None and (version < 11 or length is not None or coding.lower() != b"chunked"):
        raise HeadError(502, "bad_transfer_encoding")
    if status < 200 or status == 204:
        if coding is not None or size > 0:
            raise HeadError(502, "body_where_none_may_be")
        return 0
    if method == b"HEAD" or status == 304:
        return 0
    return size if coding is None else CHUNKED


def body_for(framing: int, *, chunked_out: bool = True) -> Body:
    """The reader for a framing; `chunked_out=False` gives bare payload, for a client that speaks HTTP/1.0."""
    if framing == CHUNKED:
        return ChunkedBody(framed=chunked_out)
    return EndlessBody() if framing == UNTIL_CLOSE else LengthBody(framing)


def _length(value: bytes, status: int) -> int:
    if not value.isdigit() or len(value) > 18:
        raise HeadError(status, "bad_content_length")
    return int(value)


class LengthBody:
    """A body of a known number of bytes."""

    __slots__ = ("_left", "done")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Bytes go through as they are."""
        size = len(data)
        if size <= self._left:
            self._left -= size
            self.done = not self._left
            return data, b""
        mine, self._left, self.done = data[: self._left], 0, True
        return mine, data[len(mine) :]


class EndlessBody:
    """A body that ends with its connection; the owner of the connection knows when that is."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Everything is body."""
        return data, b""


class ChunkedBody:
    """A chunked body (RFC 9112 §7.1), decoded and framed anew; trailers are read, checked and dropped, and those that
    would frame the message over again are refused (RFC 9110 §6.5.1).

    At most 16 hex digits per size, 256 bytes of extension per chunk, 8 KiB of trailers, CRLF only.
    """

    __slots__ = ("_framed", "_left", "_line", "_state", "_trailers", "done")

    def __init__(self, *, framed: bool = True) -> None:
        self._framed = framed
        self._state: _Step = ChunkedBody._size
        self._line = b""
        self._left = 0
        self._trailers = 0
        self.done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """All payload of one call becomes one chunk; `HeadError` 400 at the first wrong byte."""
        payload: list[bytes] = []
        at = 0
        size = len(data)
        while at < size and not self.done:
            at = self._state(self, data, at, payload)
        out = b"".join(payload)
        if self._framed:
            out = (b"%x\r\n%b\r\n" % (len(out), out) if out else b"") + (LAST_CHUNK if self.done else b"")
        return out, data[at:]

    def _whole_chunks(self, data: bytes, at: int, payload: list[bytes]) -> int:
        """Takes the plain chunks that lie whole in `data`: a body of one-byte chunks would else hold the loop for 0.1
        s.
        """
        while (line := _PLAIN_SIZE.match(data, at)) is not None and (size := int(line[1], 16)):
            start = line.end()
            end = start + size
            if data[end : end + 2] != b"\r\n":
                break
            payload.append(data[start:end])
            at = end + 2
        return at

    def _size(self, data: bytes, at: int, payload: list[bytes]) -> int:
        if not self._line:
            at = self._whole_chunks(data, at, payload)
        line, at = self._take_line(data, at, MAX_SIZE_DIGITS + MAX_EXTENSION)
        if line is None:
            return at
        digits, semicolon, extension = line.partition(b";")
        if semicolon:
            digits = digits.rstrip(b" \t")
        if (
            not digits
            or len(digits) > MAX_SIZE_DIGITS
            or digits.translate(None, _HEX)
            or extension.translate(None, _TEXT)
        ):
            raise HeadError(400, "bad_chunk_size")
        self._left = int(digits, 16)
        self._state = ChunkedBody._payload if self._left else ChunkedBody._trailer
        return at

    def _payload(self, data: bytes, at: int, payload: list[bytes]) -> int:
        piece = data[at : at + self._left]
        payload.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = ChunkedBody._end_of_chunk
        return at + len(piece)

    def _end_of_chunk(self, data: bytes, at: int, _payload: list[bytes]) -> int:
        line, at = self._take_line(data, at, 0)
        if line is not None:
            self._state = ChunkedBody._size
        return at

    def _trailer(self, data: bytes, at: int, _payload: list[bytes]) -> int:
        line, at = self._take_line(data, at, MAX_TRAILERS - self._trailers)
        if line is None:
            return at
        self._trailers += len(line) + 2
        if not line:
            self.done = True
        else:
            _check_trailer(line)
        return at

    def _take_line(self, data: bytes, at: int, limit: int) -> tuple[bytes | None, int]:
        """A line without its CRLF, held together over calls; None while it is incomplete. Longer than `limit` is an
        error.
        """
        end = data.find(b"\n", at, at + limit + 2 - len(self._line))
        line = self._line + data[at : end if end >= 0 else at + limit + 2 - len(self._line)]
        if end < 0:
            if len(line) > limit + 1 or b"\r" in line[:-1] or (len(line) > limit and line[-1:] != b"\r"):
                raise HeadError(400, "bad_chunk")
            self._line = line
            return None, len(data)
        self._line = b""
        if line[-1:] != b"\r" or b"\r" in line[:-1]:
            raise HeadError(400, "bad_chunk")
        return line[:-1], end + 1


def _check_trailer(line: bytes) -> None:
    name, colon, value = line.partition(b":")
    framing = name.lower().replace(b"_", b"-") in FRAMING
    if not colon or framing or not is_token(name) or value.translate(None, _TEXT):
        raise HeadError(400, "bad_trailer")


_Step = Callable[[ChunkedBody, bytes, int, list[bytes]], int]
