"""Where a request wants to go, read and judged once per authority and then remembered."""

from collections.abc import Iterator

from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.wire.authority import Authority, check_host, parse_authority, split_absolute
from proxyfleet.wire.http1_head import HeadError, RequestHead

MOST_PLACES = 8192
LONGEST = 256
TIMES = 3
"""A target is waited for so many times as long as it took lately."""
CALM_AFTER = 30.0
"""Every so many seconds what is remembered of a slow target is halved."""


class Place:
    """`wire` is the authority as it goes on; `refusal` a code, or None when traffic may go there. `carried` counts requests
    and tunnels.

    `wait` is how long a first attempt is waited for before another proxy is tried; a target that took longer than `slow`
    raises it. Seconds.
    """

    __slots__ = ("authority", "carried", "refusal", "slow", "wait", "wire")

    def __init__(self, authority: Authority, wire: bytes, refusal: str | None, wait: float) -> None:
        self.authority = authority
        self.wire = wire
        self.refusal = refusal
        self.carried = 0
        self.wait = wait
        self.slow = wait / TIMES


class Places:
    """Bounded memory of both kinds of authority; `HeadError` 400 for the unreadable, 403 for the forbidden."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.policy = DestinationPolicy(
            allow_private=settings.allow_private_targets, ports=settings.connect_ports, own=settings.refuse_addresses
        )
        self.plain: dict[bytes, Place] = {}
        """By authority as written; empty again when the policy has changed."""
        self._tunnels: dict[bytes, Place] = {}
        longest = settings.timers.response_head
        self._wait = min(settings.failover.patience, longest) or longest
        self._longest = longest
        self._slow: set[Place] = set()
        self._calm_at = 0.0

    def slower(self, place: Place, took: float) -> None:
        """The target took longer than was to be expected."""
        place.slow = took
        place.wait = min(TIMES * took, self._longest)
        self._slow.add(place)

    def sweep(self, now: float) -> None:
        """Slow targets are believed to become quick again."""
        if self._slow and now >= self._calm_at:
            self._calm_at = now + CALM_AFTER
            for place in list(self._slow):
                place.wait = max(place.wait / 2, self._wait)
                place.slow = place.wait / TIMES
                if place.wait == self._wait:
                    self._slow.discard(place)

    def forget(self) -> None:
        """The policy has changed."""
        self.plain.clear()
        self._tunnels.clear()

    def all(self) -> Iterator[Place]:
        """Every place that is remembered."""
        yield from self.plain.values()
        yield from self._tunnels.values()

    def of_plain(self, head: RequestHead) -> tuple[Place, bytes]:
        """Destination and path of an absolute-form request (RFC 9112 §3.2.2)."""
        written, path = split_absolute(head.target)
        place = self.plain.get(written) or self._learn_plain(written)
        return self._checked(head, written, place, 80), path

    def of_tunnel(self, head: RequestHead) -> Place:
        """Destination of a CONNECT (RFC 9110 §9.3.6)."""
        place = self._tunnels.get(head.target) or self._learn_tunnel(head.target)
        return self._checked(head, head.target, place, place.authority.port)

    def of_socks(self, written: bytes) -> Place:
        """Destination of a SOCKS request, `host:port` with brackets around IPv6; judged as that of a CONNECT."""
        place = self._tunnels.get(written) or self._learn_tunnel(written)
        if place.refusal is not None:
            raise HeadError(403, place.refusal)
        return place

    def _checked(self, head: RequestHead, written: bytes, place: Place, default_port: int) -> Place:
        if head.special.get(b"host") != written:
            check_host(head, written, place.authority, default_port)
        if place.refusal is not None:
            raise HeadError(403, place.refusal)
        return place

    def _learn_plain(self, written: bytes) -> Place:
        authority = parse_authority(written, 80)
        place = Place(authority, authority.encode(omit=80), self.policy.judge(*authority), self._wait)
        return _keep(self.plain, written, place)

    def _learn_tunnel(self, written: bytes) -> Place:
        authority = parse_authority(written)
        place = Place(authority, authority.encode(), self.policy.judge_tunnel(*authority), self._wait)
        return _keep(self._tunnels, written, place)


def _keep(known: dict[bytes, Place], written: bytes, place: Place) -> Place:
    if len(written) <= LONGEST:
        if len(known) >= MOST_PLACES:
            known.clear()
        known[written] = place
    return place
