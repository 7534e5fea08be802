"""Counts who is inside: connections in total and per client address, and the allow-list of networks."""

import ipaddress

from proxyfleet.gateway.settings import GatewaySettings


class Door:
    """`most` is the effective total; one `leave` for each `enter` that let somebody in."""

    __slots__ = ("_inside", "_most_each", "_networks", "most", "total")

    def __init__(self, settings: GatewaySettings, most: int) -> None:
        self._most_each = settings.limits.connections_per_client
        self._networks = tuple(ipaddress.ip_network(network) for network in settings.allow_clients)
        self._inside: dict[str, int] = {}
        self.most = most
        self.total = 0

    def enter(self, client: str) -> str | None:
        """None when the client is in, else the code of the refusal."""
        if self._networks and not self._allowed(client):
            return "client_not_allowed"
        mine = self._inside.get(client, 0)
        if self.total >= self.most or mine >= self._most_each:
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

    def _allowed(self, client: str) -> bool:
        address = ipaddress.ip_address(client.partition("/")[0])
        return any(address in network for network in self._networks)


def client_key(peer: object) -> str:
    """What connections and failures are counted by: the address, of IPv6 the /64, because one customer has all of it."""
    host = str(peer[0]) if isinstance(peer, tuple) and peer else "unknown"
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
