"""What the parser answers: an `Entry` for a proxy, a `Verdict` for a line. Plain tuples, cheap by the million.

Nothing here parses. No repr or excerpt ever shows a password, a whole user name or a refresh URL.
"""

import re
from decimal import Decimal
from typing import Final, NamedTuple

SCHEMES: Final = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
TYPES: Final = ("datacenter", "residential", "mobile", "isp")
KINDS: Final = ("static", "rotating")
STATUSES: Final = ("pending", "active", "failed", "disabled")
EXCERPT_LENGTH: Final = 80

_SCHEMES: Final = r"(?:https?|socks(?:4a?|5h?)?|ssr?|vmess|vless|trojan|hysteria2?|hy2|tuic)://"
_QUAD: Final = r"(?:\d{1,3}\.){3,}\d{1,3}"
_REST: Final = r"[^\s:@/|,;\[\]=]+"
_MASK: Final = re.compile(rf"({_SCHEMES}|{_QUAD}(?::\d{{1,6}}(?=$|[\s:|,;/\[]))?)|{_REST}", re.ASCII | re.IGNORECASE)
_MASK_PORTS_TOO: Final = re.compile(rf"({_SCHEMES}|{_QUAD})|{_REST}", re.ASCII | re.IGNORECASE)


class Extras(NamedTuple):
    """What a line claims beyond the address; claims are not measurements. Absent is None or empty.

    `country` is ISO 3166-1 alpha-2 in upper case, `expires_at` UTC epoch seconds, costs are in `currency` (ISO 4217),
    `protocols` what a free list says the endpoint can do (`https` there means CONNECT), `refresh_url` is a secret.
    """

    country: str | None = None
    region: str | None = None
    city: str | None = None
    asn: int | None = None
    anonymity: str | None = None
    exit_address: str | None = None
    protocols: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    provider: str | None = None
    type: str | None = None
    kind: str | None = None
    expires_at: float | None = None
    capacity: int | None = None
    cost_per_month: Decimal | None = None
    cost_per_gb: Decimal | None = None
    currency: str | None = None
    refresh_url: str | None = None
    notes: str | None = None
    source: str | None = None
    status: str | None = None
    max_connections: int | None = None
    min_interval: float | None = None
    target_capacity: int | None = None

    def __repr__(self) -> str:
        told = ((name, value) for name, value in zip(self._fields, self, strict=True) if value not in (None, ()))
        shown = (f"{name}={'***' if name in ('refresh_url', 'notes') else repr(value)}" for name, value in told)
        return f"Extras({', '.join(shown)})"


class Entry(NamedTuple):
    """One proxy as a list tells it: `scheme` is one of SCHEMES, `host` a canonical IPv4 or (unbracketed) IPv6 address
    or a lower-case ASCII name, `port` 1-65535; credentials are decoded text, None where there are none."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None
    extras: Extras | None = None

    def __repr__(self) -> str:
        user = "" if self.username is None else f"{self.username[:2]}***"
        password = "" if self.password is None else ":***"
        host = f"[{self.host}]" if ":" in self.host else self.host
        at = "@" if user or password else ""
        extras = "" if self.extras is None else f", {self.extras!r}"
        return f"Entry({self.scheme}://{user}{password}{at}{host}:{self.port}{extras})"


class Verdict(NamedTuple):
    """The decision on one line (or row): either `entry`, or `reason`, a code of `reasons.REASONS`.

    `line` is 1-based; `ambiguous` marks an entry whose line has another sensible reading; `excerpt` is a masked piece
    of a rejected line for people, at most 80 characters.
    """

    line: int
    entry: Entry | None
    reason: str | None = None
    ambiguous: bool = False
    excerpt: str = ""


def masked(text: str) -> str:
    """`text` with every word that could be part of a credential replaced by `***`, cut to 80 characters.

    Schemes and dotted quads stay, and a port right behind one unless an `@` says that it may be a password.
    """
    mask = _MASK_PORTS_TOO if "@" in text else _MASK
    shown = mask.sub(lambda match: match[1] or "***", text[: 4 * EXCERPT_LENGTH])
    return " ".join(shown.split())[:EXCERPT_LENGTH]
