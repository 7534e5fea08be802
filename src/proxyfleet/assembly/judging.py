"""A judge of one's own: an HTTP port that answers every GET with what it saw of it. It knows no fleet and keeps nothing.

One request per connection; strangers may ask, so that connections, heads and patience are bounded.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from proxyfleet.gateway.errors import CannotListen
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.wire.http1_head import HeadError, HeadLimits, HeadReader, parse_request, request_names
from proxyfleet.wire.judge import echo

LIMITS: Final = HeadLimits(line=4096, block=16_384, fields=100)
PATIENCE: Final = 10.0
"""Seconds for a head to arrive and the answer to leave."""
MOST_CONNECTIONS: Final = 1_000


class JudgeConnection(asyncio.Protocol):
    """`live` are all connections of this judge."""

    def __init__(self, live: "set[asyncio.Transport]") -> None:
        self._live = live
        self._reader: HeadReader | None = HeadReader(LIMITS)
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody asks; the crowd above the limit is sent away."""
        self._transport = cast(asyncio.Transport, transport)
        self._live.add(self._transport)
        self._deadline = asyncio.get_running_loop().call_later(PATIENCE, self._transport.abort)
        if len(self._live) > MOST_CONNECTIONS:
            self._transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        """It is over."""
        self._live.discard(self._transport)
        if self._deadline is not None:
            self._deadline.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer a complete head; whatever follows is not read."""
        if self._reader is None:
            return
        try:
            raw = self._reader.feed(data)
            if raw is None:
                return
            head = parse_request(raw, request_names(), LIMITS)
        except HeadError as error:
            self._send("400 Bad Request", f"{error.code}\n".encode(), "text/plain")
            return
        if head.method not in (b"GET", b"HEAD"):
            self._send("405 Method Not Allowed", b"only GET\n", "text/plain")
            return
        client = client_of(self._transport)
        self._send("200 OK", echo(head, client), "application/json", bodiless=head.method == b"HEAD")

    def _send(self, status: str, body: bytes, media: str, *, bodiless: bool = False) -> None:
        self._reader = None
        fields = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close"
        self._transport.write(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + body * (not bodiless))
        self._transport.close()


def client_of(transport: asyncio.Transport) -> str:
    """The address of whoever is at the other end, IPv4 as such; empty when that is not known any more."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]).partition("%")[0].removeprefix("::ffff:") if peer else ""


@asynccontextmanager
async def judge_running(listen: Address) -> AsyncIterator[str]:
    """Its URL while it answers. Raises `CannotListen`."""
    live: set[asyncio.Transport] = set()
    try:
        server = await asyncio.get_running_loop().create_server(lambda: JudgeConnection(live), *listen)
    except (OSError, OverflowError) as error:
        cause = f"the judge cannot listen on {address_text(listen)} ({error.__class__.__name__})"
        raise CannotListen(cause, "choose another address by --listen") from None
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{address_text((str(host), int(port)))}"
    finally:
        server.close()
        for transport in list(live):
            transport.abort()
