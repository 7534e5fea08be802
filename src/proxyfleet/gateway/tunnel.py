"""One CONNECT or SOCKS request: a new connection through an upstream proxy, and then two transports glued together.

Until the proxy has agreed nothing of the client is sent to it, and another proxy may be tried. After that the bytes are
nobody's business; each side that reads slowly slows the other one down.
"""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Outcome
from proxyfleet.gateway.bound import ask_of
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.patience import judge
from proxyfleet.gateway.upstream import UpstreamConnection, UpstreamTunnel
from proxyfleet.ports.bonds import SessionAsk

if TYPE_CHECKING:
    from proxyfleet.gateway.connection import ClientConnection


class TunnelErrand(Errand):
    """The way to an open tunnel; asking the proxy for it is the connection's own affair."""

    def new_upstream(self) -> UpstreamConnection:
        """A connection that opens the tunnel."""
        return UpstreamTunnel(self.ctx, self.route, self, self.place.authority)

    def speak(self, upstream: UpstreamConnection) -> None:
        """From here on it is a tunnel. Bytes that the client sent early go first."""
        ctx, client = self.ctx, self.client
        took = ctx.timer() - self.began
        ctx.fleet.record(self.proxy_id, Outcome.succeeded(took, self.target), ctx.clock())
        if took > self.place.slow:
            ctx.places.slower(self.place, took)
        if self.suspects:
            judge(self, took)
        client.tunnel_opened(self.route, upstream.rest)
        early = client.take_held()
        if early:
            upstream.transport.write(early)
        client.errand = None
        upstream.owner = None
        tunnel = Tunnel(self, client, upstream)
        if self.leaving:
            tunnel.take_on(self)

    def answered(self, data: bytes) -> None:
        """Never: what comes after the handshake belongs to the tunnel."""

    def upstream_lost(self) -> None:
        """Never, for the same reason."""

    def overdue(self) -> None:
        """Never: until the tunnel stands, its connection is being made."""

    def refuse(self, code: str, extra: bytes = b"") -> None:
        """Answer and close at once: what the client sent early must not be read as a request (RFC 9931)."""
        self.over()
        self.client.refuse(code, extra=extra, linger=False)


class Side(asyncio.Protocol):
    """One end of a tunnel: what it receives goes to `there`."""

    __slots__ = ("_tunnel", "_write", "finished", "here", "moved", "there")

    def __init__(self, tunnel: "Tunnel", here: asyncio.Transport, there: asyncio.Transport) -> None:
        self._tunnel = tunnel
        self._write = there.write
        self.here = here
        self.there = there
        self.moved = 0
        self.finished = False

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        self.moved += len(data)
        self._write(data)

    def pause_writing(self) -> None:
        """This end does not keep up: read no more from the other."""
        self.there.pause_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        self.there.resume_reading()

    def eof_received(self) -> bool:
        """This end has said all it will; the other may go on, unless this one is TLS, which ends as a whole."""
        if not self.here.can_write_eof():
            return False
        self.finished = True
        return self._tunnel.half_closed(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """One end gone is a tunnel gone."""
        self._tunnel.ended(self)


class Tunnel:
    """Two sides, watched for idleness by the bytes they have moved. In flight on its proxy until it ends."""

    __slots__ = (
        "_client", "_ctx", "_dies", "_keep", "_leaving", "_quiet_since", "_seen",
        "deadline", "down", "open", "proxy_id", "target", "up",
    )  # fmt: skip

    def __init__(self, errand: TunnelErrand, client: "ClientConnection", upstream: UpstreamConnection) -> None:
        ctx = self._ctx = errand.ctx
        self._client = client
        self.proxy_id = errand.proxy_id
        self.target = errand.target
        self._leaving: tuple[Callable[[], None], ...] = ()
        self._keep: SessionAsk | None = None
        self.open = True
        self._seen = 0
        self._quiet_since = ctx.timer()
        self._dies = self._quiet_since + (ctx.timers.tunnel_life or math.inf)
        self.deadline = min(self._quiet_since + ctx.timers.tunnel_idle / 8, self._dies)
        self.up = Side(self, client.transport, upstream.transport)
        self.down = Side(self, upstream.transport, client.transport)
        client.transport.set_protocol(self.up)
        upstream.transport.set_protocol(self.down)
        ctx.live.discard(client)
        ctx.live.add(self)
        ctx.counters.tunnels_open += 1

    @property
    def user(self) -> str:
        """Whose it is; empty where there are no users."""
        return self._client.user

    def take_on(self, errand: TunnelErrand) -> None:
        """What the errand has to give back at its end is given back at the end of the tunnel.

        It lives no longer than the lease that it travels under, and keeps a session alive while bytes flow.
        """
        self._leaving, errand.leaving = errand.leaving, ()
        ties, bound, terms = self._ctx.ties, errand.bound, errand.terms
        if ties is None or bound is None or bound.bond is None:
            return
        token = bound.bond.token
        ties.tie(token, self)
        bound.let_go()
        self._leaving = (*self._leaving, partial(ties.untie, token, self))
        if terms.session is not None:
            self._keep = ask_of(terms)
            self.deadline = min(self.deadline, self._quiet_since + terms.ttl / 4)

    def half_closed(self, side: Side) -> bool:
        """Tell the other end. True keeps this one open for what still comes back."""
        if self.up.finished and self.down.finished:
            self.close()
            return False
        self.deadline = min(self.deadline, self._ctx.timer() + self._ctx.timers.half_close)
        if side.there.can_write_eof():
            side.there.write_eof()
        elif side is self.down:
            # A client over TLS learns of the target's end by the end of everything.
            self.close()
            return False
        return True

    def ended(self, side: Side) -> None:
        """The first end that is lost closes the other, after what is still to be sent."""
        if not self.open:
            return
        self.open = False
        counters = self._ctx.counters
        counters.tunnels_open -= 1
        counters.received += self.up.moved
        counters.sent += self.down.moved
        side.there.close()
        self._ctx.fleet.end(self.proxy_id, self.target)
        self._ctx.live.discard(self)
        for leave in self._leaving:
            leave()
        self._client.left()

    def close(self) -> None:
        """End both sides after what is still to be sent."""
        self.up.here.close()
        self.down.here.close()

    def abort(self) -> None:
        """End now."""
        self.up.here.abort()
        self.down.here.abort()

    def drain(self) -> None:
        """A tunnel is a request under way: it goes on until the grace is over."""

    def expired(self) -> None:
        """Look whether anything has moved since the last look."""
        now = self._ctx.timer()
        timers = self._ctx.timers
        idle = timers.half_close if self.up.finished or self.down.finished else timers.tunnel_idle
        moved = self.up.moved + self.down.moved
        if moved != self._seen:
            self._seen = moved
            self._quiet_since = now
            if self._keep is not None and self._ctx.ties is not None:
                self._ctx.ties.bonds.find(self._keep)
        elif now - self._quiet_since >= idle:
            self.abort()
            return
        if now >= self._dies:
            self.close()
            self._dies = math.inf
        look = idle / 8
        self.deadline = min(now + (look if self._keep is None else min(look, self._keep.ttl / 4)), self._dies)
