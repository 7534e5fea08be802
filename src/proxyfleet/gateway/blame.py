"""What an attempt's end says about the proxy: category, phase, what the client is told, and whether another proxy may
be tried.

Nothing here acts. The reasons behind the table (SPEC rules 5 and 9, reference on provider errors):

- 407 and 597 are about the fleet's own credentials, unless the words speak of traffic: then, like 402, the account is
used up.
- 403 and 451 to a CONNECT mean that this proxy does not serve this destination (providers block sites): banned, of the
pair.
- 5xx and 490 to a CONNECT: the proxy tried and could not get there (tinyproxy says 500). 501, 505 and other refusals:
it does not tunnel.
- Codes of Bright Data say more than their status: a used up account, an address that the zone does not have, a target that it
does not serve (402 `bad_endpoint`), and everything that begins with `target_` is the target's.
- A status of a plain answer is the target's, unless a field shows that the proxy wrote it (`x-brd-err*`,
X-Error-Description, Proxy-Status).
"""

import re
from typing import NamedTuple

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.net.dial import Obstacle
from proxyfleet.wire.http1_head import PROVIDER_ERRORS, ResponseHead

_QUOTA_WORDS = re.compile(rb"quota|traffic|bandwidth|insufficient|limit (?:is )?(?:reached|exceeded)|usage limit")
_NAMED = re.compile(rb"\b(client_10060|client_10100|bad_endpoint|target(?=_\d))")
MOST_RETRY_AFTER = 3600


class Blame(NamedTuple):
    """`category` None: nobody's fault that the fleet should remember. `code` is of `gateway.refusals`."""

    category: Category | None
    phase: Phase
    code: str
    retry_after: float = 0.0


DIAL: dict[Obstacle, Blame] = {
    Obstacle.REFUSED: Blame(Category.CONNECT, Phase.DIAL, "proxy_unreachable"),
    Obstacle.UNREACHABLE: Blame(Category.CONNECT, Phase.DIAL, "proxy_unreachable"),
    Obstacle.UNRESOLVED: Blame(Category.CONNECT, Phase.DIAL, "proxy_unresolved"),
    Obstacle.TIMED_OUT: Blame(Category.TIMEOUT, Phase.DIAL, "proxy_dial_timeout"),
    Obstacle.TLS: Blame(Category.PROTOCOL, Phase.DIAL, "proxy_tls"),
    Obstacle.UNTRUSTED: Blame(Category.PROTOCOL, Phase.DIAL, "proxy_certificate"),
    Obstacle.OURS: Blame(None, Phase.DIAL, "local_resources"),
}
SECRET_LOST = Blame(Category.AUTHENTICATION, Phase.DIAL, "proxy_auth")
"""Our own copy of its password cannot be opened: as good as refused credentials, and ended by new ones."""
TUNNEL_TIMEOUT = Blame(Category.TIMEOUT, Phase.HANDSHAKE, "tunnel_timeout")
TUNNEL_CLOSED = Blame(Category.NETWORK, Phase.HANDSHAKE, "proxy_closed")
TUNNEL_GARBAGE = Blame(Category.PROTOCOL, Phase.HANDSHAKE, "proxy_protocol")
ANSWER_TIMEOUT = Blame(Category.TIMEOUT, Phase.EXCHANGE, "answer_timeout")
ANSWER_CLOSED = Blame(Category.NETWORK, Phase.EXCHANGE, "proxy_closed")
ANSWER_GARBAGE = Blame(Category.PROTOCOL, Phase.EXCHANGE, "proxy_protocol")
TARGET_UNRESOLVED = Blame(Category.TARGET, Phase.HANDSHAKE, "target_unresolved")
TARGET_CHALLENGE = Blame(Category.TARGET, Phase.EXCHANGE, "target_protocol")
CLIENT_GONE = Blame(Category.CLIENT_ABORT, Phase.EXCHANGE, "client_gone")

_CODES = {
    Category.AUTHENTICATION: "proxy_auth",
    Category.QUOTA: "proxy_quota",
    Category.RATE_LIMIT: "proxy_rate_limited",
    Category.BANNED: "proxy_banned",
    Category.NETWORK: "proxy_failed",
    Category.PROTOCOL: "proxy_protocol",
    Category.TARGET: "proxy_failed",
}
NAMING = (b"x-brd-err", b"proxy-status")
"""Fields in which Bright Data writes its codes: `client_10060`, or `client-10060` in Proxy-Status."""
_BY_NAME = {
    b"client_10060": Category.AUTHENTICATION,
    b"client_10100": Category.QUOTA,
    b"bad_endpoint": Category.BANNED,
    b"target": Category.TARGET,
}


def of_connect(head: ResponseHead, body: bytes) -> Blame:
    """A CONNECT that was answered with anything but 2xx; `body` is what came of it together with the head."""
    return _blame(_refused(head, body) or _tunnel_status(head.status), Phase.HANDSHAKE, head)


def of_answer(head: ResponseHead, body: bytes) -> Blame | None:
    """None when the plain answer is the target's own and goes to the client."""
    if head.status == 407:
        return _blame(_refused(head, body) or Category.AUTHENTICATION, Phase.EXCHANGE, head)
    if PROVIDER_ERRORS.isdisjoint(head.special) or not _shows_proxy(head):
        return None
    return _blame(_refused(head, body) or _BY_STATUS.get(head.status, Category.NETWORK), Phase.EXCHANGE, head)


def of_target(head: ResponseHead) -> Blame | None:
    """An answer of the target itself, through a tunnel: only a 407 is none that a client could make sense of."""
    return TARGET_CHALLENGE if head.status == 407 else None


_BY_STATUS = {403: Category.BANNED, 451: Category.BANNED, 429: Category.RATE_LIMIT}


def _refused(head: ResponseHead, body: bytes) -> Category | None:
    """What a code says, then credentials or account, for both kinds of request."""
    named = _NAMED.search(b" ".join(head.special.get(name, b"") for name in NAMING).replace(b"-", b"_").lower())
    if named is not None:
        return _BY_NAME[named[1]]
    if head.status == 402 or (head.status == 407 and _speaks_of_quota(head, body)):
        return Category.QUOTA
    return Category.AUTHENTICATION if head.status in (407, 597) else None


def _tunnel_status(status: int) -> Category:
    if status >= 500 or status == 490:
        return Category.PROTOCOL if status in (501, 505) else Category.NETWORK
    return _BY_STATUS.get(status, Category.PROTOCOL)


def _shows_proxy(head: ResponseHead) -> bool:
    special = head.special
    if len(PROVIDER_ERRORS & special.keys()) > 1 or b"proxy-status" not in special:
        return True
    last = special[b"proxy-status"].rpartition(b",")[2]
    return head.status >= 400 and b"error=" in last


def _speaks_of_quota(head: ResponseHead, body: bytes) -> bool:
    words = b" ".join((head.reason, *head.special.values(), body[:512])).lower()
    return _QUOTA_WORDS.search(words) is not None


def _blame(category: Category, phase: Phase, head: ResponseHead) -> Blame:
    return Blame(category, phase, _CODES[category], retry_after_of(head) if category is Category.RATE_LIMIT else 0.0)


def retry_after_of(head: ResponseHead) -> float:
    """Seconds of Retry-After; a date is not worth a parser here, the fleet's own rest is used instead."""
    for line in head.lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"retry-after" and value.strip().isdigit() and len(value) < 12:
            return float(min(int(value), MOST_RETRY_AFTER))
    return 0.0
