"""HTTP/1 heads, strictly: bytes of a head in, a `RequestHead` or `ResponseHead` out, `HeadError` for everything
doubtful.

Parsing is `bytes.split` plus three whole-head checks (illegal bytes, bare CR, bare LF), so that one pass in C sees
every byte. Field lines that a forwarder has no business with stay the bytes that arrived (`lines`); those it must
understand are taken out into `special`. Nothing here repairs a message: what RFC 9112 lets a recipient tolerate is
refused, because the next hop may tolerate it differently (SPEC row G8).

This module must not know about bodies, addresses or what a gateway does with a head.
"""

from typing import NamedTuple, TypeVar

HTAB_CR_LF_AND_TEXT = bytes([9, 10, 13, *range(0x20, 0x7F), *range(0x80, 0x100)])
TEXT_TO_LETTERS = bytes(0x61 if byte in HTAB_CR_LF_AND_TEXT and byte not in b"\r\n" else 0 for byte in range(256))
"""A table for `translate`: the result is all letters where all bytes were text, which two fast passes in C can tell."""
VISIBLE_TO_LETTERS = bytes(0x61 if 0x21 <= byte <= 0x7E else 0 for byte in range(256))
TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"PATCH"})
ECHOING = frozenset({b"TRACE", b"TRACK"})
"""Whoever answers these sends the request back: an upstream proxy would show its credentials to the client (RFC 9110
§9.3.8).
"""
VERSIONS = {b"HTTP/1.1": 11, b"HTTP/1.0": 10}
OWN_PREFIX = b"x-proxyfleet-"

FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""Names that decide where a message ends and where it goes; a second one, or one spelt with `_`, is never honest."""

SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})
"""Fields whose lines are never remembered."""
PASSING_ONCE = frozenset(
    {b"authorization", b"content-location", b"content-range", b"content-type", b"etag", b"server", b"user-agent"}
)
"""Fields of requests that go on as they came, but never twice: of two, some servers read the first and some the last."""

SINGLE = FRAMING | {b"proxy-authorization", b"expect", b"max-forwards"}
"""Names that may come once only (RFC 9110 §5.3); all other special ones are lists and are joined."""

HOP_BY_HOP = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
    | {b"proxy-authorization", b"proxy-authenticate", b"proxy-authentication-info", b"http2-settings"}
)
"""Fields that end at this hop (RFC 9110 §7.6.1, and the names of RFC 2616 that old peers still send)."""

REQUEST_SPECIAL = FRAMING | HOP_BY_HOP | PASSING_ONCE | {b"expect", b"max-forwards", b"via"}
PROVIDER_PREFIXES = (b"x-luminati-error", b"x-brd-err")
"""Each stands for every name that begins so."""
PROVIDER_ERRORS = frozenset({b"proxy-status", b"x-error-description", *PROVIDER_PREFIXES})
"""By these a provider says in an answer that it is its own."""

RESPONSE_SPECIAL = (FRAMING - {b"host"}) | HOP_BY_HOP | PROVIDER_ERRORS


class HeadError(ValueError):
    """A head that must not be forwarded. `status` is what a client is told, `code` the stable word for it; no byte of
    the input is kept. `detail` says more, in words of ours.
    """

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail


class HeadLimits(NamedTuple):
    """Upper bounds in bytes; `fields` is a count. A head of exactly the limit passes."""

    line: int = 8192
    block: int = 32768
    fields: int = 100


class RequestHead(NamedTuple):
    """`version` is 10 or 11; `lines` are field lines to pass on as they came; `special` maps lower-case names to
    stripped values.
    """

    method: bytes
    target: bytes
    version: int
    lines: list[bytes]
    special: dict[bytes, bytes]


class ResponseHead(NamedTuple):
    """As `RequestHead`; `status` is 100 to 999 because sites do answer 999."""

    status: int
    reason: bytes
    version: int
    lines: list[bytes]
    special: dict[bytes, bytes]


class Kind(NamedTuple):
    """What a field's name says: `special` is its lower-case form, or b"" where the line passes untouched.

    `passes`: the line goes on although it is special. `secret`: it must not be remembered.
    """

    special: bytes
    passes: bool
    secret: bool


class FieldNames(dict[bytes, Kind]):
    """Cache from a name as written to its kind.

    One per gateway and direction. Bounded, because names come from strangers: 1,024 names of at most 128 bytes, then it
    starts afresh. `starts` remembers status lines in the same bounds, and `lines` what whole field lines say: special
    name, value and whether it passes, or () for one that passes untouched.
    """

    def __init__(self, special: frozenset[bytes]) -> None:
        super().__init__()
        self._special = special
        self.starts: dict[bytes, tuple[int, int, bytes]] = {}
        self.lines: dict[bytes, tuple[bytes, bytes, bool] | tuple[()]] = {}

    def __missing__(self, raw: bytes) -> Kind:
        name = field_name(raw)
        for common in PROVIDER_PREFIXES:
            if name.startswith(common):
                name = common
        special = name if name in self._special or name.startswith(OWN_PREFIX) else b""
        return remember(self, raw, Kind(special, special in PASSING_ONCE, name in SECRET))


Kept = TypeVar("Kept")
MOST_REMEMBERED = 128
made = tuple.__new__
"""Makes a named tuple in a quarter of the time that its own constructor takes."""


def remember(cache: dict[bytes, Kept], raw: bytes, value: Kept) -> Kept:
    if len(raw) <= MOST_REMEMBERED:
        if len(cache) >= 1024:
            cache.clear()
        cache[raw] = value
    return value


def request_names() -> FieldNames:
    """The cache for request heads."""
    return FieldNames(REQUEST_SPECIAL)


def response_names() -> FieldNames:
    """The cache for response heads."""
    return FieldNames(RESPONSE_SPECIAL)


def is_visible(raw: bytes) -> bool:
    """Whether `raw` is not empty and all visible ASCII, as a request target has to be."""
    return raw.translate(VISIBLE_TO_LETTERS).isalpha()


def is_token(raw: bytes) -> bool:
    """Whether `raw` is a token of RFC 9110 §5.6.2."""
    return bool(raw) and not raw.translate(None, TOKEN)


def _check_unusual(method: bytes) -> None:
    """Methods we do not know pass as tokens in capitals; parsers disagree about all others."""
    if method in ECHOING:
        raise HeadError(501, "method_not_served")
    if not is_token(method) or not method.isupper() or len(method) > 32:
        raise HeadError(400, "bad_request_line")


def field_name(raw: bytes) -> bytes:
    """`raw` in lower case, or `HeadError`: not a token (so also obs-fold and a space before the colon), or
    `content_length` and its kin.
    """
    if not is_token(raw):
        raise HeadError(400, "bad_field_name")
    name = raw.lower()
    if b"_" in name and name.replace(b"_", b"-") in FRAMING:
        raise HeadError(400, "disguised_field_name")
    return name


class HeadReader:
    """Collects bytes until the empty line. `feed` gives the head without it, or None for "need more"; what follows is
    in `rest`.
    """

    __slots__ = ("_held", "_limits", "_most", "rest")

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._most = limits.block
        self._held: bytearray | None = None
        self.rest = b""

    @property
    def started(self) -> bool:
        """Whether part of a head is being held; the empty line that some clients send after a body is none."""
        return self._held is not None and bytes(self._held[:3]) not in (b"", b"\r", b"\r\n")

    def feed(self, data: bytes) -> bytes | None:
        """Raises `HeadError` 400, 414 or 431 as soon as the head cannot become a good one."""
        if not self._held:
            head, end, rest = data.partition(b"\r\n\r\n")
            if end and len(head) <= self._most:
                self.rest = rest
                return head
            self._held = bytearray()
        return self._feed_slowly(self._held, data)

    def _feed_slowly(self, held: bytearray, data: bytes) -> bytes | None:
        scanned = max(len(held) - 3, 0)
        held += data
        end = held.find(b"\r\n\r\n", scanned)
        if end < 0 or end > self._limits.block:
            self._refuse_hopeless(held, scanned)
            return None
        self.rest = bytes(held[end + 4 :])
        self._held = None
        return bytes(held[:end])

    def _refuse_hopeless(self, held: bytearray, scanned: int) -> None:
        """A head with a bare CR, a bare LF or a control character would otherwise hold its connection until the
        deadline.
        """
        fresh = held[scanned:]
        if fresh.translate(None, HTAB_CR_LF_AND_TEXT):
            raise HeadError(400, "illegal_byte")
        whole = fresh.count(b"\r\n") + (fresh[:1] == b"\n" and held[scanned - 1 : scanned] == b"\r")
        returns = fresh.count(b"\r") - fresh.endswith(b"\r") + (scanned > 0 and held[scanned - 1 : scanned] == b"\r")
        if fresh.count(b"\n") != whole or returns != whole:
            raise HeadError(400, "bare_line_break")
        if len(held) > self._limits.line and held.find(b"\r\n", 0, self._limits.line + 2) < 0:
            raise HeadError(414, "line_too_long")
        if len(held) > self._limits.block + 3:
            raise HeadError(431, "head_too_large")


def parse_request(head: bytes, names: FieldNames, limits: HeadLimits) -> RequestHead:
    """A request head without its empty line. `HeadError` 400, 414, 431, 501 or 505 (RFC 9112 §2.2, §3, §5).

    One empty line before it is ignored, as §2.2 asks for.
    """
    lines = _lines(head)
    start = lines[0]
    if not start and len(lines) > 1:
        start = lines.pop(1)
    if len(start) > limits.line:
        raise HeadError(414, "line_too_long")
    if len(lines) - 1 > limits.fields:
        raise HeadError(431, "too_many_fields")
    parts = start.split(b" ")
    if len(parts) != 3:
        raise HeadError(400, "bad_request_line")
    method, target, word = parts
    version = VERSIONS.get(word) or _refuse_version(word)
    if method not in METHODS:
        _check_unusual(method)
    if not is_visible(target):
        raise HeadError(400, "bad_request_line")
    plain, special = _fields(lines, names)
    return made(RequestHead, (method, target, version, plain, special))


def parse_response(head: bytes, names: FieldNames, limits: HeadLimits) -> ResponseHead:
    """A response head without its empty line. Every fault is `HeadError` 502, the upstream's (RFC 9112 §4, §5)."""
    try:
        lines = _lines(head)
        start = lines[0]
        if len(start) > limits.line or len(lines) - 1 > limits.fields:
            raise HeadError(502, "head_too_large")
        version, status, reason = names.starts.get(start) or remember(names.starts, start, _status_line(start))
        plain, special = _fields(lines, names)
    except HeadError as error:
        raise HeadError(502, error.code) from None
    return made(ResponseHead, (status, reason, version, plain, special))


