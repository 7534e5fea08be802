"""What our own parser says to a message, in the words of the triage tables.

For requests one word per request of the connection, joined by `; `: `accept`, `400 code` (any status, then the stable
code), `408 head_timeout` or `408 body_timeout` for what never becomes whole, `nothing` for no request at all. For an
answer `accept`, `502 code` when its head is refused, `cut code` when the client has had the head already.
"""

from collections.abc import Callable

from proxyfleet.gateway.settings import Limits
from proxyfleet.wire.authority import check_host, parse_authority, split_absolute
from proxyfleet.wire.forward import (
    client_response,
    connect_request,
    origin_form,
    passing_lines,
    upstream_request,
    wants_close,
)
from proxyfleet.wire.http1_body import UNTIL_CLOSE, Body, body_for, forbid_framing, request_framing, response_framing
from proxyfleet.wire.http1_head import (
    HeadError,
    HeadLimits,
    HeadReader,
    RequestHead,
    parse_request,
    parse_response,
    request_names,
    response_names,
)

LIMITS = HeadLimits()
REQUEST_NAMES, RESPONSE_NAMES = request_names(), response_names()
MOST_INTERIM = Limits().interim_answers
BODY_CODES = frozenset({"bad_chunk", "bad_chunk_size", "bad_trailer"})
"""What the parser finds in a body; a gateway calls each of them `bad_request_body`."""


Cut = Callable[[bytes], list[bytes]]
"""How bytes arrive: in which pieces."""


def whole(wire: bytes) -> list[bytes]:
    """All at once."""
    return [wire]


class Reading:
    """A connection's requests, read to the end of `wire`: `verdicts`, and for each accepted one what goes on.

    `forwarded` is for an upstream HTTP proxy; `direct` the same for a target that is reached through SOCKS.
    """

    def __init__(self, wire: bytes, cut: Cut = whole) -> None:
        self.verdicts: list[str] = []
        self.forwarded: list[bytes] = []
        self.direct: list[bytes] = []
        self._cut = cut
        rest: bytes | None = wire
        while rest:
            try:
                rest = self._one(rest)
            except HeadError as error:
                self.verdicts.append(f"{error.status} {error.code}")
                rest = None

    def __str__(self) -> str:
        return "; ".join(self.verdicts) or "nothing"

    def _one(self, wire: bytes) -> bytes | None:
        """One request; what follows it, or None when nothing more is read."""
        reader = HeadReader(LIMITS)
        raw, rest = read_head(reader, self._cut(wire))
        if raw is None:
            if reader.started:
                raise HeadError(408, "head_timeout")
            return None
        head = parse_request(raw, REQUEST_NAMES, LIMITS)
        if head.special.get(b"expect", b"100-continue").lower() != b"100-continue":
            raise HeadError(417, "expectation_unknown")
        return self._tunnel(head) if head.method == b"CONNECT" else self._plain(head, rest)

    def _tunnel(self, head: RequestHead) -> None:
        forbid_framing(head)
        authority = parse_authority(head.target)
        check_host(head, head.target, authority, authority.port)
        self._accept(connect_request(authority.encode(), b""))

    def _plain(self, head: RequestHead, rest: bytes) -> bytes | None:
        written, path = split_absolute(head.target)
        authority = parse_authority(written, 80)
        check_host(head, written, authority, 80)
        framing = request_framing(head)
        start = upstream_request(head, authority.encode(omit=80), path, framing)
        piece, rest = read_body(body_for(framing), self._cut(rest))
        if piece is None:
            raise HeadError(408, "body_timeout")
        self._accept(start + b"\r\n" + piece)
        self.direct.append(origin_form(start, head, authority.encode(omit=80)) + b"\r\n" + piece)
        return None if wants_close(head) else rest

    def _accept(self, forwarded: bytes) -> None:
        self.verdicts.append("accept")
        self.forwarded.append(forwarded)


def read_head(reader: HeadReader, pieces: list[bytes]) -> tuple[bytes | None, bytes]:
    """The head and what follows it; None while there is none."""
    for number, piece in enumerate(pieces):
        raw = reader.feed(piece)
        if raw is not None:
            return raw, reader.rest + b"".join(pieces[number + 1 :])
    return None, b""


def read_body(body: Body, pieces: list[bytes]) -> tuple[bytes | None, bytes]:
    """What of a body goes on and what follows it; None while it is incomplete."""
    out, rest = b"", b""
    for piece in pieces:
        if body.done:
            rest += piece
            continue
        forwarded, rest = body.feed(piece)
        out += forwarded
    return (out if body.done else None), rest


def of_answer(wire: bytes, method: bytes, cut: Cut = whole) -> tuple[str, bytes]:
    """The verdict on an answer to `method` after which the proxy closes, and what a client of HTTP/1.1 gets of it."""
    try:
        for _ in range(MOST_INTERIM + 1):
            raw, wire = read_head(HeadReader(LIMITS), cut(wire))
            if raw is None:
                return "502 proxy_closed", b""
            head = parse_response(raw, RESPONSE_NAMES, LIMITS)
            passing_lines(head, 502)
            framing = response_framing(head, method)
            if head.status >= 200 or head.status == 101:
                break
    except HeadError as error:
        return f"502 {error.code}", b""
    if head.status < 200:
        return "502 unexpected_interim_answer", b""
    start = client_response(head, framing, b"", bodiless=method == b"HEAD" or head.status in (204, 304))
    if framing == UNTIL_CLOSE:
        return "accept", start + wire
    try:
        piece, _ = read_body(body_for(framing), cut(wire))
    except HeadError as error:
        return f"cut {error.code}", b""
    return ("cut proxy_closed", b"") if piece is None else ("accept", start + piece)
