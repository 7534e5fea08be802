"""Request heads as lab proxies and lab targets read them: split, not judged.

Deliberately not `proxyfleet.wire`: a test double that shares the parser of the program it tests would agree with its
mistakes. Lenient, because strictness is what the tests want to see in the program, not here. Bytes in, values out.
"""

from dataclasses import dataclass

MAX_HEAD = 65_536
"""Bytes of a head, request line included, before a peer is refused."""
HOP_BY_HOP = (b"proxy-authorization", b"proxy-connection")
"""Consumed by a forwarding proxy; everything else of the client passes."""


class BadHead(ValueError):
    """The bytes are no HTTP/1 request head, or an endless one."""


@dataclass(slots=True)
class Head:
    """`method`, `target` as written, `version` such as `HTTP/1.1`, and the header lines as received."""

    method: str
    target: str
    version: str
    lines: list[bytes]

    def get(self, name: str) -> str | None:
        """The first value of header `name`, stripped; None without it."""
        wanted = name.encode("latin-1").lower()
        for line in self.lines:
            found, _, value = line.partition(b":")
            if found.lower() == wanted:
                return value.strip().decode("latin-1")
        return None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers in order, names as written."""
        pairs = (line.decode("latin-1").partition(":") for line in self.lines)
        return tuple((name, value.strip()) for name, _, value in pairs)

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may serve another request (RFC 9112 section 9.3)."""
        wish = (self.get("connection") or "").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"


def take_head(buffer: bytearray) -> Head | None:
    """Remove a complete head from the front of `buffer`; None when more bytes are needed.

    Raises BadHead for what is no request line or for a head over MAX_HEAD bytes.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEAD:
            raise BadHead("head too long")
        return None
    first, *lines = bytes(buffer[:end]).split(b"\r\n")
    del buffer[: end + 4]
    parts = first.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadHead("no HTTP/1 request line")
    return Head(parts[0], parts[1], parts[2], lines)


def split_authority(authority: str, default_port: int) -> tuple[str, int]:
    """`host`, `host:port` or `[ipv6]:port` as (host in lower case without brackets, port); drops user info.

    Raises BadHead for an empty host or a port that is no number from 1 to 65535.
    """
    place = authority.rpartition("@")[2]
    host, _, port = place.rpartition(":") if ":" in place.rpartition("]")[2] else (place, "", str(default_port))
    host = host.strip("[]").lower()
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadHead("no host and port")
    return host, int(port)


def split_absolute(target: str) -> tuple[str, int, str]:
    """An absolute-form target `http://host[:port]/path?query` as (host, port, origin-form).

    Raises BadHead for every other form.
    """
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() != "http":
        raise BadHead("a proxy takes http://host/path or CONNECT host:port")
    authority, slash, path = rest.partition("/")
    authority, question, query = authority.partition("?")
    host, port = split_authority(authority, 80)
    return host, port, f"/{path}" if slash else f"/{question}{query}"


def forwarded_head(head: Head, origin_form: str, extra: tuple[str, ...]) -> bytes:
    """The head as sent to the target: origin-form, without HOP_BY_HOP, with the `extra` lines at the end."""
    kept = [line for line in head.lines if line.partition(b":")[0].lower() not in HOP_BY_HOP]
    kept.extend(line.encode("latin-1") for line in extra)
    first = f"{head.method} {origin_form} {head.version}".encode("latin-1")
    return b"\r\n".join((first, *kept, b"", b""))
