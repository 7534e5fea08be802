"""Which destinations traffic may be sent to (SPEC G8, rule 17): literals and names, before anything is dialled.

On the way through an upstream proxy the name is resolved over there, so the address is unknown here: names that can
only mean something local are refused by their shape. Our own listening addresses are refused always, or the data plane
would reach the control plane.
"""

import ipaddress
from collections.abc import Iterable

from proxyfleet.wire.addresses import is_global, is_local_name

Place = tuple[str, int]
"""(host, port); the host as written in a setting: an address or a name in lower case."""

_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - these are compared with, not bound to
_OURSELVES = _ANY | {"localhost"}


class DestinationPolicy:
    """Judges (host, port). `own` are the places that this process listens on; a wildcard address there stands for
    every loopback one.
    """

    def __init__(
        self, *, allow_private: bool = False, ports: Iterable[int] | None = None, own: Iterable[Place] = ()
    ) -> None:
        self._allow_private = allow_private
        self._ports = None if ports is None else frozenset(ports)
        self.own = set(own)

    def judge(self, host: str, port: int) -> str | None:
        """None when the destination is fine, else the code of the refusal. `host` is lower case, IPv6 without
        brackets.
        """
        if self.is_own(host, port):
            return "own_address"
        if self._allow_private:
            return None
        literal = ":" in host or host.rpartition(".")[2].isdigit()
        fine = is_global(host) if literal else not is_local_name(host) and not host.endswith(".localhost")
        return None if fine else "destination_private"

    def judge_tunnel(self, host: str, port: int) -> str | None:
        """As `judge`, and the port must be one that CONNECT is meant for (RFC 9110 §9.3.6)."""
        if self._ports is not None and port not in self._ports:
            return "connect_port"
        return self.judge(host, port)

    def is_own(self, host: str, port: int) -> bool:
        """Whether that is a place this process listens on."""
        if (host, port) in self.own:
            return True
        return (host in _OURSELVES or _is_loopback(host)) and any(
            port == own_port and (own_host in _OURSELVES or _is_loopback(own_host)) for own_host, own_port in self.own
        )


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