def _status_line(start: bytes) -> tuple[int, int, bytes]:
    word, _, rest = start.partition(b" ")
    status, _, reason = rest.partition(b" ")
    version = VERSIONS.get(word)
    if version is None or len(status) != 3 or not status.isdigit() or status[:1] == b"0":
        raise HeadError(502, "bad_status_line")
    return version, int(status), reason.strip(b" \t")


def _refuse_version(word: bytes) -> int:
    known_shape = (
        len(word) == 8 and word[:5] == b"HTTP/" and word[5:6].isdigit() and word[6:7] == b"." and word[7:].isdigit()
    )
    raise HeadError(505, "version_not_supported") if known_shape else HeadError(400, "bad_request_line")


def _lines(head: bytes) -> list[bytes]:
    """The lines of a head that holds nothing but text and whole line breaks."""
    lines = head.split(b"\r\n")
    if not b"".join(lines).translate(TEXT_TO_LETTERS).isalpha():
        if head.translate(None, HTAB_CR_LF_AND_TEXT):
            raise HeadError(400, "illegal_byte")
        if head.count(b"\r") != len(lines) - 1 or head.count(b"\n") != len(lines) - 1:
            raise HeadError(400, "bare_line_break")
    return lines


def _fields(lines: list[bytes], names: FieldNames) -> tuple[list[bytes], dict[bytes, bytes]]:
    plain: list[bytes] = []
    once: list[bytes] = []
    special: dict[bytes, bytes] = {}
    known = names.lines
    for line in lines[1:]:
        field = known.get(line)
        if field is None:
            field = _field(line, names)
        if not field:
            plain.append(line)
            continue
        name, value, passes = field
        if passes:
            plain.append(line)
            once.append(name)
        elif name not in special:
            special[name] = value
        elif name in SINGLE:
            raise HeadError(400, "duplicate_field")
        else:
            special[name] += b", " + value
    if len(once) > 1 and len(set(once)) != len(once):
        raise HeadError(400, "duplicate_field")
    return plain, special


def _field(line: bytes, names: FieldNames) -> tuple[bytes, bytes, bool] | tuple[()]:
    raw, colon, value = line.partition(b":")
    name, passes, secret = names[raw]
    if not colon:
        raise HeadError(400, "bad_field_line")
    field = (name, value.strip(b" \t"), passes) if name else ()
    return field if secret else remember(names.lines, line, field)
