"""Which destinations traffic may be sent to (SPEC G8, rule 17): literals and names, before anything is dialled.

On the way through an upstream proxy the name is resolved over there, so the address is unknown here: names that can
only mean something local are refused by their shape. Our own listening addresses are refused always, or the data plane
would reach the control plane.
"""

from collections.abc import Iterable

from proxyfleet.wire.addresses import is_global, is_local_name, is_name, number_of

Place = tuple[str, int]
"""(host, port); the host as written in a setting: an address or a name in lower case."""

_IPV6_LOOPBACK = 1
_IPV4_LOOPBACK = range(127 << 24, 128 << 24)


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
        """None when the destination is fine, else the code of the refusal. `host` is in lower case, IPv6 without
        brackets.

        What is neither an address in its one spelling nor a plain name is never fine: somebody on the way may read
        another address out of it (`0177.0.0.1`, `2130706433`, `①②⑦.0.0.1`).
        """
        host = host.removesuffix(".")
        if self.is_own(host, port):
            return "own_address"
        literal = number_of(host) is not None
        if not literal and not is_name(host):
            return "destination_private"
        if self._allow_private:
            return None
        fine = is_global(host) if literal else not is_local_name(host)
        return None if fine else "destination_private"

    def judge_tunnel(self, host: str, port: int) -> str | None:
        """As `judge`, and the port must be one that CONNECT is meant for (RFC 9110 §9.3.6)."""
        if self._ports is not None and port not in self._ports:
            return "connect_port"
        return self.judge(host, port)

    def is_own(self, host: str, port: int) -> bool:
        """Whether that is a place this process listens on, however it is written."""
        names = [own_host for own_host, own_port in self.own if own_port == port]
        if not names:
            return False
        asked = _identity(host)
        return any(asked == own or (_is_this_machine(asked) and _is_this_machine(own)) for own in map(_identity, names))


def _identity(host: str) -> int | str:
    number = number_of(host)
    return host.removesuffix(".") if number is None else number


def _is_this_machine(identity: int | str) -> bool:
    """Loopback, in numbers and names, and the wildcard addresses, which lead there."""
    if isinstance(identity, int):
        return identity in (0, _IPV6_LOOPBACK) or identity in _IPV4_LOOPBACK
    return identity == "localhost" or identity.endswith(".localhost")
