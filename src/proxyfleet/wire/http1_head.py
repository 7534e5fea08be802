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
VISIBLE = bytes(range(0x21, 0x7F))
TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"})
VERSIONS = {b"HTTP/1.1": 11, b"HTTP/1.0": 10}
OWN_PREFIX = b"x-proxyfleet-"

FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""Names that decide where a message ends and where it goes; a second one, or one spelt with `_`, is never honest."""

SINGLE = FRAMING | {b"proxy-authorization", b"expect"}
"""Names that may come once only (RFC 9110 §5.3); all other special ones are lists and are joined."""

HOP_BY_HOP = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
    | {b"proxy-authorization", b"proxy-authenticate", b"proxy-authentication-info", b"http2-settings"}
)
"""Fields that end at this hop (RFC 9110 §7.6.1, and the names of RFC 2616 that old peers still send)."""

REQUEST_SPECIAL = FRAMING | HOP_BY_HOP | {b"expect", b"via"}
PROVIDER_ERRORS = frozenset({b"proxy-status", b"x-error-description", b"x-luminati-error", b"x-brd-err"})
"""By these a provider says in an answer that it is its own; `x-brd-err` stands for every name that begins so."""

RESPONSE_SPECIAL = (FRAMING - {b"host"}) | HOP_BY_HOP | PROVIDER_ERRORS


class HeadError(ValueError):
    """A head that must not be forwarded. `status` is what a client is told, `code` the stable word for it; no byte of
    the input is kept.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


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


class FieldNames(dict[bytes, bytes]):
    """Cache from a name as written to its lower-case form if it is special, or to b"" if it passes untouched.

    One per gateway and direction. Bounded, because names come from strangers: 1,024 names of at most 64 bytes, then it
    starts afresh. `starts` remembers status lines in the same bounds.
    """

    def __init__(self, special: frozenset[bytes]) -> None:
        super().__init__()
        self._special = special
        self.starts: dict[bytes, tuple[int, int, bytes]] = {}

    def __missing__(self, raw: bytes) -> bytes:
        name = field_name(raw)
        if name.startswith(b"x-brd-err"):
            name = b"x-brd-err"
        kind = name if name in self._special or name.startswith(OWN_PREFIX) else b""
        return _remember(self, raw, kind)


Kept = TypeVar("Kept")


def _remember(cache: dict[bytes, Kept], raw: bytes, value: Kept) -> Kept:
    if len(raw) <= 64:
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


def is_token(raw: bytes) -> bool:
    """Whether `raw` is a token of RFC 9110 §5.6.2."""
    return bool(raw) and not raw.translate(None, TOKEN)


def _is_method(raw: bytes) -> bool:
    """Methods we do not know pass as tokens in capitals; parsers disagree about all others."""
    return is_token(raw) and raw.isupper() and len(raw) <= 32


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

    __slots__ = ("_held", "_limits", "rest")

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._held: bytearray | None = None
        self.rest = b""

    @property
    def started(self) -> bool:
        """Whether part of a head is being held."""
        return bool(self._held)

    def feed(self, data: bytes) -> bytes | None:
        """Raises `HeadError` 400, 414 or 431 as soon as the head cannot become a good one."""
        if not self._held:
            end = data.find(b"\r\n\r\n")
            if 0 <= end <= self._limits.block:
                self.rest = data[end + 4 :]
                return data[:end]
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
        """A head with a bare LF or NUL would otherwise hold its connection until the deadline."""
        fresh = held[scanned:]
        if fresh.count(b"\n") != fresh.count(b"\r\n") + (fresh[:1] == b"\n" and held[scanned - 1 : scanned] == b"\r"):
            raise HeadError(400, "bare_line_break")
        if b"\0" in fresh:
            raise HeadError(400, "illegal_byte")
        if len(held) > self._limits.line and held.find(b"\r\n", 0, self._limits.line + 2) < 0:
            raise HeadError(414, "line_too_long")
        if len(held) > self._limits.block + 3:
            raise HeadError(431, "head_too_large")


def parse_request(head: bytes, names: FieldNames, limits: HeadLimits) -> RequestHead:
    """A request head without its empty line. `HeadError` 400, 414, 431 or 505 (RFC 9112 §2.2, §3, §5)."""
    lines = _lines(head)
    start = lines[0]
    if len(start) > limits.line:
        raise HeadError(414, "line_too_long")
    if len(lines) - 1 > limits.fields:
        raise HeadError(431, "too_many_fields")
    parts = start.split(b" ")
    if len(parts) != 3:
        raise HeadError(400, "bad_request_line")
    method, target, word = parts
    version = VERSIONS.get(word) or _refuse_version(word)
    if not (method in METHODS or _is_method(method)) or not target or target.translate(None, VISIBLE):
        raise HeadError(400, "bad_request_line")
    plain, special = _fields(lines, names)
    return RequestHead(method, target, version, plain, special)


def parse_response(head: bytes, names: FieldNames, limits: HeadLimits) -> ResponseHead:
    """A response head without its empty line. Every fault is `HeadError` 502, the upstream's (RFC 9112 §4, §5)."""
    try:
        lines = _lines(head)
        start = lines[0]
        if len(start) > limits.line or len(lines) - 1 > limits.fields:
            raise HeadError(502, "head_too_large")
        version, status, reason = names.starts.get(start) or _remember(names.starts, start, _status_line(start))
        plain, special = _fields(lines, names)
    except HeadError as error:
        raise HeadError(502, error.code) from None
    return ResponseHead(status, reason, version, plain, special)


def _status_line(start: bytes) -> tuple[int, int, bytes]:
    word, _, rest = start.partition(b" ")
    status, _, reason = rest.partition(b" ")
    version = VERSIONS.get(word)
    if version is None or len(status) != 3 or not status.isdigit() or status[:1] == b"0":
        raise HeadError(502, "bad_status_line")
    return version, int(status), reason


def _refuse_version(word: bytes) -> int:
    known_shape = (
        len(word) == 8 and word[:5] == b"HTTP/" and word[5:6].isdigit() and word[6:7] == b"." and word[7:].isdigit()
    )
    raise HeadError(505, "version_not_supported") if known_shape else HeadError(400, "bad_request_line")


def _lines(head: bytes) -> list[bytes]:
    if head.translate(None, HTAB_CR_LF_AND_TEXT):
        raise HeadError(400, "illegal_byte")
    lines = head.split(b"\r\n")
    breaks = len(lines) - 1
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks:
        raise HeadError(400, "bare_line_break")
    return lines


def _fields(lines: list[bytes], names: FieldNames) -> tuple[list[bytes], dict[bytes, bytes]]:
    plain: list[bytes] = []
    special: dict[bytes, bytes] = {}
    for line in lines[1:]:
        raw, colon, value = line.partition(b":")
        name = names[raw]
        if not colon:
            raise HeadError(400, "bad_field_line")
        if not name:
            plain.append(line)
        elif name not in special:
            special[name] = value.strip(b" \t")
        elif name in SINGLE:
            raise HeadError(400, "duplicate_field")
        else:
            special[name] += b", " + value.strip(b" \t")
    return plain, special
