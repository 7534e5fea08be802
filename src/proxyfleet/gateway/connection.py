"""One client's connection, as far as HTTP and SOCKS are alike: what may wait, what may be sent, when it is over.

Knows neither protocol. Whoever reads one says what a refusal and an open tunnel look like in it.
"""

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING

from proxyfleet.gateway.access import Visitor
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.door import peer_host
from proxyfleet.gateway.terms import Terms
from proxyfleet.wire.http1_head import HeadError

if TYPE_CHECKING:
    from proxyfleet.gateway.errand import Errand
    from proxyfleet.gateway.routes import Route

FIRST, READING, CHECKING, CLOSING, LINGERING = range(5)
"""Before the first byte; reading a request; credentials are being verified; the end is near; only draining."""


NOBODY = Visitor(None)
ARRIVING = 0.5
"""Seconds that a request which has begun to arrive has left when the gateway ends."""


class ClientConnection(asyncio.Protocol):
    """`deadline` is in timer seconds and belongs to whatever the connection is doing. `errand` is the request under
    way.

    `blocked`: the client does not read what it is sent. `terms` are those of the request under way.
    """

    __slots__ = (
        "_ctx",
        "_held",
        "_key",
        "_paused",
        "_state",
        "_visitor",
        "blocked",
        "deadline",
        "errand",
        "terms",
        "transport",
    )

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._held: bytearray | None = None
        self._key = ""
        self._paused = False
        self._state = FIRST
        self._visitor = NOBODY
        self.terms = ctx.terms.plain
        self.blocked = False
        self.deadline = ctx.timer() + ctx.timers.first_byte
        self.errand: Errand | None = None
        self.transport: asyncio.Transport

    @property
    def user(self) -> str:
        """Whose it is; empty where there are no users."""
        user = self.terms.user
        return "" if user is None else user.name

    # What the protocols say.

    @abstractmethod
    def refuse(self, code: str, *, extra: bytes = b"", bodiless: bool = False, linger: bool = True) -> None:
        """Answer in our own name and end. `linger` False: without reading on, as RFC 9931 demands of a refused tunnel."""

    @abstractmethod
    def tunnel_opened(self, route: "Route", rest: bytes) -> None:
        """Tell the client that its tunnel stands; `rest` is what the target has said already."""

    @abstractmethod
    def late(self) -> None:
        """The deadline has passed while the client was expected to say something."""

    def finished(self, now: float, *, keep: bool) -> None:  # noqa: ARG002 - who keeps connections overrides it
        """The errand has answered in full, at `now` of the timer."""
        self.errand = None
        self.close()

    # The connection.

    def take_over(self, other: "ClientConnection") -> None:
        """Go on with the connection of `other`, which turned out to speak something else."""
        self._key, other._key = other._key, ""
        self.transport, self.blocked = other.transport, other.blocked
        self._ctx.live.discard(other)
        self._ctx.live.add(self)
        self.transport.set_protocol(self)

    def terms_of(self, visitor: Visitor) -> Terms:
        """On which terms this visitor is served here. Raises `HeadError` 400, or 403 for an address it may not come from."""
        terms = self._ctx.terms.of(*visitor)
        if terms.networks and not terms.serve(peer_host(self.transport.get_extra_info("peername"))):
            raise HeadError(403, "client_not_allowed")
        return terms

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client is gone, or we have closed."""
        self._state = CLOSING
        errand, self.errand = self.errand, None
        if errand is not None:
            errand.client_lost()
        self.left()

    def left(self) -> None:
        """No longer counted: the connection has ended, or with it the tunnel that took it over."""
        if self._key:
            self._ctx.leave(self, self._key)
            self._key = ""

    def pause_writing(self) -> None:
        """The client reads slower than the proxy sends."""
        self.blocked = True
        if self.errand is not None and self.errand.upstream is not None:
            self.errand.upstream.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.blocked = False
        if self.errand is not None and self.errand.upstream is not None:
            self.errand.upstream.transport.resume_reading()

    def pause_reading(self) -> None:
        """What the client sends has to wait."""
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """What the client sends is wanted again."""
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    def hold(self, data: bytes) -> None:
        """Keep bytes that cannot be used yet; beyond the limit the client has to wait."""
        if not data:
            return
        if self._held is None:
            self._held = bytearray()
        self._held += data
        if len(self._held) > self._ctx.limits.held:
            self.pause_reading()

    def take_held(self) -> bytes:
        """What was kept; reading goes on."""
        held, self._held = self._held, None
        self.resume_reading()
        return b"" if held is None else bytes(held)

    def write(self, data: bytes) -> None:
        """Bytes to the client."""
        self._ctx.counters.sent += len(data)
        self.transport.write(data)

    # Endings.

    def _end(self, *, linger: bool) -> None:
        if not linger or self._state == CLOSING:
            self.close()
            return
        self._state = LINGERING
        self.deadline = self._ctx.timer() + self._ctx.timers.linger
        self._held = None
        self.transport.write_eof()
        self.resume_reading()

    def close(self) -> None:
        """Send what is left and close."""
        self._state = CLOSING
        self.deadline = self._ctx.timer() + self._ctx.timers.body_idle
        self.transport.close()

    def abort(self) -> None:
        """End now, with a reset if bytes are left: the client must not take half an answer for a whole one."""
        self._state = CLOSING
        self.transport.abort()

    @property
    def arriving(self) -> bool:
        """Whether a request is on its way to us, as far as can be known."""
        return self._state == FIRST

    def drain(self) -> None:
        """No further request; one under way may finish, and one that is just arriving is still served."""
        if self.errand is not None or self._state > READING:
            return
        if self.arriving:
            self.deadline = min(self.deadline, self._ctx.timer() + ARRIVING)
        else:
            self.close()

    def expired(self) -> None:
        """The deadline of the present step has passed."""
        if self.errand is not None:
            self.errand.expired()
        elif self._state == READING:
            self.late()
        elif self._state in (FIRST, LINGERING):
            self.close()
        else:
            self.abort()
