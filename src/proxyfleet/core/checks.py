"""What an active check asks a proxy, and what its answers say (SPEC C9). Pure: others dial and keep the time.

What a list or its owner claims and what was measured stay apart; where they disagree is told, never overwritten. A failure
that was our own (no descriptors, a loop that stood still) is nobody's: its proxy is unknown, not dead.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.core.proxy import Endpoint, Proxy, Scheme


class Way(StrEnum):
    """How a proxy is asked to carry a request: `http` forwards it, the others open a tunnel. Those of `https` are the same two
    over TLS to the proxy.
    """

    HTTP = "http"
    CONNECT = "connect"
    SOCKS5 = "socks5"
    SOCKS4 = "socks4"
    HTTPS = "https"
    HTTPS_CONNECT = "https_connect"


class Anonymity(StrEnum):
    """What a site learns: who we are (transparent), that there is a proxy (anonymous), or neither (elite)."""

    ELITE = "elite"
    ANONYMOUS = "anonymous"
    TRANSPARENT = "transparent"


class Verdict(StrEnum):
    """`works`: as claimed. `other_protocol`: only by another one than it claims. `refused`: it lives and turns us away.
    `failed`: it lives and does not carry. `dead`: it cannot be reached or says nothing. `unknown`: our own failure.
    """

    WORKS = "works"
    OTHER_PROTOCOL = "other_protocol"
    REFUSED = "refused"
    FAILED = "failed"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Place(NamedTuple):
    """Where an address is, by a database: a country in two letters, the number and the name of its network."""

    country: str | None = None
    asn: int | None = None
    network: str = ""


NOWHERE: Final = Place()


class Answer(StrEnum):
    """What a site makes of a proxy. `failed` says that nothing was learnt: the proxy did not get there, or the site is ill."""

    ACCEPTED = "accepted"
    BANNED = "banned"
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"


class Visit(NamedTuple):
    """What came of visiting one site through a proxy; `outcome` is what health learns of the pair, None for nothing."""

    host: str
    answer: Answer
    status: int | None = None
    outcome: Outcome | None = None


class Seen(NamedTuple):
    """What a judge saw of a request: the address it came from, and its header fields, names in lower case."""

    client: str
    headers: Mapping[str, str]


class Said(NamedTuple):
    """What came of one question. `category` is None for a success; `seconds` run from the dial to the first byte.

    `ours`: it failed for want of something of our own. `tls`: whether TLS came through untouched, None where not asked.
    """

    way: Way
    category: Category | None = None
    phase: Phase | None = None
    seconds: float = 0.0
    seen: Seen | None = None
    tls: bool | None = None
    ours: bool = False

    @property
    def worked(self) -> bool:
        """Whether the judge's own answer came back."""
        return self.category is None and not self.ours

    @property
    def reached(self) -> bool:
        """Whether there was a connection to the proxy; one that then fails at its own TLS was there."""
        return self.worked or (not self.ours and (self.phase is not Phase.DIAL or self.category is Category.PROTOCOL))


CLAIMED: Final[Mapping[str, tuple[Way, ...]]] = {
    "http": (Way.HTTP, Way.CONNECT),
    "socks5": (Way.SOCKS5,),
    "socks4": (Way.SOCKS4,),
    "https": (Way.HTTPS, Way.HTTPS_CONNECT),
}
"""The ways of a scheme's family, the telling one first: only a forwarded request shows what a proxy adds to it."""
TURNING_AWAY: Final = frozenset({Category.AUTHENTICATION, Category.QUOTA, Category.BANNED, Category.RATE_LIMIT})
TELLTALE: Final = re.compile(
    r"via|forwarded|x-forwarded.*|x-real-ip|x-client-ip|client-ip|x-originating-ip|x-remote-addr|true-client-ip"
    r"|cf-connecting-ip|x-proxy.*|proxy-.*|x-cache.*|x-bluecoat.*|wap-.*"
)
"""Names of fields by which proxies give themselves away."""
FORWARDING: Final = frozenset({Way.HTTP, Way.HTTPS})
"""Ways that open no tunnel."""
_SCHEMES: Final = {
    Way.SOCKS5: Scheme.SOCKS5H,
    Way.SOCKS4: Scheme.SOCKS4A,
    Way.HTTPS: Scheme.HTTPS,
    Way.HTTPS_CONNECT: Scheme.HTTPS,
}


def endpoint_for(endpoint: Endpoint, way: Way) -> Endpoint:
    """The same place, spoken to in that way; a scheme of the way's own family stays as it is."""
    if way in CLAIMED[endpoint.scheme.family]:
        return endpoint
    return endpoint._replace(scheme=_SCHEMES.get(way, Scheme.HTTP))


def other_ways(scheme: Scheme) -> tuple[Way, ...]:
    """What a proxy may speak instead of what its scheme claims."""
    return tuple(way for way in Way if way not in CLAIMED[scheme.family])


def by_address(scheme: Scheme) -> bool:
    """Whether whoever uses a proxy of that scheme may resolve the names of targets himself, and ask for an address."""
    return scheme in (Scheme.SOCKS4, Scheme.SOCKS5)


def anonymity_of(seen: Seen, direct: Seen) -> Anonymity:
    """From what the judge saw through the proxy and what it saw of us directly: only what the proxy has added counts."""
    added = {name: value for name, value in seen.headers.items() if direct.headers.get(name) != value}
    if any(_names(value, direct.client) for name, value in added.items() if name != "host"):
        return Anonymity.TRANSPARENT
    return Anonymity.ANONYMOUS if any(map(TELLTALE.fullmatch, added)) else Anonymity.ELITE


