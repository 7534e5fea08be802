"""One connection to an upstream proxy: plain, or with a tunnel to be opened first. Besides that handshake it reads
nothing itself: bytes and endings go to the errand that owns it, or to the pool.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from proxyfleet.gateway.blame import TUNNEL_CLOSED, Blame
from proxyfleet.gateway.handshake import Handshake, NoTunnel, handshake
from proxyfleet.gateway.routes import Route
from proxyfleet.gateway.usual import UsualAnswer
from proxyfleet.wire.authority import Authority
from proxyfleet.wire.http1_head import HeadReader

if TYPE_CHECKING:
    from proxyfleet.gateway.context import Context
    from proxyfleet.gateway.errand import Errand


class UpstreamConnection(asyncio.Protocol):
    """`owner` is the errand being run, None while idle; `used` says that it has carried an answer before.

    `rest` are bytes that came before anybody listened. `seen` is the head of its last answer, `usual` one that came twice.
    """

    __slots__ = ("_ctx", "owner", "reader", "route", "seen", "transport", "used", "usual")
    rest = b""

    def __init__(self, ctx: "Context", route: Route, owner: "Errand") -> None:
        self._ctx = ctx
        self.route = route
        self.owner: Errand | None = owner
        self.used = False
        self.seen = b""
        self.usual: UsualAnswer | None = None
        self.reader = HeadReader(ctx.limits.head)
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The dial succeeded; its errand may be gone already."""
        self.transport = cast(asyncio.Transport, transport)
        if self.owner is None:
            self.transport.abort()
            return
        self._ctx.bound_writes(self.transport)
        self.owner.connected(self)

    def data_received(self, data: bytes) -> None:
        """Bytes that nobody asked for end an idle connection: whose answer would they be?"""
        if self.owner is None:
            self.transport.abort()
        else:
            self.owner.answered(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Ended by the proxy, by the network or by us."""
        owner, self.owner = self.owner, None
        if owner is None:
            self._ctx.routes.lost(self)
        else:
            owner.upstream_lost()

    def pause_writing(self) -> None:
        """The proxy takes the request slower than the client sends it."""
        if self.owner is not None:
            self.owner.client.pause_reading()

    def resume_writing(self) -> None:
        """The proxy has caught up."""
        if self.owner is not None:
            self.owner.client.resume_reading()

    def remember(self, raw: bytes, start: bytes, length: int) -> None:
        """An answer's head `raw` was passed on as `start`, with so many bytes of body. Kept once it has come twice."""
        if raw == self.seen:
            self.usual = UsualAnswer(raw, start, length)
        self.seen = raw

    def disown(self) -> None:
        """The errand has no more use for it, and it must not be used again."""
        self.owner = None
        self.transport.abort()

    def give_up(self) -> None:
        """It is not wanted any more before it was of use; a dial that still succeeds finds no owner."""
        self.owner = None

    def close(self) -> None:
        """Close an idle connection."""
        self.transport.close()


class UpstreamTunnel(UpstreamConnection):
    """A connection that is of use only once the proxy has opened a tunnel to `authority` through it.

    `host` is what the proxy is asked for: the name, or an address where names are resolved here. `shaking` is the
    handshake under way.
    """

    __slots__ = ("authority", "host", "rest", "shaking")

    def __init__(self, ctx: "Context", route: Route, owner: "Errand", authority: Authority) -> None:
        super().__init__(ctx, route, owner)
        self.authority = authority
        self.host = authority.host
        self.shaking: Handshake | None = None
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the tunnel."""
        self.transport = cast(asyncio.Transport, transport)
        owner, ctx = self.owner, self._ctx
        if owner is None:
            self.transport.abort()
            return
        ctx.bound_writes(self.transport)
        try:
            self.shaking = handshake(self.route, self.authority, self.host, ctx.response_names, ctx.limits.head)
        except NoTunnel as no:
            self._no_tunnel(no.blame)
            return
        owner.shaking_hands()
        self.transport.write(self.shaking.start)

    def data_received(self, data: bytes) -> None:
        """The proxy's answers, then whatever the owner reads."""
        shaking, owner = self.shaking, self.owner
        if shaking is None or owner is None:
            super().data_received(data)
            return
        try:
            answer = shaking.feed(data)
        except NoTunnel as no:
            self._no_tunnel(no.blame)
            return
        if answer:
            self.transport.write(answer)
        if shaking.open:
            self.shaking, self.rest = None, shaking.rest
            owner.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """During the handshake it is the proxy that refuses without a word."""
        if self.shaking is not None and self.owner is not None:
            self._no_tunnel(TUNNEL_CLOSED)
        else:
            super().connection_lost(exc)

    def _no_tunnel(self, blame: Blame) -> None:
        owner, self.owner = self.owner, None
        self.transport.abort()
        if owner is not None:
            owner.not_connected(blame)

    def give_up(self) -> None:
        """Also when the connection stands and the tunnel does not."""
        if self.owner is not None and self.shaking is not None:
            self.transport.abort()
        self.owner = None
