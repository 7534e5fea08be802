"""One request on its way through up to N proxies (SPEC G6): pick, dial, fail, blame, pick again, give up. What is
spoken is in the subclasses.

Nothing of an answer has been sent to the client while this code may still choose another proxy. There is never a direct
way.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.outcome import FAULT, Category, Fault, Outcome, Phase
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.gateway.blame import CLIENT_GONE, DIAL, SECRET_LOST, TARGET_UNRESOLVED, TUNNEL_TIMEOUT, Blame
from proxyfleet.gateway.bound import Bound
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.handshake import NoTunnel
from proxyfleet.gateway.metered import MeterLayer
from proxyfleet.gateway.patience import Suspect, condemn, left, patience
from proxyfleet.gateway.places import Place
from proxyfleet.gateway.refusals import retry_after
from proxyfleet.gateway.routes import Route, untaken
from proxyfleet.gateway.upstream import UpstreamConnection, UpstreamTunnel
from proxyfleet.net.dial import Dial, DialError, Obstacle, obstacle_of
from proxyfleet.net.resolve import Unresolved
from proxyfleet.wire.authority import Authority

if TYPE_CHECKING:
    from proxyfleet.gateway.connection import ClientConnection

FORBIDDEN = frozenset({"destination_private", "own_address"})
"""A name that resolves to a forbidden address does so for every proxy."""
log = logging.getLogger("proxyfleet.gateway")


class Errand(ABC):
    """`began` and `started` are timer seconds of this attempt and of the first one; `proxy_id` is 0 between attempts.

    `coming` is the connection being dialled, `upstream` the one that stands. `fault` is the code of the last failure.
    """

    # Defaults live on the class: an errand is made for every request, and most of these never change.
    tried: tuple[int, ...] = ()
    proxy_id = 0
    attempts = 0
    careful = False
    """Whether it cannot be sent again once a proxy has it, and so avoids those that have failed a moment ago."""
    fault: str | None = None
    suspects: tuple[Suspect, ...] = ()
    bound: Bound | None = None
    leaving: tuple[Callable[[], None], ...] = ()
    upstream: UpstreamConnection | None = None
    coming: UpstreamConnection | None = None
    started = began = 0.0
    route: Route
    _dialing: "asyncio.Task[object] | Dial | None" = None

    def __init__(self, ctx: Context, client: "ClientConnection", place: Place) -> None:
        self.ctx = ctx
        self.client = client
        self.terms = client.terms
        self.place = place
        self.target = place.authority.host

    # What the subclasses say.

    @abstractmethod
    def new_upstream(self) -> UpstreamConnection:
        """What is to be dialled: a plain connection, or one that opens a tunnel."""

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
        ctx = self.ctx
        self.started = self.began = ctx.timer()
        ctx.budget.requests += 1
        self.place.carried += 1
        if self.terms.special:
            self._enter(ctx)
        else:
            self.next_proxy()

    def _enter(self, ctx: Context) -> None:
        """What is not for everybody: limits of a user or a target, sessions, leases."""
        meter, caps = self.terms.meter, ctx.caps
        if meter is not None:
            refused = meter.enter(ctx.timer())
            if refused is not None:
                self.refuse(refused.code, retry_after(refused.wait))
                return
            self.leaving = (meter.leave,)
            MeterLayer.over(self.client, meter)
        if caps is not None:
            if not caps.enter(self.target):
                self.refuse("target_busy", retry_after(1.0))
                return
            self.leaving = (*self.leaving, partial(caps.leave, self.target))
        if not self.terms.bound:
            self.next_proxy()
        elif ctx.ties is None:
            self.refuse("sessions_off")
        else:
            bound = self.bound = Bound(self, ctx.ties)
            self.leaving = (*self.leaving, bound.let_go)
            bound.go()

    def over(self) -> None:
        """The request has ended, one way or another."""
        leaving, self.leaving = self.leaving, ()
        for leave in leaving:
            leave()

    def next_proxy(self) -> None:
        """Pick among those not tried yet, and go there."""
        found = self.pick(self.tried)
        if isinstance(found, Refusal):
            self._nobody(found)
        else:
            self.go_through(found.proxy_id)

    def pick(self, exclude: tuple[int, ...]) -> Pick | Refusal:
        """Somebody who fits and is not excluded: there already, or at a provider that can be told where."""
        if self.careful:
            return self._pick_carefully(exclude)
        ctx, terms = self.ctx, self.terms
        found = ctx.fleet.pick(
            terms.selector,
            ctx.clock(),
            strategy=terms.strategy,
            key=terms.key,
            target=self.target,
            exclude=exclude,
        )
        if isinstance(found, Refusal) and terms.elsewhere is not None:
            return ctx.fleet.pick(terms.elsewhere, ctx.clock(), target=self.target, exclude=exclude)
        return found

    def _pick_carefully(self, exclude: tuple[int, ...]) -> Pick | Refusal:
        """Rather a doubtful proxy than one that should rest."""
        self.careful = False
        doubted = self.ctx.doubts.standing(self.ctx.timer())
        found = self.pick((*exclude, *doubted)) if doubted else None
        if not isinstance(found, Pick) or found.degraded:
            found = self.pick(exclude)
        self.careful = True
        return found

    def go_through(self, proxy_id: int) -> None:
        """To that proxy."""
        self.proxy_id = proxy_id
        self.ctx.fleet.begin(proxy_id, self.target)
        try:
            self.route = self._route(proxy_id)
        except SecretLost as lost:
            log.error("action=dial proxy=%d error=%s", proxy_id, lost)
            self.route = untaken(self.ctx.fleet.endpoint(proxy_id))
            self.failed(SECRET_LOST, again=True)
            return
        self.open()

    def _route(self, proxy_id: int) -> Route:
        route, bound = self.ctx.route(proxy_id), self.bound
        route.carried += 1
        if route.rotating:
            route = route.exit(self.terms.exit if bound is None else bound.exit)
        return route if bound is None else bound.said(route)

    def _nobody(self, refusal: Refusal) -> None:
        """Nobody (else) may be used: after a failure that failure is the answer."""
        if self.fault is not None:
            self.refuse(self.fault)
            return
        log.debug("action=refuse code=no_proxy reason=%s", refusal.code)
        self.refuse("no_proxy", retry_after(refusal.retry_after))

    def dial(self) -> None:
        """Open a new connection; `connected` or `failed` follows."""
        ctx = self.ctx
        ctx.counters.dials += 1
        self.client.deadline = self.began + patience(self, ctx.timers.dial)
        coming, route = self.new_upstream(), self.route
        self.coming = coming
        dial = None
        if not route.tls and not (route.local_dns and ctx.settings.local_dns):
            dial = ctx.dialer.begin(coming, route.host, route.port, self._dialled)
        self._dialing = dial or ctx.tasks.spawn(self._dial(coming), name="gateway-dial")

    def _dialled(self, why: OSError | None) -> None:
        if why is not None:
            self.not_connected(DIAL[obstacle_of(why)])

    async def _dial(self, coming: UpstreamConnection) -> None:
        ctx, route = self.ctx, self.route
        try:
            if ctx.settings.local_dns and route.local_dns and isinstance(coming, UpstreamTunnel):
                coming.host = await resolved(ctx, coming.authority, ipv6=route.socks != 4)
            await ctx.dialer.dial(lambda: coming, route.host, route.port, ctx.trust.context() if route.tls else None)
        except DialError as error:
            if self.coming is coming:
                self.not_connected(DIAL[error.obstacle])
        except NoTunnel as no:
            if self.coming is coming:
                self.not_connected(no.blame)

    def shaking_hands(self) -> None:
        """TCP stands, the proxy is being asked for the tunnel."""
        self.client.deadline = self.ctx.timer() + patience(self, self.ctx.timers.connect_reply)

    def not_connected(self, blame: Blame) -> None:
        """No connection, or no tunnel through it: nothing of the client was sent, so another proxy may be tried."""
        self.stop_dialing()
        self.failed(blame, again=blame.code not in FORBIDDEN)

    def connected(self, upstream: UpstreamConnection) -> None:
        """The dial succeeded, or a pooled connection was found."""
        self.coming = self._dialing = None
        self.upstream = upstream
        self.speak(upstream)

    def stop_dialing(self) -> None:
        """Forget a dial; a connection that still comes of it finds no owner."""
        if self.coming is not None:
            self.coming.give_up()
        if self._dialing is not None:
            self._dialing.cancel()
        self.coming = self._dialing = None

    def expired(self) -> None:
        """The deadline of the present step has passed, or our patience with it."""
        coming, timers = self.coming, self.ctx.timers
        if self.bound is not None and self.bound.asking:
            self.refuse("session_timeout")
        elif coming is None:
            self.overdue()
        elif isinstance(coming, UpstreamTunnel) and coming.shaking is not None:
            if not left(self, timers.connect_reply, TUNNEL_TIMEOUT):
                self.not_connected(TUNNEL_TIMEOUT)
        elif not left(self, timers.dial, DIAL[Obstacle.TIMED_OUT]):
            self.not_connected(DIAL[Obstacle.TIMED_OUT])

    def failed(self, blame: Blame, *, again: bool) -> None:
        """This attempt is over: book it, then try another proxy where `again` and the budget allow it, or tell the
        client.
        """
        self.book(blame)
        if self.suspects:
            condemn(self)
        self.fault = blame.code
        bound = self.bound
        if bound is not None:
            self.began = self.ctx.timer()
            if not (again and bound.elsewhere(blame)):
                self.refuse(blame.code)
        elif again and self.may_try_again():
            self.ctx.counters.failovers += 1
            self.began = self.ctx.timer()
            self.next_proxy()
        else:
            self.refuse(blame.code)

    def book(self, blame: Blame) -> None:
        """Record the failure and let go of proxy and connection."""
        ctx = self.ctx
        proxy_id, self.proxy_id = self.proxy_id, 0
        self.attempts += 1
        if not self.route.rotating or blame.phase is Phase.DIAL or blame.category is Category.AUTHENTICATION:
            self.tried = (*self.tried, proxy_id)  # the next exit of a rotating endpoint may do
        self.drop_upstream()
        if blame.category is not None:
            if FAULT[blame.category] is Fault.PROXY:
                ctx.doubts.add(proxy_id, ctx.timer())
            ctx.counters.failed(blame.category.value)
            outcome = Outcome.failed(
                blame.category,
                target=self.target,
                phase=blame.phase,
                response_time=ctx.timer() - self.began,
                retry_after=blame.retry_after,
                parameterised=self.route.parameterised,
            )
            ctx.fleet.record(proxy_id, outcome, ctx.clock())
        ctx.fleet.end(proxy_id, self.target)

    def may_try_again(self, besides: int = 0) -> bool:
        """Whether another attempt is allowed, and then it is paid for; `besides` are attempts that are not booked yet."""
        ctx, rules = self.ctx, self.ctx.settings.failover
        now = ctx.timer()
        return self.attempts + besides < rules.attempts and now - self.started < rules.window and ctx.budget.take(now)

    def drop_upstream(self) -> None:
        """The connection is of no further use."""
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.disown()

    def client_lost(self) -> None:
        """The client went away: stop, and blame nobody."""
        self.stop_dialing()
        self.over()
        if self.proxy_id:
            self.ctx.counters.client_aborts += 1
            self.book(CLIENT_GONE)


async def resolved(ctx: Context, authority: Authority, *, ipv6: bool) -> str:
    """An address of the target that may be reached, where names are resolved here (SPEC rule 17). Raises `NoTunnel`."""
    host, port = authority
    try:
        found = await ctx.dialer.addresses(host)
    except Unresolved:
        raise NoTunnel(TARGET_UNRESOLVED) from None
    usable = [address for address in found if ipv6 or ":" not in address]
    refusals = [ctx.places.policy.judge(address, port) for address in usable]
    for address, refusal in zip(usable, refusals, strict=True):
        if refusal is None:
            return address
    raise NoTunnel(Blame(None, Phase.HANDSHAKE, refusals[0]) if refusals and refusals[0] else TARGET_UNRESOLVED)
