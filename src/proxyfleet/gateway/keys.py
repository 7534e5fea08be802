"""How gateway users' keys are stored: scrypt with a salt, in one line of text. Slow on purpose; callers keep it off
the loop.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

N, R, P = 16_384, 8, 1
"""OWASP's scrypt parameters for 16 MiB; some 50 ms of CPU."""
MOST_MEMORY = 64 * 1024 * 1024


class BadKeyHash(ValueError):
    """A stored key hash that `hash_key` did not write; set the user's key again."""

    def __init__(self) -> None:
        super().__init__("not a key hash of the form scrypt$N$r$p$salt$hash; set the user's key again")


def hash_key(key: str, salt: bytes, *, n: int = N) -> str:
    """`scrypt$N$r$p$salt$hash`. `salt`: at least 16 random bytes; `n`: a smaller cost is for tests only."""
    digest = hashlib.scrypt(key.encode(), salt=salt, n=n, r=R, p=P, maxmem=MOST_MEMORY)
    return f"scrypt${n}${R}${P}${urlsafe_b64encode(salt).decode()}${urlsafe_b64encode(digest).decode()}"


def verify_key(key: str, stored: str) -> bool:
    """Whether `key` is the one that was hashed; compares in constant time. Raises `BadKeyHash`."""
    try:
        name, n, r, p, salt, digest = stored.split("$")
        cost = (int(n), int(r), int(p))
        if name != "scrypt" or 128 * cost[0] * cost[1] > MOST_MEMORY:
            raise BadKeyHash
        expected = urlsafe_b64decode(digest)
        found = hashlib.scrypt(
            key.encode(), salt=urlsafe_b64decode(salt), n=cost[0], r=cost[1], p=cost[2], maxmem=MOST_MEMORY
        )
    except ValueError:
        raise BadKeyHash from None
    return hmac.compare_digest(found, expected)


NOBODY = f"scrypt${N}${R}${P}${'A' * 22}==${'A' * 86}=="
"""Verified for unknown users, so that they take as long as known ones; no key hashes to zeros."""
