"""One request on its way through up to N proxies (SPEC G6): pick, dial, fail, blame, pick again, give up. What is
spoken is in the subclasses.

Nothing of an answer has been sent to the client while this code may still choose another proxy. There is never a direct
way.
"""

import asyncio
import logging
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Refusal
from proxyfleet.gateway.blame import CLIENT_GONE, DIAL, Blame
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.routes import Route
from proxyfleet.gateway.upstream import UpstreamConnection
from proxyfleet.net.dial import DialError, Obstacle

if TYPE_CHECKING:
    from proxyfleet.gateway.client import ClientConnection

log = logging.getLogger("proxyfleet.gateway")


class Errand(ABC):
    """`began` and `started` are timer seconds of this attempt and of the first one; `proxy_id` is 0 between attempts.

    `coming` is the connection being dialled, `upstream` the one that stands.
    """

    # Defaults live on the class: an errand is made for every request, and most of these never change.
    tried: tuple[int, ...] = ()
    proxy_id = 0
    upstream: UpstreamConnection | None = None
    coming: UpstreamConnection | None = None
    started = began = 0.0
    route: Route
    _dialing: "asyncio.Task[object] | None" = None
    _fault: str | None = None

    def __init__(self, ctx: Context, client: "ClientConnection", target: str) -> None:
        self.ctx = ctx
        self.client = client
        self.target = target

    # What the subclasses say.

    @abstractmethod
    def speak(self, upstream: UpstreamConnection) -> None:
        """There is a connection: send the request."""

    @abstractmethod
    def answered(self, data: bytes) -> None:
        """Bytes of the proxy."""

    @abstractmethod
    def upstream_lost(self) -> None:
        """The connection to the proxy ended."""

    @abstractmethod
    def overdue(self) -> None:
        """What the proxy or the client should have done took too long; dials are seen to here."""

    @abstractmethod
    def refuse(self, code: str, extra: bytes = b"") -> None:
        """Answer the client in our own name; the errand is over."""

    def open(self) -> None:
        """A proxy was picked: get a connection to it."""
        self.dial()

    def client_data(self, data: bytes) -> None:
        """Bytes of the client that came meanwhile: not ours to read."""
        self.client.hold(data)

    # What they share.

    def start(self) -> None:
        """The first attempt."""
        self.started = self.began = self.ctx.timer()
        self.ctx.budget.requests += 1
        self.next_proxy()

    def next_proxy(self) -> None:
        """Pick among those not tried yet, and go there."""
        ctx = self.ctx
        found = ctx.fleet.pick(ctx.settings.selector, ctx.clock(), target=self.target, exclude=self.tried)
        if isinstance(found, Refusal):
            self._nobody(found)
            return
        self.proxy_id = found.proxy_id
        ctx.fleet.begin(found.proxy_id, self.target)
        self.route = ctx.route(found.proxy_id)
        self.open()

    def _nobody(self, refusal: Refusal) -> None:
        """Nobody (else) may be used: after a failure that failure is the answer."""
        if self._fault is not None:
            self.refuse(self._fault)
            return
        log.debug("action=refuse code=no_proxy reason=%s", refusal.code)
        self.refuse("no_proxy", b"Retry-After: %d\r\n" % max(1, math.ceil(min(refusal.retry_after, 3600.0))))

    def dial(self) -> None:
        """Open a new connection; `connected` or `failed` follows."""
        ctx = self.ctx
        ctx.counters.dials += 1
        self.client.deadline = self.began + ctx.timers.dial
        self.coming = UpstreamConnection(ctx, self.route, self)
        self._dialing = ctx.tasks.spawn(self._dial(self.coming), name="gateway-dial")

    async def _dial(self, coming: UpstreamConnection) -> None:
        try:
            await self.ctx.dialer.dial(lambda: coming, self.route.host, self.route.port)
        except DialError as error:
            if self.coming is coming:
                self.stop_dialing()
                self.failed(DIAL[error.obstacle], again=True)

    def connected(self, upstream: UpstreamConnection) -> None:
        """The dial succeeded, or a pooled connection was found."""
        self.coming = self._dialing = None
        self.upstream = upstream
        self.speak(upstream)

    def stop_dialing(self) -> None:
        """Forget a dial; a connection that still comes of it finds no owner."""
        if self.coming is not None:
            self.coming.owner = None
        if self._dialing is not None:
            self._dialing.cancel()
        self.coming = self._dialing = None

    def expired(self) -> None:
        """The deadline of the present step has passed."""
        if self.coming is None:
            self.overdue()
        else:
            self.stop_dialing()
            self.failed(DIAL[Obstacle.TIMED_OUT], again=True)

    def failed(self, blame: Blame, *, again: bool) -> None:
        """This attempt is over: book it, then try another proxy where `again` and the budget allow it, or tell the
        client.
        """
        self.book(blame)
        self._fault = blame.code
        if again and self._may_try_again():
            self.ctx.counters.failovers += 1
            self.began = self.ctx.timer()
            self.next_proxy()
        else:
            self.refuse(blame.code)

    def book(self, blame: Blame) -> None:
        """Record the failure and let go of proxy and connection."""
        ctx = self.ctx
        proxy_id, self.proxy_id = self.proxy_id, 0
        self.tried = (*self.tried, proxy_id)
        self.drop_upstream()
        if blame.category is not None:
            ctx.counters.failed(blame.category.value)
            outcome = Outcome.failed(
                blame.category,
                target=self.target,
                phase=blame.phase,
                response_time=ctx.timer() - self.began,
                retry_after=blame.retry_after,
            )
            ctx.fleet.record(proxy_id, outcome, ctx.clock())
        ctx.fleet.end(proxy_id, self.target)

    def _may_try_again(self) -> bool:
        ctx, rules = self.ctx, self.ctx.settings.failover
        now = ctx.timer()
        return len(self.tried) < rules.attempts and now - self.started < rules.window and ctx.budget.take(now)

    def drop_upstream(self) -> None:
        """The connection is of no further use."""
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.disown()

    def client_lost(self) -> None:
        """The client went away: stop, and blame nobody."""
        self.stop_dialing()
        if self.proxy_id:
            self.ctx.counters.client_aborts += 1
            self.book(CLIENT_GONE)
