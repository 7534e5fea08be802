"""What both sides of SOCKS 4, 4a and 5 share: numbers, addresses as bytes, and the two ways a handshake goes wrong.

RFC 1928 (version 5), RFC 1929 (user name and password), and the SOCKS4 and SOCKS4A papers. No state, no reading.
"""

import ipaddress
from enum import IntEnum

CONNECT = 1
IPV4, NAME, IPV6 = 1, 3, 4
NO_LOGIN, LOGIN, NO_METHOD = 0, 2, 0xFF
LONGEST = 255
"""Bytes of a host name, a user name, a password or a SOCKS4 user id."""
GRANTED4, REJECTED4, NO_IDENT4, WRONG_IDENT4 = 0x5A, 0x5B, 0x5C, 0x5D


class Reply(IntEnum):
    """What a SOCKS5 server says about a request (RFC 1928 §6)."""

    GRANTED = 0
    FAILED = 1
    FORBIDDEN = 2
    NETWORK_UNREACHABLE = 3
    HOST_UNREACHABLE = 4
    REFUSED = 5
    TIMED_OUT = 6
    BAD_COMMAND = 7
    BAD_ADDRESS_TYPE = 8


class SocksError(ValueError):
    """The other side does not speak SOCKS as written. `last_words` may still be sent to it; no byte of the input is kept."""

    def __init__(self, code: str, last_words: bytes = b"") -> None:
        super().__init__(code)
        self.code = code
        self.last_words = last_words


class SocksRefused(SocksError):
    """A server said no; `reply` is its number, of RFC 1928 §6 or, from 0x5B on, of SOCKS4."""

    def __init__(self, code: str, reply: int) -> None:
        super().__init__(code)
        self.reply = reply


def reply4(number: int) -> bytes:
    """A SOCKS4 answer; the address in it means nothing for CONNECT."""
    return bytes((0, number, 0, 0, 0, 0, 0, 0))


def reply5(number: int) -> bytes:
    """A SOCKS5 answer; the bound address is not told, because it is that of a proxy."""
    return bytes((5, number, 0, IPV4, 0, 0, 0, 0, 0, 0))


def authority_of(host: bytes, port: int) -> bytes:
    """`host:port` as `wire.authority` reads it; an address that came as text gets its brackets."""
    return (b"[%b]:%d" if b":" in host else b"%b:%d") % (host, port)


def text_of(packed: bytes) -> bytes:
    """Four or sixteen bytes as the text of an address."""
    return str(ipaddress.ip_address(packed)).encode()


def literal(host: str) -> bytes | None:
    """The packed form of an address, None for a name."""
    try:
        return ipaddress.ip_address(host).packed
    except ValueError:
        return None
