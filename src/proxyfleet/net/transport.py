"""A transport for plain TCP on a socket of our own, with the interface and the manners of asyncio's.

It saves what the loops spend per connection: names of both ends, a future and a task per dial, a callback per event. Writes
go to the socket at once; what does not fit waits in a buffer, and the protocol is told to pause above its limit.

Traps that the tests hold: epoll reports a hang-up even where nothing is asked for, so a connection that wants nothing is out
of the epoll, not in it with an empty mask; a connection whose other side has finished stays open for writing;
`connection_lost` is never called from inside a call of the protocol.
"""

import asyncio
import socket
from collections import deque
from contextlib import suppress
from itertools import islice
from typing import Any

from proxyfleet.net.poller import IN, OUT, Poller

USUAL_READ, LARGE_READ = 65_536, 262_144
"""Bytes per read; the large one once the usual one came back full: each read is a system call, and bulk is many of them."""
HIGH_WATER = 65_536
SMALL = 16_384
"""Larger pieces go to the socket at once: there is nothing to gain by holding them back."""
AT_ONCE = 16
"""Pieces of the buffer that go out in one system call."""
NOW = getattr(socket, "MSG_DONTWAIT", 0)
EXPECTED = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError, TimeoutError)
"""Errors that connections end by; others are told to the loop's exception handler, as the loops do."""
NOBODY = asyncio.Protocol()


