"""Where a request wants to go, read and judged once per authority and then remembered."""

from typing import NamedTuple

from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.wire.authority import Authority, check_host, parse_authority, split_absolute
from proxyfleet.wire.http1_head import HeadError, RequestHead

MOST_PLACES = 8192
LONGEST = 256


class Place(NamedTuple):
    """`wire` is the authority as it goes on; `refusal` a code, or None when traffic may go there."""

    authority: Authority
    wire: bytes
    refusal: str | None


class Places:
    """Bounded memory of both kinds of authority; `HeadError` 400 for the unreadable, 403 for the forbidden."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.policy = DestinationPolicy(
            allow_private=settings.allow_private_targets, ports=settings.connect_ports, own=settings.refuse_addresses
        )
        self._plain: dict[bytes, Place] = {}
        self._tunnels: dict[bytes, Place] = {}

    def forget(self) -> None:
        """The policy has changed."""
        self._plain.clear()
        self._tunnels.clear()

    def of_plain(self, head: RequestHead) -> tuple[Place, bytes]:
        """Destination and path of an absolute-form request (RFC 9112 §3.2.2)."""
        written, path = split_absolute(head.target)
        place = self._plain.get(written) or self._learn_plain(written)
        return self._checked(head, written, place, 80), path

    def of_tunnel(self, head: RequestHead) -> Place:
        """Destination of a CONNECT (RFC 9110 §9.3.6)."""
        place = self._tunnels.get(head.target) or self._learn_tunnel(head.target)
        return self._checked(head, head.target, place, place.authority.port)

    def _checked(self, head: RequestHead, written: bytes, place: Place, default_port: int) -> Place:
        if head.special.get(b"host") != written:
            check_host(head, written, place.authority, default_port)
        if place.refusal is not None:
            raise HeadError(403, place.refusal)
        return place

    def _learn_plain(self, written: bytes) -> Place:
        authority = parse_authority(written, 80)
        place = Place(authority, authority.encode(omit=80), self.policy.judge(*authority))
        return _keep(self._plain, written, place)

    def _learn_tunnel(self, written: bytes) -> Place:
        authority = parse_authority(written)
        place = Place(authority, authority.encode(), self.policy.judge_tunnel(*authority))
        return _keep(self._tunnels, written, place)


def _keep(known: dict[bytes, Place], written: bytes, place: Place) -> Place:
    if len(written) <= LONGEST:
        if len(known) >= MOST_PLACES:
            known.clear()
        known[written] = place
    return place
