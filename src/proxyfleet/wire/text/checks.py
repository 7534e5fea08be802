"""The checks every form of a proxy passes: scheme, host, port, credentials. They refuse; they never repair.

Used by lines and rows alike, so that a list is judged the same whatever its format. No parsing of forms here.
"""

import ipaddress
import re
from typing import Final, NamedTuple

from proxyfleet.wire.addresses import is_global, is_global_ipv4, is_global_ipv6, is_local_name, parse_ipv4_strict
from proxyfleet.wire.text.entry import SCHEMES, Entry, Extras
from proxyfleet.wire.text.reasons import Refused

MAX_LINE: Final = 4096  # bytes
MAX_HOST: Final = 253
MAX_CREDENTIAL: Final = MAX_LINE
MAX_SOCKS_CREDENTIAL: Final = 255  # bytes; one length octet in RFC 1929

_ALIASES: Final = {**{scheme: scheme for scheme in SCHEMES}, "socks": "socks5"}
_DOTTED_DIGITS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_GROUP: Final = r"[1-9a-f][0-9a-f]{0,3}"
_CANONICAL_IPV6: Final = re.compile(rf"{_GROUP}(?::{_GROUP})*(?:::(?:{_GROUP}(?::{_GROUP})*)?)?")
_PORT: Final = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CAN_CONNECT: Final = Extras(protocols=("https",))
"""What `https` in a free list says of an HTTP proxy (SPEC rule 16)."""


class Rules(NamedTuple):
    """How a list is to be read: the scheme of lines that name none, whether private addresses are welcome, and
    whether it is a free list, where `https` means an HTTP proxy that can CONNECT (SPEC rule 16)."""

    scheme: str = "http"
    allow_private: bool = False
    free_list: bool = False


class Draft(NamedTuple):
    """The raw parts of a proxy as a form found them, before any check; `scheme` is "" where none was named."""

    host: str
    port: str
    username: str | None = None
    password: str | None = None
    scheme: str = ""


def entry_of(draft: Draft, rules: Rules, extras: Extras | None = None) -> Entry:
    """The checked entry of a draft; `Refused` with the first reason that stands against it."""
    scheme = scheme_of(draft.scheme) if draft.scheme else rules.scheme
    host = host_of(draft.host, rules)
    port = port_of(draft.port)
    check_credentials(scheme, draft.username, draft.password)
    if rules.free_list and scheme == "https":
        scheme, extras = "http", _able_to_connect(extras)
    return Entry(scheme, host, port, draft.username, draft.password, extras)


def _able_to_connect(extras: Extras | None) -> Extras:
    if extras is None:
        return CAN_CONNECT
    return extras if extras.protocols else extras._replace(protocols=CAN_CONNECT.protocols)


def scheme_of(name: str) -> str:
    """The canonical scheme of a name in any case; `socks` is socks5."""
    scheme = _ALIASES.get(name.lower())
    if scheme is None:
        raise Refused("unsupported_scheme")
    return scheme


def port_of(text: str) -> int:
    """A port 1-65535 without sign, padding or other digits than ASCII ones."""
    if not text:
        raise Refused("no_port")
    if _PORT.fullmatch(text) is None or (port := int(text)) > 65535:
        raise Refused("bad_port")
    return port


def host_of(text: str, rules: Rules) -> str:
    """The canonical host: a dotted quad, an IPv6 address (given in brackets, returned without), or a DNS name.

    Whatever `getaddrinfo` might read as a number (`127.1`, `0x7f.1`, full-width digits) is refused.
    """
    if text.startswith("["):
        return _ipv6(text, rules)
    number = parse_ipv4_strict(text)
    host = _name(text) if number is None else text
    if not rules.allow_private and (is_local_name(host) if number is None else not is_global_ipv4(number)):
        raise Refused("not_global")
    return host


def host_rank(text: str) -> int:
    """How much a text looks like a host: 2 a literal or dotted name, 1 a single label, 0 not at all.

    Cheap and tolerant: bad octets still rank 2, so that the reason given is about them.
    """
    if text.startswith("["):
        return 2 if text.endswith("]") and ":" in text else 0
    if _DOTTED_DIGITS.fullmatch(text):
        return 2
    labels = text.rstrip(".").split(".")
    if not all(label.replace("-", "").isalnum() for label in labels) or _NUMBER.fullmatch(labels[-1].lower()):
        return 0
    return 2 if len(labels) > 1 else 1


def is_port(text: str) -> bool:
    """Whether a text is a legal port."""
    return _PORT.fullmatch(text) is not None and int(text) <= 65535


def check_credentials(scheme: str, username: str | None, password: str | None) -> None:
    """Refuse what could not be sent: control characters, over 255 bytes (RFC 1929), a colon in an HTTP user name
    (RFC 7617), a password without a user name."""
    if username is None:
        if password is not None:
            raise Refused("bad_credentials")
        return
    socks = scheme.startswith("socks")
    limit = MAX_SOCKS_CREDENTIAL if socks else MAX_CREDENTIAL
    if _size(username) > limit or (password is not None and _size(password) > limit):
        raise Refused("bad_credentials")
    if ":" in username and not socks:
        raise Refused("bad_credentials")


def _size(value: str) -> int:
    if _CONTROL.search(value):
        raise Refused("control_characters")
    try:
        return len(value.encode())
    except UnicodeEncodeError as error:
        raise Refused("bad_encoding") from error


def _ipv6(text: str, rules: Rules) -> str:
    bare = text[1:-1]
    if _is_canonical_ipv6(bare):  # the standard library would take ten times as long to say the same
        if rules.allow_private or _is_plainly_global(bare) or is_global(bare):
            return bare
        raise Refused("not_global")
    address, percent, zone = text[1:-1].partition("%25")  # RFC 6874
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError as error:
        raise Refused("bad_ipv6") from error
    if "%" in address or (percent and not re.fullmatch(r"[\w.-]{1,15}", zone, re.ASCII)):
        raise Refused("bad_ipv6")
    if not rules.allow_private and (percent or not is_global_ipv6(int(parsed))):
        raise Refused("not_global")
    if parsed.ipv4_mapped is not None:  # a connection to it is an IPv4 connection; Pythons also print it differently
        return str(parsed.ipv4_mapped)
    return parsed.compressed + percent[:1] + zone


def _is_canonical_ipv6(text: str) -> bool:
    """Whether a text is an address in the form that `ipaddress` prints, for those without a written zero group."""
    if _CANONICAL_IPV6.fullmatch(text) is None:
        return False
    return text.count(":") <= 6 if "::" in text else text.count(":") == 7


def _is_plainly_global(canonical: str) -> bool:
    return canonical[0] in "23" and canonical[4] == ":" and canonical[:4] not in ("2001", "2002", "3fff")


def _name(text: str) -> str:
    if _DOTTED_DIGITS.fullmatch(text):
        raise Refused("bad_octet")
    name = (text if text.isascii() else _to_ascii(text)).lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > MAX_HOST or _NUMBER.fullmatch(labels[-1]):
        raise Refused("bad_host")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("bad_host")
    return name


def _to_ascii(text: str) -> str:
    # Digits of other scripts become ASCII digits in IDNA: a name could turn into another name or an address.
    if len(text) > MAX_HOST or any(char.isnumeric() and not char.isascii() for char in text):
        raise Refused("bad_host")
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Refused("bad_host") from error
