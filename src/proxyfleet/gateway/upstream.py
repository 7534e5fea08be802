"""One connection to an upstream proxy. It reads nothing itself: bytes and endings go to the errand that owns it, or to
the pool.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from proxyfleet.gateway.routes import Route
from proxyfleet.wire.http1_head import HeadReader

if TYPE_CHECKING:
    from proxyfleet.gateway.context import Context
    from proxyfleet.gateway.errand import Errand


class UpstreamConnection(asyncio.Protocol):
    """`owner` is the errand being run, None while idle; `used` says that it has carried an answer before."""

    __slots__ = ("_ctx", "owner", "reader", "route", "transport", "used")

    def __init__(self, ctx: "Context", route: Route, owner: "Errand") -> None:
        self._ctx = ctx
        self.route = route
        self.owner: Errand | None = owner
        self.used = False
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

    def disown(self) -> None:
        """The errand has no more use for it, and it must not be used again."""
        self.owner = None
        self.transport.abort()

    def close(self) -> None:
        """Close an idle connection."""
        self.transport.close()
