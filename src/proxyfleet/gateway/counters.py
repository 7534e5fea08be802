"""What a gateway has done so far: plain integers on the hot path, a frozen copy for everybody else."""

from dataclasses import dataclass, fields
from typing import Any


class Counters:
    """Added to by the connections themselves; nobody locks, because one loop owns a gateway."""

    __slots__ = (
        "client_aborts",
        "connections",
        "connections_open",
        "dials",
        "failovers",
        "failures",
        "received",
        "refusals",
        "requests",
        "reused",
        "sent",
        "sessions_moved",
        "stale",
        "tunnels",
        "tunnels_open",
    )

    def __init__(self) -> None:
        self.connections = 0
        self.connections_open = 0
        self.requests = 0
        self.tunnels = 0
        self.tunnels_open = 0
        self.dials = 0
        self.reused = 0
        self.stale = 0
        self.failovers = 0
        self.client_aborts = 0
        self.sessions_moved = 0
        self.received = 0
        self.sent = 0
        self.failures: dict[str, int] = {}
        self.refusals: dict[str, int] = {}

    def refused(self, code: str) -> None:
        """One answer of our own; codes come from a closed set, so the table stays small."""
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def failed(self, category: str) -> None:
        """One failed attempt, by error category."""
        self.failures[category] = self.failures.get(category, 0) + 1


@dataclass(frozen=True, slots=True)
class GatewayStats:
    """Totals since start, except the two `_open` ones. `received` and `sent` are bytes from and to clients, heads
    included.

    Bytes of a tunnel are added when it ends. `stale` are pooled connections that had died unseen, `sessions_moved`
    sessions that lost a dead proxy. `failures` counts attempts by error category, `refusals` answers of our own by code.
    """

    connections: int
    connections_open: int
    requests: int
    tunnels: int
    tunnels_open: int
    dials: int
    reused: int
    stale: int
    failovers: int
    client_aborts: int
    sessions_moved: int
    received: int
    sent: int
    failures: dict[str, int]
    refusals: dict[str, int]


def snapshot(counters: Counters) -> GatewayStats:
    """A copy that does not change any more."""
    names = (field.name for field in fields(GatewayStats))
    values: dict[str, Any] = {name: getattr(counters, name) for name in names}  # Any: integers and tables by field name
    return GatewayStats(**values | {"failures": dict(counters.failures), "refusals": dict(counters.refusals)})
