"""Something that stands between a plain transport and a protocol: a protocol towards the one, a transport towards the other.

Passes everything on as it is; subclasses change what they are for. Works over any transport.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from proxyfleet.gateway.connection import ClientConnection


class Layer(asyncio.Protocol, asyncio.Transport):
    """Between a client's connection and its transport so far."""

    def __init__(self, client: ClientConnection) -> None:
        super().__init__()
        self._below = client.transport
        self._above: asyncio.Protocol = client
        self._client = client

    def slip_in(self) -> None:
        """From now on everything passes here."""
        self._below.set_protocol(self)
        self._client.transport = self

    # Towards the socket.

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        self._above.data_received(data)

    def eof_received(self) -> bool | None:
        """The client has said all it will."""
        return self._above.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._above.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._above.resume_writing()

    # Towards the protocol.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        self._below.write(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send all of them."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Send what is left, then end."""
        self._below.close()

    def abort(self) -> None:
        """End now."""
        self._below.abort()

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._below.is_closing()

    def can_write_eof(self) -> bool:
        """Whether one direction can end alone."""
        return self._below.can_write_eof()

    def write_eof(self) -> None:
        """Nothing more will be sent."""
        self._below.write_eof()

    def pause_reading(self) -> None:
        """Nothing more is wanted for now."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Go on."""
        self._below.resume_reading()

    def is_reading(self) -> bool:
        """Whether bytes are delivered."""
        return self._below.is_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Somebody else gets the bytes from now on."""
        self._above = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who gets the bytes."""
        return self._above

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Of the socket; `Any` is asyncio's own."""
        return self._below.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Of the socket."""
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Of the socket: bytes that wait."""
        return self._below.get_write_buffer_size()
