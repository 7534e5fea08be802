"""What all connections of one gateway share. It holds, others act."""

import asyncio
import hashlib
from typing import Protocol

from proxyfleet.clock import Clock
from proxyfleet.gateway.access import Access
from proxyfleet.gateway.budget import RetryBudget
from proxyfleet.gateway.counters import Counters
from proxyfleet.gateway.door import Door
from proxyfleet.gateway.places import Places
from proxyfleet.gateway.routes import Route, Routes
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.net.dial import Dialer
from proxyfleet.ports import FleetView
from proxyfleet.tasks import Tasks
from proxyfleet.wire.http1_head import request_names, response_names

LOOP_WRITE_BUFFER = 65_536


class Swept(Protocol):
    """Something alive that the sweep looks at twice a second."""

    deadline: float

    def expired(self) -> None:
        """The deadline has passed."""
        ...

    def drain(self) -> None:
        """No further request: end when the present one has, at once if there is none."""
        ...

    def abort(self) -> None:
        """End now."""
        ...


class Context:
    """One per gateway. `clock` is the fleet's time (UTC seconds), `timer` runs evenly and judges deadlines and
    durations.
    """

    def __init__(self, fleet: FleetView, settings: GatewaySettings, clock: Clock, timer: Clock, key: bytes) -> None:
        self.fleet = fleet
        self.settings = settings
        self.timers = settings.timers
        self.limits = settings.limits
        self.clock = clock
        self.timer = timer
        self.pseudonym = "proxyfleet-" + hashlib.blake2b(b"via", key=key, digest_size=4).hexdigest()
        via = self.pseudonym if settings.via else None
        self.routes = Routes(
            via,
            named=settings.name_proxy,
            key=key,
            most_idle=settings.limits.idle_upstreams,
            lifetime=settings.timers.upstream_idle,
        )
        self.places = Places(settings)
        self.counters = Counters()
        self.budget = RetryBudget(settings.failover, timer())
        self.dialer = Dialer(timer)
        self.door = Door(settings, settings.limits.connections)
        self.access: Access | None = None
        self.tasks = Tasks()
        self.request_names = request_names()
        self.response_names = response_names()
        self.live: set[Swept] = set()
        self.draining = False
        self.empty = asyncio.Event()

    def route(self, proxy_id: int) -> Route:
        """The way to a proxy that was just picked."""
        return self.routes.to(proxy_id, self.fleet.endpoint(proxy_id))

    def bound_writes(self, transport: asyncio.Transport) -> None:
        """Set how much may wait to be sent, where that is not what both loops do anyway."""
        if self.limits.write_buffer != LOOP_WRITE_BUFFER:
            transport.set_write_buffer_limits(self.limits.write_buffer)

    def leave(self, swept: Swept, client: str) -> None:
        """A client's connection is over."""
        self.live.discard(swept)
        self.door.leave(client)
        if not self.live:
            self.empty.set()
