"""One CONNECT: a new connection to an upstream HTTP proxy, its CONNECT, and then two transports glued together.

Until the proxy has said 2xx nothing of the client is sent to it, and another proxy may be tried. After that the bytes
are nobody's business; each side that reads slowly slows the other one down.
"""

import asyncio
from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Outcome
from proxyfleet.gateway.blame import TUNNEL_CLOSED, TUNNEL_GARBAGE, TUNNEL_TIMEOUT, of_connect
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.places import Place
from proxyfleet.gateway.upstream import UpstreamConnection
from proxyfleet.wire.forward import connect_request
from proxyfleet.wire.http1_head import HeadError, parse_response

if TYPE_CHECKING:
    from proxyfleet.gateway.client import ClientConnection

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"


class TunnelErrand(Errand):
    """The way to an open tunnel."""

    _interim = 0

    def __init__(self, ctx: Context, client: "ClientConnection", place: Place) -> None:
        super().__init__(ctx, client, place.authority.host)
        self._place = place

    def speak(self, upstream: UpstreamConnection) -> None:
        """Ask the proxy for the tunnel."""
        self.client.deadline = self.ctx.timer() + self.ctx.timers.connect_reply
        upstream.transport.write(connect_request(self._place.wire, self.route.request_lines))

    def answered(self, data: bytes) -> None:
        """The proxy's answer to the CONNECT."""
        upstream = self.upstream
        assert upstream is not None  # noqa: S101 - an owner has its connection
        try:
            while (raw := upstream.reader.feed(data)) is not None:
                data = upstream.reader.rest
                head = parse_response(raw, self.ctx.response_names, self.ctx.limits.head)
                if head.status >= 200:
                    break
                self._interim += 1
                if self._interim > self.ctx.limits.interim_answers:
                    raise HeadError(502, "unexpected_interim_answer")
        except HeadError:
            self.failed(TUNNEL_GARBAGE, again=True)
            return
        if raw is None:
            return
        if head.status < 300:
            self._establish(upstream, data)
        else:
            self.failed(of_connect(head, data), again=True)

    def _establish(self, upstream: UpstreamConnection, rest: bytes) -> None:
        """From here on it is a tunnel. Bytes that the client sent early go first."""
        ctx, client = self.ctx, self.client
        outcome = Outcome.succeeded(ctx.timer() - self.began, self.target)
        ctx.fleet.record(self.proxy_id, outcome, ctx.clock())
        client.write(ESTABLISHED + self.route.tunnel_lines + b"\r\n" + rest)
        early = client.take_held()
        if early:
            upstream.transport.write(early)
        client.errand = None
        upstream.owner = None
        Tunnel(self, client, upstream)

    def upstream_lost(self) -> None:
        """Closed without an answer."""
        self.upstream = None
        self.failed(TUNNEL_CLOSED, again=True)

    def overdue(self) -> None:
        """The proxy's answer took too long."""
        self.failed(TUNNEL_TIMEOUT, again=True)

    def refuse(self, code: str, extra: bytes = b"") -> None:
        """Answer and close at once: what the client sent early must not be read as a request (RFC 9931)."""
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
        """This end has said all it will; the other may go on."""
        self.finished = True
        return self._tunnel.half_closed(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """One end gone is a tunnel gone."""
        self._tunnel.ended(self)


class Tunnel:
    """Two sides, watched for idleness by the bytes they have moved. In flight on its proxy until it ends."""

    __slots__ = ("_client", "_ctx", "_proxy_id", "_quiet_since", "_seen", "_target", "deadline", "down", "open", "up")

    def __init__(self, errand: TunnelErrand, client: "ClientConnection", upstream: UpstreamConnection) -> None:
        ctx = self._ctx = errand.ctx
        self._client = client
        self._proxy_id = errand.proxy_id
        self._target = errand.target
        self.open = True
        self._seen = 0
        self._quiet_since = ctx.timer()
        self.deadline = self._quiet_since + ctx.timers.tunnel_idle / 8
        self.up = Side(self, client.transport, upstream.transport)
        self.down = Side(self, upstream.transport, client.transport)
        client.transport.set_protocol(self.up)
        upstream.transport.set_protocol(self.down)
        ctx.live.discard(client)
        ctx.live.add(self)
        ctx.counters.tunnels_open += 1

    def half_closed(self, side: Side) -> bool:
        """Tell the other end. True keeps this one open for what still comes back."""
        if self.up.finished and self.down.finished:
            self.close()
            return False
        self.deadline = min(self.deadline, self._ctx.timer() + self._ctx.timers.half_close)
        if side.there.can_write_eof():
            side.there.write_eof()
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
        self._ctx.fleet.end(self._proxy_id, self._target)
        self._ctx.live.discard(self)
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
        elif now - self._quiet_since >= idle:
            self.abort()
            return
        self.deadline = now + idle / 8
