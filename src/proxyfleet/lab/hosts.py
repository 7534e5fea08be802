"""The lab's name table, and its safety rule: traffic goes to loopback addresses or nowhere.

No DNS is ever asked. A name is in the table or unknown; an address is loopback or refused. Pure.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

from .judging import Refusal

RESERVED = ("*.lab", "*.test", "*.example", "example.com", "*.example.com", "example.org", "example.net")
"""Names that lead to the first target unless told otherwise: `.lab`, and those of RFC 2606."""
TLS_PORTS = (443, 8443)


class Place(Protocol):
    """A target as the table sees it: two ports on one loopback address."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls_port(self) -> int: ...


class Hosts:
    """Names and `*.suffix` patterns to targets; an exact name beats a pattern, a longer pattern a shorter one."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def point(self, name: str, target: Place) -> None:
        """Lead `name`, `*.suffix` or `*` (every name) to `target`."""
        self._places[name.lower()] = target

    def forget(self, name: str) -> None:
        """Make `name` unknown again; a name that is not there is no error."""
        self._places.pop(name.lower(), None)

    def names(self) -> tuple[str, ...]:
        """What the table holds, sorted."""
        return tuple(sorted(self._places))

    def find(self, host: str, port: int) -> tuple[str, int] | Refusal:
        """The loopback address to dial: of an address itself, else of the target of that name.

        On a target's name its own two ports lead where they say, 443 and 8443 to TLS, every other port to plain HTTP.
        """
        literal = literal_of(host)
        if literal is not None:
            return (
                (host, port) if literal.is_loopback else Refusal(403, f"{host} is not loopback; the lab stays here", 2)
            )
        if host == "localhost":
            return "127.0.0.1", port
        place = self._lookup(host)
        if place is None:
            return Refusal(502, f"unknown host {host}; the lab knows {', '.join(self.names())}", 4)
        tls = port in TLS_PORTS or port == place.tls_port
        return place.host, place.tls_port if tls else place.port

    def _lookup(self, host: str) -> Place | None:
        if host in self._places:
            return self._places[host]
        labels = host.split(".")
        patterns = (".".join(("*", *labels[skip:])) for skip in range(1, len(labels) + 1))
        return next((self._places[pattern] for pattern in patterns if pattern in self._places), None)


def literal_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` spells canonically, None for a name (`127.1` and `2130706433` are names, and unknown)."""
    try:
        return ip_address(host)
    except ValueError:
        return None
