"""How a lease logs in at the gateway: user name `lease-<id>.<fence>`, and a password that only the fleet can make.

Pure: the fleet's key is given. The password says nothing about the key and fits no other lease.
"""

import base64
import hashlib
import hmac

PREFIX = "lease-"
LENGTH = 26


def lease_user(token: str) -> str:
    """The user name of a lease."""
    return PREFIX + token


def lease_password(key: bytes, token: str) -> str:
    """130 bits of HMAC-SHA256 in lower-case letters and digits, which no URL has to escape."""
    raw = hmac.new(key, b"gateway lease " + token.encode(), hashlib.sha256).digest()
    return base64.b32encode(raw).decode().lower()[:LENGTH]


def opens(key: bytes, token: str, password: str) -> bool:
    """Whether the password is the one of that lease, in constant time."""
    return hmac.compare_digest(lease_password(key, token).encode(), password.encode("utf-8", "replace"))