class SocketTransport(asyncio.Transport):
    """`peer` is the answer to `get_extra_info("peername")`. The socket need not be non-blocking. `begin` starts it."""

    __slots__ = (
        "_buffer", "_closing", "_corked", "_ended", "_eof", "_events", "_fd", "_high", "_lost", "_low", "_paused", "_peer",
        "_poller", "_protocol", "_read_size", "_reading", "_size", "_sock", "_unread", "_waiting", "_why",
    )  # fmt: skip

    def __init__(self, poller: Poller, sock: socket.SocketType, protocol: asyncio.BaseProtocol, peer: object) -> None:
        self._poller = poller
        self._sock = sock
        self._fd = sock.fileno()
        self._protocol: Any = protocol  # Any: a BaseProtocol, as asyncio says, has none of the methods called here
        self._peer = peer
        self._buffer: deque[bytes | memoryview] = NOTHING
        self._size = 0
        self._corked = b""
        """What was written in this round of the poller."""
        self._unread: bytes | None = None
        """What was read and not delivered yet; empty for the end."""
        self._events = 0
        self._read_size = USUAL_READ
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._reading = True
        """False once the other side has finished."""
        self._paused = self._waiting = self._closing = self._eof = self._lost = False
        self._ended = False
        """Finished with writing, or lost."""
        self._why: Exception | None = None

    def begin(self, watched: int = 0) -> None:
        """Connect the protocol, then read. `watched`: events that the poller was asked for on this descriptor before."""
        self._events = watched
        try:
            self._protocol.connection_made(self)
        except Exception as error:  # noqa: BLE001 - as the loops do
            self._fail(error, "connection_made")
        else:
            self._adjust()

    # What the poller calls.

    def ready(self, events: int) -> bool:
        """Something can be read or written, or the connection was hung up, which reading or writing will find out."""
        if events != IN:
            if self._buffer and events & ~IN:
                self._flush()
            if self._lost or not (self._events & IN and events & ~OUT):
                return False
        if self._unread is not None:
            return True
        try:
            self._unread = data = self._sock.recv(self._read_size, NOW)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._fail(error, "recv")
            return False
        if len(data) == self._read_size:
            self._read_size = LARGE_READ
        return True

    def deliver(self) -> None:
        """What was read; nothing where the protocol has paused or closed meanwhile."""
        data = self._unread
        if data is None or self._paused or self._closing:
            return
        self._unread = None
        try:
            if data:
                self._protocol.data_received(data)
            else:
                self._reading = False
                if self._protocol.eof_received():
                    self._adjust()
                else:
                    self.close()
        except Exception as error:  # noqa: BLE001 - as the loops do
            self._fail(error, "data_received" if data else "eof_received")

    def _adjust(self) -> None:
        """Ask the poller for what is wanted now, or leave it: a hang-up would be told for ever to who cannot act on it."""
        if self._lost:
            return
        wanted = IN if self._reading and not self._paused and not self._closing else 0
        if self._buffer:
            wanted |= OUT
        if wanted == self._events:
            return
        if not wanted:
            self._poller.ignore(self._fd)
        elif self._events:
            self._poller.change(self._fd, wanted)
        else:
            self._poller.watch(self._fd, wanted, self)
        self._events = wanted

    # Reading.

    def pause_reading(self) -> None:
        """No `data_received` from now on."""
        if not self._paused and not self._closing:
            self._paused = True
            self._adjust()

    def resume_reading(self) -> None:
        """Read again."""
        if self._paused and not self._closing:
            self._paused = False
            self._adjust()
            if self._unread is not None:
                self._poller.soon(self.deliver)

    def is_reading(self) -> bool:
        """Whether data is wanted."""
        return not self._closing and not self._paused

    # Writing.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """To the socket at once, as far as it takes it; the rest waits. While others are served too, small pieces go out
        together with theirs.
        """
        if self._corked or self._buffer or self._ended or not self._poller.serving or len(data) > SMALL:
            self._write(data)
        elif data:
            self._corked = data if isinstance(data, bytes) else bytes(data)
            self._poller.corked.append(self)

    def _write(self, data: bytes | bytearray | memoryview) -> None:
        if self._eof:
            raise RuntimeError("write after write_eof")
        if self._lost or not data:
            return
        if self._buffer:
            self._keep(data)
        elif self._corked:
            self._corked += data
            if len(self._corked) > SMALL:
                self.uncork()
        else:
            self._send(data)

    def uncork(self) -> None:
        """Send what was written in this round."""
        data, self._corked = self._corked, b""
        if not data:
            return
        self._send(data)
        if (self._closing or self._eof) and not self._buffer:
            self._sent()

    def _send(self, data: bytes | bytearray | memoryview) -> None:
        try:
            sent = self._sock.send(data, NOW)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._fail(error, "send")
            return
        if sent != len(data):
            self._keep(memoryview(data)[sent:])

    def _keep(self, data: bytes | bytearray | memoryview) -> None:
        """The caller may change a bytearray afterwards, so only bytes are kept as they are."""
        piece = data if isinstance(data, bytes) or (isinstance(data, memoryview) and data.readonly) else bytes(data)
        if self._buffer is NOTHING:
            self._buffer = deque()
        self._buffer.append(piece)
        self._size += len(piece)
        self._adjust()
        self._pause_if_full()

    def writelines(self, list_of_data: Any) -> None:  # Any: an iterable of what `write` takes, named as in asyncio
        """One after the other."""
        self.write(b"".join(list_of_data))

    def _flush(self) -> None:
        buffer = self._buffer
        try:
            if len(buffer) == 1:
                sent = self._sock.send(buffer[0], NOW)
            else:
                sent = self._sock.sendmsg(list(islice(buffer, AT_ONCE)), (), NOW)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error, "send")
            return
        self._size -= sent
        while sent:
            first = buffer.popleft()
            if len(first) > sent:
                buffer.appendleft(memoryview(first)[sent:])
                break
            sent -= len(first)
        self._flushed()

    def _flushed(self) -> None:
        if self._waiting and self._size <= self._low:
            self._waiting = False
            self._tell("resume_writing")  # may write
        if not self._buffer and not self._corked:
            self._sent()
        self._adjust()

    def _sent(self) -> None:
        """Nothing waits any more."""
        if self._closing:
            self._lose(None)
        elif self._eof:
            self._shut()

    def _pause_if_full(self) -> None:
        if self._size > self._high and not self._waiting:
            self._waiting = True
            self._tell("pause_writing")

    def _tell(self, name: str) -> None:
        try:
            getattr(self._protocol, name)()
        except Exception as error:  # noqa: BLE001 - as the loops do
            self._report(error, name)

    def write_eof(self) -> None:
        """Finish writing after what is in the buffer; reading goes on."""
        if self._closing or self._eof:
            return
        self._eof = self._ended = True
        if not self._buffer and not self._corked:
            self._shut()

    def _shut(self) -> None:
        with suppress(OSError):  # the other side may be gone already
            self._sock.shutdown(socket.SHUT_WR)

    def can_write_eof(self) -> bool:
        """Plain TCP can."""
        return True

    def get_write_buffer_size(self) -> int:
        """Bytes that wait."""
        return self._size + len(self._corked)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """(low, high)."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Above `high` the protocol is told to pause, at `low` to go on; by default a quarter of `high`."""
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._pause_if_full()

    # Endings.

    def is_closing(self) -> bool:
        """Closed, or on the way."""
        return self._closing

    def close(self) -> None:
        """Read no more, send what is left, then close."""
        if self._closing:
            return
        self._closing = True
        self._unread = None
        if self._buffer or self._corked:
            self._adjust()
        else:
            self._lose(None)

    def abort(self) -> None:
        """Close now; what waits is dropped."""
        self._lose(None)

    def _lose(self, why: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = self._ended = True
        self._why = why
        self._buffer, self._size, self._corked, self._unread = NOTHING, 0, b"", None
        self._poller.closing(self._fd)
        self._poller.soon(self._end)

    def _end(self) -> None:
        protocol, self._protocol = self._protocol, NOBODY  # they know each other: a cycle would wait for the collector
        try:
            protocol.connection_lost(self._why)
        finally:
            self._sock.close()

    def _fail(self, error: Exception, where: str) -> None:
        if not isinstance(error, EXPECTED):
            self._report(error, where)
        self._lose(error)

    def _report(self, error: Exception, where: str) -> None:
        told = {"message": f"{where} failed", "exception": error, "transport": self, "protocol": self._protocol}
        self._poller.loop.call_exception_handler(told)

    # About it.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Who is told from now on."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told."""
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # Any: as asyncio declares it
        """`peername`, `sockname`, `socket`."""
        if name == "peername":
            return self._peer
        if name == "sockname" and not self._lost:
            return self._sock.getsockname()
        return self._sock if name == "socket" else default


NOTHING: deque[bytes | memoryview] = deque(maxlen=0)
"""The buffer of those that have nothing to send; never added to."""
