"""A client's connection to a lab proxy, as far as HTTP and SOCKS are alike: judge, wait, dial, glue.

Subclasses read their protocol from `self.buffer` in `advance` and say how success and refusal look in `reached` and
`refuse`. Protocol callbacks only; the single task per new outgoing connection belongs to the lab's `Tasks`.
"""

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, cast

from .gate import Gate
from .judging import Ask, Manner, Refusal
from .listener import reset
from .outbound import Outbound, Route, dial

if TYPE_CHECKING:
    from .proxy import LabProxy

MAX_EARLY = 262_144
"""Bytes kept from a client that talks while its request waits; then reading pauses."""


class ClientSide(asyncio.Protocol, ABC):
    """States: reading a request, `waiting` for latency or the target, `tunnelling`."""

    def __init__(self, proxy: "LabProxy") -> None:
        self.proxy = proxy
        self.buffer = bytearray()
        self.waiting = False
        self.tunnelling = False
        self.far: Outbound | None = None
        self.gate: Gate | None = None
        self.transport: asyncio.Transport
        self._tls = False
        self._timer: asyncio.TimerHandle | None = None
        self._dialing: asyncio.Task[object] | None = None

    @abstractmethod
    def advance(self) -> None:
        """Read as much of the protocol from `buffer` as possible; called after new bytes, never while waiting."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> None:
        """Tell the client, in its protocol."""

    @abstractmethod
    def reached(self, far: Outbound) -> None:
        """The connection to the target stands (perhaps again)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._tls = transport.get_extra_info("sslcontext") is not None
        self.proxy.live.add(self.transport)

    def data_received(self, data: bytes) -> None:
        if self.tunnelling and self.far is not None:
            self.far.transport.write(data)
            return
        self.buffer += data
        if not self.waiting:
            self.advance()
        elif len(self.buffer) > MAX_EARLY:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        if not self.tunnelling or self._tls or self.far is None:
            return False
        self.far.transport.write_eof()
        return True

    def connection_lost(self, _: Exception | None) -> None:
        self.proxy.live.discard(self.transport)
        for running in (self._timer, self._dialing):
            if running is not None:
                running.cancel()
        if self.gate is not None:
            self.gate.stop()
        self.drop_far()

    def pause_writing(self) -> None:
        if self.far is not None:
            self.far.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.far is not None:
            self.far.transport.resume_reading()

    def far_side_closed(self) -> None:
        """The target closed: the client's connection follows, after what it still has to get."""
        self.far = None
        if self.gate is not None:
            self.gate.finish()
        else:
            self.transport.close()

    def drop_far(self) -> None:
        """Let the connection to the target go, if there is one."""
        if self.far is not None:
            self.far.let_go()
            self.far = None

    def ask(self, ask: Ask) -> None:
        """Have the proxy judge a complete request, after its latency."""
        self.waiting = True
        delay = self.proxy.latency()
        if delay > 0:
            self._timer = asyncio.get_running_loop().call_later(delay, self._decide, ask)
        else:
            self._decide(ask)

    def _decide(self, ask: Ask) -> None:
        decision = self.proxy.decide(ask)
        if isinstance(decision, Refusal):
            self.turn_away(decision)
        elif self.far is not None and self.far.route == decision:
            self.reached(self.far)
        else:
            self.drop_far()
            self._dialing = self.proxy.spawn(self._dial(decision))

    async def _dial(self, route: Route) -> None:
        try:
            await dial(self, route, self.proxy.passages)
        except OSError as error:
            refused = isinstance(error, ConnectionRefusedError)
            self.turn_away(Refusal(502, f"no connection to the target: {error.strerror}", 5 if refused else 4))

    def turn_away(self, refusal: Refusal) -> None:
        """End the request as the refusal says."""
        self.proxy.count_refusal(refusal)
        match refusal.manner:
            case Manner.ANSWER:
                self.refuse(refusal)
            case Manner.CLOSE:
                self.transport.close()
            case Manner.RESET:
                reset(self.transport)
            case Manner.SILENCE:
                self.waiting = True

    def start_tunnel(self, far: Outbound, greeting: bytes) -> None:
        """Answer `greeting`, then pass bytes both ways until one side closes; early bytes of the client go first."""
        self.proxy.tally.tunnels += 1
        self.far, self.tunnelling, self.waiting = far, True, False
        self.gate = self.proxy.new_gate(self.transport, head_first=False)
        self.transport.write(greeting)
        if self.buffer:
            far.transport.write(bytes(self.buffer))
            self.buffer.clear()
        self.transport.resume_reading()
