"""What a forwarder changes between the head it read and the head it sends (RFC 9110 §7.6).

Hop-by-hop fields go, framing and Host are written anew from what was understood, Via is added, and credentials for the
upstream proxy are the only Proxy-Authorization that ever leaves. The heads built here are for an upstream HTTP proxy
(absolute-form) and for our client.
"""

from proxyfleet.wire.http1_body import CHUNKED, UNTIL_CLOSE
from proxyfleet.wire.http1_head import HeadError, RequestHead, ResponseHead

PROTECTED = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"via", b"authorization", b"cookie", b"set-cookie"}
    | {b"forwarded", b"x-real-ip"}
)
"""Fields that Connection may not name: dropping them would change what the next hop believes (the class of
CVE-2025-48865).
"""

_HARMLESS_OPTIONS = frozenset({b"", b"close", b"keep-alive", b"upgrade", b"te", b"trailers"})


def options(special: dict[bytes, bytes]) -> set[bytes]:
    """The options of Connection and Proxy-Connection, in lower case."""
    both = special.get(b"connection", b"") + b"," + special.get(b"proxy-connection", b"")
    return {option.strip(b" \t") for option in both.lower().split(b",")}


def wants_close(head: RequestHead | ResponseHead) -> bool:
    """Whether the sender of `head` ends its connection after this message; HTTP/1.0 always does here."""
    if head.version < 11:
        return True
    special = head.special
    if b"connection" not in special and b"proxy-connection" not in special:
        return False
    return b"close" in options(special)


def passing_lines(head: RequestHead | ResponseHead, fault_status: int) -> list[bytes]:
    """The field lines that go on: those that arrived, without what Connection names (RFC 9110 §7.6.1)."""
    if b"connection" not in head.special:
        return head.lines
    named = options({b"connection": head.special[b"connection"]}) - _HARMLESS_OPTIONS
    if not named:
        return head.lines
    if any(name in PROTECTED or name.startswith(b"x-forwarded-") for name in named):
        raise HeadError(fault_status, "protected_field_nominated")
    return [line for line in head.lines if line.partition(b":")[0].lower() not in named]


def framing_line(framing: int) -> bytes:
    """The one field that frames a request body, with its line break; nothing for `UNTIL_CLOSE`."""
    if framing == CHUNKED:
        return b"Transfer-Encoding: chunked\r\n"
    return b"" if framing == UNTIL_CLOSE else b"Content-Length: %d\r\n" % framing


def upstream_request(head: RequestHead, authority: bytes, path: bytes, framing: int) -> bytes:
    """The head for an upstream HTTP proxy, absolute-form, HTTP/1.1, but for what depends on the proxy and the empty
    line. Via and Proxy-Authorization come after it.
    """
    return upstream_line(head.method, authority, path) + upstream_fields(head, authority, framing)


def upstream_line(method: bytes, authority: bytes, path: bytes) -> bytes:
    """The request line of `upstream_request`."""
    return b"%b http://%b%b HTTP/1.1\r\n" % (method, authority, path)


def upstream_fields(head: RequestHead, authority: bytes, framing: int) -> bytes:
    """The rest of `upstream_request`; `authority` becomes Host (RFC 9112 §3.2.2)."""
    _, _, version, lines, special = head
    if b"connection" in special:
        lines = passing_lines(head, 400)
    written = b"Host: %b\r\n" % authority
    if lines:
        written += b"\r\n".join((*lines, b""))
    if framing or b"content-length" in special:
        written += framing_line(framing)
    if b"expect" in special and version >= 11:
        written += b"Expect: 100-continue\r\n"
    if b"max-forwards" in special:
        written += b"Max-Forwards: %b\r\n" % _forwards_left(head)
    if b"via" in special:
        written += b"Via: %b\r\n" % special[b"via"]
    return written


def _forwards_left(head: RequestHead) -> bytes:
    """One less for OPTIONS (RFC 9110 §7.6.2); at 0 we are the last recipient, and serve no OPTIONS of our own."""
    left = head.special[b"max-forwards"]
    if head.method != b"OPTIONS":
        return left
    if not left.isdigit() or len(left) > 9:
        raise HeadError(400, "bad_max_forwards")
    if not int(left):
        raise HeadError(501, "method_not_served")
    return b"%d" % (int(left) - 1)


def origin_form(start: bytes, head: RequestHead, authority: bytes) -> bytes:
    """What `upstream_request` wrote, for a server that is the target itself (RFC 9112 §3.2.1 and, for OPTIONS, §3.2.4)."""
    path = start[len(head.method) + 8 + len(authority) :]
    if head.method == b"OPTIONS" and b"/" not in head.target[7:] and b"?" not in head.target:
        path = b"*" + path[1:]
    return head.method + b" " + path


def connect_request(authority: bytes, own: bytes) -> bytes:
    """A CONNECT for an upstream HTTP proxy; nothing of the client's head but the destination goes with it."""
    return b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (authority, authority, own)


def client_response(head: ResponseHead, framing: int, own: bytes, *, bodiless: bool) -> bytes:
    """The whole head for our client, HTTP/1.1. `own`: Via, X-Proxyfleet-Proxy, Connection, with line breaks.

    `bodiless` (HEAD, 304): the length is that of the representation and passes as it came; else `framing` is written.
    """
    status, reason, _, lines, special = head
    if b"connection" in special:
        lines = passing_lines(head, 502)
    length = b""
    if not bodiless:
        length = framing_line(framing)
    elif b"content-length" in special and status != 204:
        length = b"Content-Length: %b\r\n" % special[b"content-length"]
    written = b"\r\n".join((b"HTTP/1.1 %d %b" % (status, reason), *lines, length))
    return written + own + b"\r\n"


def own_lines(via: str | None, proxy: str | None) -> bytes:
    """`Via: 1.1 <pseudonym>` (RFC 9110 §7.6.3) and `X-Proxyfleet-Proxy: <proxy>`, each only where given."""
    named = f"X-Proxyfleet-Proxy: {proxy}\r\n" if proxy else ""
    return (f"Via: 1.1 {via}\r\n" if via else "").encode() + named.encode()


def passed_through(via: bytes, pseudonym: str) -> bool:
    """Whether a Via value shows that the message went through `pseudonym` before: a loop."""
    return any(member.split()[1:2] == [pseudonym.encode()] for member in via.split(b",") if member)
