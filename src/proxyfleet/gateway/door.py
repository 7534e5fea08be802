"""Counts who is inside: connections in total and per client address, and the allow-list of networks."""

import ipaddress
from collections.abc import Iterable

from proxyfleet.gateway.settings import GatewaySettings


class Door:
    """`most` is the effective total; one `leave` for each `enter` that let somebody in."""

    __slots__ = ("_inside", "_most_each", "_networks", "most", "shut", "total")

    def __init__(self, settings: GatewaySettings, most: int) -> None:
        self._inside: dict[str, int] = {}
        self.most = most
        self.total = 0
        self.shut = False
        """Nobody more for the moment: the process has grown too large."""
        self.keep_to(settings)

    def keep_to(self, settings: GatewaySettings) -> None:
        """Other limits; whoever is inside stays."""
        self._most_each = settings.limits.connections_per_client
        self._networks = tuple(ipaddress.ip_network(network) for network in settings.allow_clients)

    def enter(self, client: str, host: str | None = None) -> str | None:
        """None when the client is in, else the code of the refusal. `client` is what it is counted by, `host` its very
        address where that is more exact.
        """
        if self._networks and not self._allowed(host or client):
            return "client_not_allowed"
        mine = self._inside.get(client, 0)
        if self.shut or self.total >= self.most or mine >= self._most_each:
            return "overloaded"
        self._inside[client] = mine + 1
        self.total += 1
        return None

    def leave(self, client: str) -> None:
        """The client's connection has ended."""
        left = self._inside[client] - 1
        if left:
            self._inside[client] = left
        else:
            del self._inside[client]
        self.total -= 1

    def _allowed(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:  # gone again before it was looked at
            return False
        return any(address in network for network in self._networks)


def keeps_out(networks: Iterable[str]) -> bool:
    """Whether an allow-list keeps anybody out: an empty one does not, nor does one that holds a whole family."""
    held = [ipaddress.ip_network(network) for network in networks]
    whole: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = [
        *ipaddress.collapse_addresses(one for one in held if isinstance(one, ipaddress.IPv4Network)),
        *ipaddress.collapse_addresses(one for one in held if isinstance(one, ipaddress.IPv6Network)),
    ]
    return bool(whole) and all(network.prefixlen for network in whole)


def peer_host(peer: object) -> str:
    """The address of a client; without a zone, and IPv4 where it came as such through an IPv6 socket."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else "unknown"
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    return str(address if address.ipv4_mapped is None else address.ipv4_mapped)


def client_key(host: str) -> str:
    """What connections and failures are counted by: the address, of IPv6 the /64, because one customer has all of it."""
    if ":" not in host:
        return host
    return f"{ipaddress.IPv6Address(int(ipaddress.IPv6Address(host)) >> 64 << 64)}/64"
