"""A lab proxy's connection to a target: writes down who it is, then hands bytes to the client's side.

The only file of the lab's proxies that dials: literal loopback addresses and nothing else, whatever it is asked.
"""

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from .passages import Passage, Passages, Peer

if TYPE_CHECKING:
    from .client import ClientSide


@dataclass(frozen=True, slots=True)
class Route:
    """Where to, and from which source address (None: any); connections are reused for an equal route."""

    host: str
    port: int
    exit: str | None = None
    session: str | None = None


class Outbound(asyncio.Protocol):
    """Belongs to one client connection until either end closes or the client wants another route."""

    def __init__(self, near: "ClientSide", route: Route, passages: Passages) -> None:
        self.near: ClientSide | None = near
        self.route = route
        self._passages = passages
        self._passage = Passage(near.proxy.name, route.exit, route.session)
        self._source: Peer = ("", 0)
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._source = transport.get_extra_info("sockname")[:2]
        self._passages.opened(self._source, self._passage)
        if self.near is None:
            self.transport.abort()
        else:
            self.near.reached(self)

    def data_received(self, data: bytes) -> None:
        near = self.near
        if near is None:
            return
        if near.gate is None:
            near.transport.write(data)
        else:
            near.gate.pass_on(data, self.transport)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self._passages.closed(self._source, self._passage)
        near, self.near = self.near, None
        if near is not None:
            near.far_side_closed()

    def pause_writing(self) -> None:
        if self.near is not None:
            self.near.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.near is not None:
            self.near.transport.resume_reading()

    def let_go(self) -> None:
        """The client has no more use for this connection."""
        self.near = None
        self.transport.close()


async def dial(near: "ClientSide", route: Route, passages: Passages) -> None:
    """Connect, then call `near.reached`. Raises OSError, and PermissionError for what is not a loopback address."""
    if not ip_address(route.host).is_loopback:
        raise PermissionError(f"the lab never leaves this machine; {route.host} is not loopback")
    source = None if route.exit is None else (route.exit, 0)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: Outbound(near, route, passages), route.host, route.port, local_addr=source)
