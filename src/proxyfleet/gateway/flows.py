"""What flows right now, per proxy and per target: looked up when somebody asks, at no cost to traffic (`proxyfleet top`).

Rates are those since the look before, whoever looked. Holds nothing of what passes, only whose it is and how much.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from heapq import nlargest
from typing import Any

from proxyfleet.gateway.connection import ClientConnection
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.tunnel import Tunnel

MOST_ROWS = 200


@dataclass(slots=True)
class Flow:
    """One proxy, target or user. `requests` and `tunnels` are under way; rates are per second, bytes those of tunnels
    as a client sends (`up`) and gets them (`down`).
    """

    name: str
    proxy_id: int | None = None
    requests: int = 0
    tunnels: int = 0
    begun_rate: float = 0.0
    up_rate: float = 0.0
    down_rate: float = 0.0

    @property
    def weight(self) -> tuple[float, ...]:
        """What to show first."""
        return (self.begun_rate, self.up_rate + self.down_rate, self.requests + self.tunnels)


class Flows:
    """`look` at a gateway's connections."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._at = ctx.timer()
        self._carried: dict[object, int] = {}
        self._moved: dict[Tunnel, tuple[int, int]] = {}
        self._totals = (0, 0, 0)

    def look(self) -> dict[str, Any]:
        """Plain data, as JSON takes it (`Any`); at most 200 rows of each kind, the busiest first."""
        now = self._ctx.timer()
        look = _Look(max(now - self._at, 1e-3))
        self._count_begun(look)
        self._count_living(look)
        told = look.told() | {"seconds": now - self._at} | self._count_totals(look.seconds)
        self._at = now
        return told

    def _count_totals(self, seconds: float) -> dict[str, Any]:
        counters = self._ctx.counters
        before, self._totals = (
            self._totals,
            (counters.requests + counters.tunnels, counters.received, counters.sent),
        )
        begun, received, sent = (new - old for new, old in zip(self._totals, before, strict=True))
        return {
            "begun_rate": begun / seconds,
            "received_rate": received / seconds,
            "sent_rate": sent / seconds,
            "connections": self._ctx.door.total,
            "tunnels": counters.tunnels_open,
        }

    def _count_begun(self, look: "_Look") -> None:
        before, carried = self._carried, dict[object, int]()
        for proxy_id, route in self._ctx.routes.all():
            carried[proxy_id] = route.carried
            if begun := _grown(before.get(proxy_id, 0), route.carried):
                look.proxy(proxy_id, route.label).begun_rate += begun / look.seconds
        for place in self._ctx.places.all():
            carried[place] = place.carried
            if begun := _grown(before.get(place, 0), place.carried):
                look.target(place.authority.host).begun_rate += begun / look.seconds
        self._carried = carried

    def _count_living(self, look: "_Look") -> None:
        before, moved = self._moved, dict[Tunnel, tuple[int, int]]()
        for living in list(self._ctx.live):
            if isinstance(living, Tunnel):
                up, down = moved[living] = living.up.moved, living.down.moved
                old_up, old_down = before.get(living, (0, 0))
                for flow in look.of(living.proxy_id, self._label(living.proxy_id), living.target, living.user):
                    flow.tunnels += 1
                    flow.up_rate += (up - old_up) / look.seconds
                    flow.down_rate += (down - old_down) / look.seconds
            elif isinstance(living, ClientConnection) and living.errand is not None:
                errand = living.errand
                for flow in look.of(errand.proxy_id, self._label(errand.proxy_id), errand.target, living.user):
                    flow.requests += 1
        self._moved = moved

    def _label(self, proxy_id: int) -> str:
        route = self._ctx.routes.of(proxy_id)
        return "" if route is None else route.label


def _grown(before: int, now: int) -> int:
    """Counts begin anew when what holds them is forgotten."""
    return now - before if now >= before else now


class _Look:
    """Rows being put together."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._proxies: dict[int, Flow] = {}
        self._targets: dict[str, Flow] = {}
        self._users: dict[str, Flow] = {}

    def proxy(self, proxy_id: int, label: str) -> Flow:
        return self._proxies.setdefault(proxy_id, Flow(label, proxy_id))

    def target(self, host: str) -> Flow:
        return self._targets.setdefault(host, Flow(host))

    def of(self, proxy_id: int, label: str, host: str, user: str) -> list[Flow]:
        """Everything that one request or tunnel counts for; between two attempts it has no proxy."""
        flows = [self.target(host)]
        if user:
            flows.append(self._users.setdefault(user, Flow(user)))
        return [self.proxy(proxy_id, label), *flows] if proxy_id else flows

    def told(self) -> dict[str, Any]:
        kinds = {
            "proxies": self._proxies.values(),
            "targets": self._targets.values(),
            "users": self._users.values(),
        }
        return {name: [asdict(flow) for flow in _busiest(rows)] for name, rows in kinds.items()}


def _busiest(rows: Iterable[Flow]) -> list[Flow]:
    return nlargest(MOST_ROWS, rows, key=lambda flow: flow.weight)
