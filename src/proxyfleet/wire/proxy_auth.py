"""Basic credentials for proxies (RFC 7617): what a client sent, what an upstream is sent, and the challenge between
them.

Decoding is strict, so that one credential has one spelling and two readers never disagree. Whether a password is right
is not decided here, and no part of a credential is ever in an error.
"""

import binascii
from base64 import b64decode, b64encode
from typing import NamedTuple

CHALLENGE = b'Proxy-Authenticate: Basic realm="proxyfleet", charset="UTF-8"\r\n'
"""The field that goes with a 407; browsers do not send credentials before they have seen it."""


class BadCredentials(ValueError):
    """The field is not `Basic` with strict base64 of UTF-8 `user:password`."""

    def __init__(self) -> None:
        super().__init__(
            "Proxy-Authorization is not Basic with strict base64 of user:password; send it as curl -U does"
        )


class Credentials(NamedTuple):
    """What a client claims to be; the user name is taken whole, parameters in it are a matter of the caller."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=***)"


def parse_basic(value: bytes) -> Credentials:
    """The field value `Basic <base64>`; the split is at the first colon. Raises `BadCredentials`."""
    scheme, _, encoded = value.partition(b" ")
    if scheme.lower() != b"basic":
        raise BadCredentials
    try:
        decoded = b64decode(encoded, validate=True)
        text = decoded.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise BadCredentials from None
    if b64encode(decoded) != encoded or ":" not in text or not text.isprintable():
        raise BadCredentials
    username, _, password = text.partition(":")
    return Credentials(username, password)


def basic_field(username: str, password: str) -> bytes:
    """The whole line `Proxy-Authorization: Basic ...` with its line break, for the head that goes to an upstream
    proxy.
    """
    return b"Proxy-Authorization: Basic " + b64encode(f"{username}:{password}".encode()) + b"\r\n"
