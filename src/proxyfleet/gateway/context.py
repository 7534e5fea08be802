"""What all connections of one gateway share. It holds, others act."""

import asyncio
import hashlib
import ssl
from typing import TYPE_CHECKING, Protocol

from proxyfleet.clock import Clock
from proxyfleet.gateway.access import Access
from proxyfleet.gateway.bound import Ties
from proxyfleet.gateway.budget import RetryBudget
from proxyfleet.gateway.counters import Counters
from proxyfleet.gateway.door import Door
from proxyfleet.gateway.doubts import Doubts
from proxyfleet.gateway.metering import Meters, TargetCap
from proxyfleet.gateway.places import Places
from proxyfleet.gateway.routes import Route, Routes
from proxyfleet.gateway.settings import GatewaySettings
from proxyfleet.gateway.terms import TermsBook
from proxyfleet.net.dial import Dialer
from proxyfleet.net.trust import Trust
from proxyfleet.ports import FleetView
from proxyfleet.ports.bonds import Bonds
from proxyfleet.tasks import Tasks
from proxyfleet.wire.answer_rules import AnswerRules
from proxyfleet.wire.http1_head import request_names, response_names

if TYPE_CHECKING:
    from proxyfleet.gateway.exchange import Exchange

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

    def __init__(
        self,
        fleet: FleetView,
        settings: GatewaySettings,
        clock: Clock,
        timer: Clock,
        key: bytes,
        bonds: Bonds | None = None,
    ) -> None:
        self.fleet = fleet
        self.clock = clock
        self.timer = timer
        self.pseudonym = "proxyfleet-" + hashlib.blake2b(b"via", key=key, digest_size=4).hexdigest()
        self.routes = Routes(self.pseudonym, key=key)
        self.meters = Meters(timer)
        self.exchange: type[Exchange]
        """What a plain request becomes; chosen by the gateway."""
        self.counters = Counters()
        self.doubts = Doubts()
        self.budget = RetryBudget(settings.failover, timer())
        self.dialer = Dialer(timer)
        self.bonds = bonds
        self.ties = None if bonds is None else Ties(bonds)
        self.tls: ssl.SSLContext | None = None
        self.door = Door(settings, settings.limits.connections)
        self.access: Access | None = None
        self.tasks = Tasks()
        self.request_names = request_names()
        self.response_names = response_names()
        self.live: set[Swept] = set()
        self.draining = False
        self.empty = asyncio.Event()
        self.keep_to(settings)

    def keep_to(self, settings: GatewaySettings) -> None:
        """These settings from now on. What is under way goes on; certificates are the gateway's affair."""
        self.settings = settings
        self.timers = settings.timers
        self.limits = settings.limits
        self.places = Places(settings)
        self.caps = TargetCap(settings.limits.per_target) if settings.limits.per_target else None
        self.terms = TermsBook(settings.selector, self.meters, self.timer, capped=self.caps is not None)
        self.rules = AnswerRules(settings.answer_rules)
        self.trust = Trust(settings.upstream_ca, verify=settings.upstream_verify)
        self.routes.keep_to(settings)
        self.budget.rules = settings.failover
        self.door.keep_to(settings)
        if self.access is not None:
            self.access.keep_to(settings.limits)

    def route(self, proxy_id: int) -> Route:
        """The way to a proxy that was just picked."""
        edits = self.fleet.edits
        route = self.routes.known(proxy_id, edits)
        return self.routes.to(proxy_id, self.fleet.endpoint(proxy_id), edits) if route is None else route

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
