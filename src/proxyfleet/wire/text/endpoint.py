"""One endpoint without blanks inside: `host:port` with credentials in every order, and URLs.

Every sensible reading of the text is listed in order of preference; the one whose host looks most like a host wins,
and a tie makes the entry ambiguous. No delimiters or labels here, and no checks beyond the shape.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from proxyfleet.wire.text.checks import Draft, Rules, host_of, host_rank, is_port, scheme_of
from proxyfleet.wire.text.entry import Extras
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.words import claim

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,19})://")
_TRAILER: Final = re.compile(r"(:\d+)/?(?:#[^@:]*)?$", re.ASCII)
_IPV6_CHARACTERS: Final = re.compile(r"[0-9a-f:.]+", re.IGNORECASE)
_IPV6_PIECE: Final = re.compile(r"(?<![^:@\[])[0-9a-f]{0,4}(?::[0-9a-f]{1,4}){0,7}::|\[[0-9a-f]{0,4}:", re.IGNORECASE)
_SHARE: Final = re.compile(r"[A-Za-z0-9+/=_-]+(?:[?#].*)?")
_ADDRESS_WITH_PORT: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}:(?=\d)", re.ASCII)
_URL_BEHIND_PORT: Final = re.compile(r":\d[a-z0-9]*://", re.IGNORECASE)
_PLAIN: Final = re.compile(r"(?:([A-Za-z0-9]+)://)?([^\s:@/\[\]]+):(\d{1,5})", re.ASCII)
_HOST_AND_TAIL: Final = re.compile(r"(\[[^\[\]]*\]|[^:@\[\]]*)(?::(.*))?", re.DOTALL)
_SHAPES_ONLY: Final = Rules(allow_private=True)


class Found(NamedTuple):
    """What a form found: the unchecked parts, the claims, and whether another reading was as good."""

    draft: Draft
    extras: Extras | None = None
    ambiguous: bool = False


class _Reading(NamedTuple):
    host: str
    port: str
    username: str | None
    password: str | None
    is_url: bool = False

    @property
    def rank(self) -> int:
        return host_rank(self.host) if is_port(self.port) else 0


def endpoint(text: str) -> Found:
    """Read one endpoint, e.g. `user:pass@192.0.2.1:80`; `Refused` says why it is none."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return Found(Draft(plain[2], plain[3], scheme=scheme_of(plain[1]) if plain[1] else ""))
    scheme, rest = _split_scheme(text)
    if is_naked_ipv6(rest):
        raise Refused("bad_ipv6")
    return _best_reading(scheme, rest) or _without_credentials(scheme, rest)


def is_naked_ipv6(text: str) -> bool:
    """Whether a text is shaped like an IPv6 address without brackets, perhaps with a port that cannot be told apart."""
    if "." in text.partition(":")[0] or not ("::" in text or text.count(":") > 6):
        return False
    return _IPV6_CHARACTERS.fullmatch(text) is not None


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if match is None:
        return "", text
    scheme, rest = scheme_of(match[1]), text[match.end() :]
    if match[1].lower() == "socks" and _SHARE.fullmatch(rest):
        raise Refused("unsupported_scheme")  # Shadowrocket's socks://BASE64#name
    if "@" in rest or ":" not in _split_host(rest)[1]:
        rest = _TRAILER.sub(r"\1", rest)
    return scheme, rest


def _best_reading(scheme: str, rest: str) -> Found | None:
    readings = [(reading.rank, reading) for reading in _readings(rest, is_url=scheme != "")]
    top = max((rank for rank, _ in readings), default=0)
    if top == 0:
        return None
    best, *others = [reading for rank, reading in readings if rank == top]
    if not others and _is_glued(rest):
        raise Refused("glued")
    username, password = (_decoded(best.username), _decoded(best.password)) if best.is_url else best[2:4]
    draft = Draft(best.host, best.port, username, password, scheme)
    return Found(draft, None, bool(others))


def _readings(rest: str, *, is_url: bool) -> Iterator[_Reading]:
    """Best first: user:pass@host:port, host:port:user:pass, user:pass:host:port, host:port@user:pass."""
    if "@" in rest:
        userinfo, _, last = rest.rpartition("@")
        username, colon, password = userinfo.partition(":")
        if colon:
            yield _Reading(*_split_host(last), username, password, is_url)
        elif is_url:
            yield _Reading(*_split_host(last), username or None, None, is_url)
    host, tail = _split_host(rest)
    if tail.count(":") >= 2:
        port, username, password = tail.split(":", 2)
        yield _Reading(host, port, username, password)
    yield from _user_first(rest)
    if "@" in rest:
        first, _, tail = rest.partition("@")
        username, colon, password = tail.partition(":")
        if colon:
            yield _Reading(*_split_host(first), username, password)


def _user_first(rest: str) -> Iterator[_Reading]:
    head, _, port = rest.rpartition(":")
    start = head.rfind("[") if head.endswith("]") else head.rfind(":") + 1
    username, colon, password = head[: max(start - 1, 0)].partition(":")
    if colon and head[start - 1] == ":" and not head.startswith("["):
        yield _Reading(head[start:], port, username, password)


def _without_credentials(scheme: str, rest: str) -> Found:
    host, tail = _split_host(rest)
    port, colon, word = tail.partition(":")
    if not host or not is_port(port) or _is_glued(rest):
        raise _diagnosed(rest, host, port)
    if not colon:
        return Found(Draft(host, port, scheme=scheme))
    kind, value = claim(word) or ("", "")
    if kind == "country":
        return Found(Draft(host, port, scheme=scheme), Extras(country=value))
    if kind == "scheme":
        return Found(Draft(host, port, scheme=scheme or value))
    raise _diagnosed(rest, host, port)


def _diagnosed(rest: str, host: str, port: str) -> Refused:
    """The most helpful reason for a text of which no reading works."""
    if _is_glued(rest):
        return Refused("glued")
    if _IPV6_PIECE.search(rest):
        return Refused("bad_ipv6")
    if "/" in rest:
        return Refused("no_proxy")
    if host_rank(host) < 2 and not port.isdecimal():
        return Refused("bad_credentials" if "@" in rest and ":" in rest else "no_proxy")
    host_of(host, _SHAPES_ONLY)  # raises the reason of the host, if that is what is wrong
    if is_port(port):
        return Refused("bad_credentials")
    return Refused("bad_port" if port else "no_port")


def _split_host(text: str) -> tuple[str, str]:
    match = _HOST_AND_TAIL.fullmatch(text)
    return (match[1], match[2] or "") if match else ("", "")


def _is_glued(text: str) -> bool:
    return _URL_BEHIND_PORT.search(text) is not None or len(_ADDRESS_WITH_PORT.findall(text)) > 1


def _decoded(text: str | None) -> str | None:
    """URL forms alone are percent-encoded (RFC 3986 3.2.1), and once."""
    try:
        return None if text is None else unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise Refused("bad_encoding") from error
