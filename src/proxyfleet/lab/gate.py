"""What a misbehaving proxy does to the bytes it carries to its client: cut, silence, slow down, damage.

Counts bodies and tunnels, never a response head, so that clients see a good answer go bad in the middle. The plain path
does not come here at all: `gate_for` gives None.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from .behaviour import Behaviour

TICK = 0.02
"""Seconds between two portions under a bandwidth limit."""
DAMAGE = 0x20


class Reader(Protocol):
    """The transport whose bytes pass here, as far as it can be slowed down."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Gate:
    """Stands between the transport of the target and that of the client, for one request or one tunnel."""

    def __init__(self, behaviour: Behaviour, client: asyncio.WriteTransport, *, head_first: bool) -> None:
        limits = [limit for limit in (behaviour.stall_after, behaviour.truncate_after) if limit is not None]
        self._left = min(limits, default=None)
        self._falls_silent = self._left is not None and self._left == behaviour.stall_after
        self._portion = behaviour.bandwidth and max(1, int(behaviour.bandwidth * TICK))
        self._pause = behaviour.bandwidth and self._portion and self._portion / behaviour.bandwidth
        self._mangle = behaviour.mangle
        self._client = client
        self._head: bytearray | None = bytearray() if head_first else None
        self._held = bytearray()
        self._source: Reader | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._finished = False
        self.silent = False

    def pass_on(self, data: bytes, source: Reader) -> None:
        """Let `data` through as far as the behaviour allows; `source` is paused while it has to wait."""
        if self.silent:
            return
        data = self._after_head(data)
        if self._mangle and data:
            data = bytes([data[0] ^ DAMAGE]) + data[1:]
        ends = self._left is not None and len(data) >= self._left
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._send(data, source)
        if ends:
            self._end()

    def finish(self) -> None:
        """The target has closed: so does the client's connection, once everything held back has gone out."""
        self._finished = True
        if not self._held and not self.silent:
            self._client.close()

    def stop(self) -> None:
        """The client is gone."""
        self.silent = True
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _after_head(self, data: bytes) -> bytes:
        """Pass response heads untouched, `100 Continue` too; what follows the last one is the body."""
        if self._head is None:
            return data
        self._head += data
        while (end := self._head.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._head[: end + 4])
            del self._head[: end + 4]
            self._client.write(head)
            if not head.startswith(b"HTTP/1.1 1"):
                body, self._head = bytes(self._head), None
                return body
        return b""

    def _end(self) -> None:
        if self._falls_silent:
            self.silent = True
        else:
            self.finish()
            self.silent = True

    def _send(self, data: bytes, source: Reader) -> None:
        if not self._portion:
            self._client.write(data)
            return
        self._held += data
        self._source = source
        source.pause_reading()
        if self._timer is None:
            self._trickle()

    def _trickle(self) -> None:
        self._timer = None
        self._client.write(bytes(self._held[: self._portion or 0]))
        del self._held[: self._portion or 0]
        if self._held:
            self._timer = asyncio.get_running_loop().call_later(self._pause or TICK, self._trickle)
        elif self._finished:
            self._client.close()
        elif self._source is not None:
            self._source.resume_reading()


def gate_for(behaviour: Behaviour) -> Callable[[asyncio.WriteTransport, bool], Gate] | None:
    """How to make the gate of a connection; None when the bytes pass untouched, which is the fast path."""
    limits = (behaviour.stall_after, behaviour.truncate_after, behaviour.bandwidth)
    if all(limit is None for limit in limits) and not behaviour.mangle:
        return None
    return lambda client, head_first: Gate(behaviour, client, head_first=head_first)
