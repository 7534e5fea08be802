"""Who a request is for: `host:port` of a CONNECT line, of an absolute URL, and of a Host field, read the same strict
way.

The grammar is narrower than RFC 3986: no user information, no percent-escapes, no zone, and a host that ends in a
number is an IPv4 address in its one canonical spelling or an error, because `0177.0.0.1`, `2130706433` and `127.1` all
reach 127.0.0.1 in some resolver. Whether an address may be reached is not decided here.
"""

import ipaddress
import re
from typing import NamedTuple

from proxyfleet.wire.addresses import is_name, parse_ipv4_strict
from proxyfleet.wire.http1_head import HeadError, RequestHead

_USUAL = re.compile(rb"http://([^/?#]*)(/[^#]*)")
"""Absolute-form as nearly everybody writes it."""


class Authority(NamedTuple):
    """`host` is lower case, IPv6 without brackets, without the root dot of a name; `port` is 1 to 65535."""

    host: str
    port: int

    def encode(self, omit: int | None = None) -> bytes:
        """`host:port` as it goes on the wire; without the port where that is `omit`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == omit else f"{host}:{self.port}").encode()


def parse_authority(raw: bytes, default_port: int | None = None) -> Authority:
    """Without a port `raw` takes `default_port`; without a default it is an error, as in CONNECT (RFC 9110 §9.3.6)."""
    if raw[:1] == b"[":
        host_part, bracket, port_part = raw[1:].partition(b"]")
        host = _ipv6(host_part) if bracket else _bad()
        return Authority(host, _port(port_part, default_port))
    host_part, colon, digits = raw.partition(b":")
    return Authority(_host(host_part), _port(colon + digits, default_port))


def split_absolute(target: bytes) -> tuple[bytes, bytes]:
    """(authority, path with query) of an absolute-form `http` target; the path is never empty (RFC 9112 §3.2.2)."""
    usual = _USUAL.fullmatch(target)
    if usual is not None:
        return usual[1], usual[2]
    if target[:7].lower() != b"http://":
        raise HeadError(400, "https_needs_connect" if target[:8].lower() == b"https://" else "not_a_proxy_request")
    authority, slash, path = target[7:].partition(b"/")
    if b"?" in authority:
        authority, _, query = target[7:].partition(b"?")
        path, slash = b"?" + query, b"/"
    if b"#" in path:
        raise HeadError(400, "bad_target")
    return authority, (slash or b"/") + path


def check_host(head: RequestHead, written: bytes, authority: Authority, default_port: int) -> None:
    """Host must be there in HTTP/1.1 and name `authority`, which was `written` in the target (RFC 9112 §3.2).

    A Host without a port is taken at `default_port`, because aiohttp sends such a one for CONNECT.
    """
    host = head.special.get(b"host")
    if host == written:
        return
    if host is None:
        if head.version >= 11:
            raise HeadError(400, "host_missing")
    elif parse_authority(host, default_port) != authority:
        raise HeadError(400, "host_mismatch")


def _bad() -> str:
    raise HeadError(400, "bad_authority")


def _port(part: bytes, default: int | None) -> int:
    if not part and default is not None:
        return default
    digits = part[1:]
    if part[:1] != b":" or not digits.isdigit() or len(digits) > 5:
        raise HeadError(400, "bad_authority")
    port = int(digits)
    if not 1 <= port <= 65535:
        raise HeadError(400, "bad_authority")
    return port


def _ipv6(part: bytes) -> str:
    try:
        return ipaddress.IPv6Address(part.decode("ascii")).compressed if b"%" not in part else _bad()
    except (ValueError, UnicodeDecodeError):
        return _bad()


def _host(part: bytes) -> str:
    try:
        host = part.decode("ascii").lower()
    except UnicodeDecodeError:
        return _bad()
    host = host.removesuffix(".")
    return host if is_name(host) or parse_ipv4_strict(host) is not None else _bad()
