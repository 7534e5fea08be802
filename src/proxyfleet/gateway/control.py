"""`GET /livez` and `GET /readyz` on a port of their own, for supervisors and load balancers (SPEC G3). Nothing else is
answered.

Live: the loop turns. Ready: new connections are accepted. Neither says anything about the fleet.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from proxyfleet.wire.http1_head import HeadError, HeadLimits, HeadReader, parse_request, request_names

LIMITS = HeadLimits(line=1024, block=8192, fields=50)


class ControlConnection(asyncio.Protocol):
    """One request, one answer, closed. `ready` says whether new connections are accepted."""

    __slots__ = ("_reader", "_ready", "_transport")

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._reader = HeadReader(LIMITS)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A supervisor."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer a complete head; whatever follows is not read."""
        try:
            raw = self._reader.feed(data)
            if raw is None:
                return
            head = parse_request(raw, request_names(), LIMITS)
            status, text = self._answer(head.method, head.target.partition(b"?")[0])
        except HeadError as error:
            status, text = error.status, "Bad Request"
        body = b"" if status == 200 and raw is not None and raw.startswith(b"HEAD ") else f"{text}\n".encode()
        fields = f"Content-Type: text/plain\r\nContent-Length: {len(text) + 1}\r\nCache-Control: no-store\r\nConnection: close"
        self._transport.write(f"HTTP/1.1 {status} {text}\r\n{fields}\r\n\r\n".encode() + body)
        self._transport.close()

    def _answer(self, method: bytes, path: bytes) -> tuple[int, str]:
        if method not in (b"GET", b"HEAD"):
            return 405, "Method Not Allowed"
        if path == b"/livez":
            return 200, "live"
        if path == b"/readyz":
            return (200, "ready") if self._ready() else (503, "draining")
        return 404, "Not Found"
