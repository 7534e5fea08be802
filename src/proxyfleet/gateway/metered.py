"""The connections of users whose bytes are limited: counted in both directions, and slowed down to what there is.

Exists for such users only; everybody else's bytes do not come here.
"""

from proxyfleet.gateway.connection import ClientConnection
from proxyfleet.gateway.layer import Layer
from proxyfleet.gateway.metering import Meter


class MeterLayer(Layer):
    """Counts the bytes of one connection, and holds both directions up while its user has used up what there was."""

    def __init__(self, client: ClientConnection, meter: Meter) -> None:
        super().__init__(client)
        self._meter = meter
        self._full = self._paused = self._slow = False

    @classmethod
    def over(cls, client: ClientConnection, meter: Meter) -> None:
        """See that the bytes of this connection are counted for `meter` from now on."""
        transport = client.transport
        if isinstance(transport, MeterLayer):
            transport.change(meter)
        else:
            cls(client, meter).slip_in()

    def change(self, meter: Meter) -> None:
        """Another user goes on with the connection."""
        if meter is not self._meter:
            self._meter.slowed.discard(self)
            if self._slow:
                self.go_on()
            self._meter = meter

    def _count(self, size: int) -> None:
        meter = self._meter
        meter.moved += size
        if meter.bytes is not None:
            meter.bytes.take(size)
            if not self._slow and meter.bytes.overdrawn:
                self._slow = True
                meter.slowed.add(self)
                self._below.pause_reading()
                if not self._full:
                    self._above.pause_writing()

    def go_on(self) -> None:
        """There is something again."""
        if self._below.is_closing():
            return
        self._slow = False
        if not self._paused:
            self._below.resume_reading()
        if not self._full:
            self._above.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Count, and pass on."""
        self._count(len(data))
        self._above.data_received(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Count, and send."""
        self._below.write(data)
        self._count(len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._meter.slowed.discard(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._full = True
        if not self._slow:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._full = False
        if not self._slow:
            self._above.resume_writing()

    def pause_reading(self) -> None:
        """Nothing more is wanted for now."""
        self._paused = True
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Go on, unless there is nothing left to use."""
        self._paused = False
        if not self._slow:
            self._below.resume_reading()