def _names(value: str, address: str) -> bool:
    """Whether the address stands in the value, not as a part of a longer one."""
    if not address:
        return False
    return re.search(rf"(?<![0-9a-fA-F.:]){re.escape(address)}(?![0-9a-fA-F.]|:[0-9a-fA-F]*:)", value) is not None


@dataclass(frozen=True)
class Finding:  # without slots: what is asked again and again is concluded once
    """One proxy, as it claims to be (`proxy`) and as it was found. `direct` is what the judge sees without any proxy.

    `names`: whether it resolves names by itself, None where that could not be asked. `place` is where its exit is, `visit`
    what a chosen site made of it.
    """

    proxy: Proxy
    said: tuple[Said, ...]
    direct: Seen
    names: bool | None = None
    place: Place = NOWHERE
    visit: Visit | None = None

    @property
    def reachable(self) -> bool:
        """Whether anything came of dialling it."""
        return any(one.reached for one in self.said)

    @cached_property
    def best(self) -> Said | None:
        """The first answer that counts: as claimed before anything else."""
        claimed = CLAIMED[self.proxy.scheme.family]
        return next((one for one in self.said if one.worked and one.way in claimed), None) or next(
            (one for one in self.said if one.worked), None
        )

    @property
    def protocols(self) -> tuple[Way, ...]:
        """Ways that really work."""
        return tuple(dict.fromkeys(one.way for one in self.said if one.worked))

    @cached_property
    def verdict(self) -> Verdict:
        """What is to be thought of it."""
        best = self.best
        if best is not None:
            return Verdict.WORKS if best.way in CLAIMED[self.proxy.scheme.family] else Verdict.OTHER_PROTOCOL
        if not self.said or any(one.ours for one in self.said):
            return Verdict.UNKNOWN
        if any(one.category in TURNING_AWAY for one in self.said):
            return Verdict.REFUSED
        answered = any(one.reached and one.category is not Category.TIMEOUT for one in self.said)
        return Verdict.FAILED if answered else Verdict.DEAD

    @property
    def latency(self) -> float | None:
        """Seconds from the dial to the first byte of the judge's answer; waiting for our turn is in none of it."""
        return None if self.best is None else self.best.seconds

    @property
    def exit_address(self) -> str | None:
        """The address that the judge saw."""
        best = self.best
        return None if best is None or best.seen is None else best.seen.client or None

    @property
    def anonymity(self) -> Anonymity | None:
        """The worst level of all its answers: one that gives us away is enough."""
        levels = [anonymity_of(one.seen, self.direct) for one in self.said if one.worked and one.seen is not None]
        return max(levels, key=list(Anonymity).index, default=None)

    @property
    def tls(self) -> bool | None:
        """Whether TLS came through untouched; None where it was not asked, or no tunnel was opened."""
        return next((one.tls for one in self.said if one.tls is not None), None)

    @property
    def category(self) -> Category | None:
        """Why it does not work as claimed; None for one that does, and where that is not known."""
        if self.verdict in (Verdict.WORKS, Verdict.UNKNOWN):
            return None
        if self.verdict is Verdict.OTHER_PROTOCOL:
            return Category.PROTOCOL
        turned = next((one.category for one in self.said if one.category in TURNING_AWAY), None)
        return turned or next((one.category for one in self.said if one.category is not None), None)

    @property
    def outcome(self) -> Outcome | None:
        """What health learns, as from traffic; None where nothing was learnt. It names no target: the judge was proven to live,
        so that the failures of many dead proxies are not taken for its own.
        """
        verdict = self.verdict
        if verdict is Verdict.UNKNOWN:
            return None
        if verdict is Verdict.WORKS:
            return Outcome.succeeded(max(self.latency or 0.0, 0.0))
        category = self.category or Category.UNKNOWN
        phase = next((one.phase for one in self.said if one.category is category), Phase.EXCHANGE)
        return Outcome.failed(category, phase=phase)

    @property
    def _connects(self) -> bool:
        """Whether a list that says `https` is right: an HTTP proxy that can CONNECT (SPEC rule 16). True where it was not asked."""
        asked = [one for one in self.said if one.way is Way.CONNECT]
        return not asked or any(one.worked for one in asked)

    @property
    def disagreements(self) -> Sequence[tuple[str, str, str]]:
        """(field, claimed, measured) wherever both are known and differ."""
        found: list[tuple[str, str, str]] = []
        labels, details = self.proxy.labels, self.proxy.details
        if self.verdict is Verdict.OTHER_PROTOCOL:
            found.append(("protocol", self.proxy.scheme.value, ", ".join(self.protocols)))
        elif self.verdict is Verdict.WORKS and details and not self._connects and "https" in details.protocols:
            found.append(("protocol", "https (CONNECT)", ", ".join(self.protocols)))
        if labels.country and self.place.country and labels.country != self.place.country:
            found.append(("country", labels.country, self.place.country))
        if labels.asn and self.place.asn and labels.asn != self.place.asn:
            found.append(("asn", f"AS{labels.asn}", f"AS{self.place.asn}"))
        if labels.anonymity and self.anonymity and labels.anonymity != self.anonymity:
            found.append(("anonymity", labels.anonymity, self.anonymity.value))
        if details and details.exit_address and self.exit_address and details.exit_address != self.exit_address:
            found.append(("exit_address", details.exit_address, self.exit_address))
        return found
