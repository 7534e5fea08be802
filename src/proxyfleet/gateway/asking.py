"""One question on one connection to a proxy: the tunnel where there is one, the request, and what came back.

Keeps no time but when the first byte came, and judges no answer: see `probing`. `names` is what many questions remember of
field lines together.
"""

import asyncio
from typing import cast

from proxyfleet.clock import Clock
from proxyfleet.core.outcome import Phase
from proxyfleet.gateway.blame import (
    ANSWER_CLOSED,
    ANSWER_GARBAGE,
    ANSWER_TIMEOUT,
    DIAL,
    TUNNEL_CLOSED,
    TUNNEL_TIMEOUT,
    Blame,
)
from proxyfleet.gateway.handshake import Handshake, NoTunnel
from proxyfleet.net.dial import Obstacle, obstacle_of
from proxyfleet.wire.http1_body import UNTIL_CLOSE, Body, body_for, response_framing
from proxyfleet.wire.http1_head import (
    FieldNames,
    HeadError,
    HeadLimits,
    HeadReader,
    ResponseHead,
    parse_response,
)
from proxyfleet.wire.judge import LONGEST

OUT_OF_TIME = {
    Phase.DIAL: DIAL[Obstacle.TIMED_OUT],
    Phase.HANDSHAKE: TUNNEL_TIMEOUT,
    Phase.EXCHANGE: ANSWER_TIMEOUT,
}


class Answer:
    """The words of a judge or a site as they came through: `first` is when the first byte of them did."""

    __slots__ = ("body", "first", "head")

    def __init__(self, head: ResponseHead, body: bytes, first: float) -> None:
        self.head, self.body, self.first = head, body, first


class Asking(asyncio.Protocol):
    """One question on one connection. `ended` is told once: an `Answer`, or the `Blame`. With `until_open` the tunnel's opening
    is told by None and nothing more is sent. A body is read to its end, or up to `enough` bytes.
    """

    def __init__(
        self,
        request: bytes,
        shaking: Handshake | None,
        limits: HeadLimits,
        timer: Clock,
        names: FieldNames,
        *,
        until_open: bool = False,
        enough: int | None = None,
    ) -> None:
        self.request = request
        self.enough = enough
        self.phase = Phase.DIAL
        self.ended: asyncio.Future[Answer | Blame | None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._shaking, self._limits, self._timer, self._names = shaking, limits, timer, names
        self._until_open = until_open
        self._reader = HeadReader(limits)
        self._head: ResponseHead | None = None
        self._body: Body | None = None
        self._got = b""
        self._first = 0.0

    def dialled(self, why: OSError | None) -> None:
        """What became of the dial; None: there is a connection."""
        if why is not None:
            self._end(DIAL[obstacle_of(why)])

    def run_out(self) -> None:
        """There was no answer in time."""
        self._end(OUT_OF_TIME[self.phase])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the tunnel, or ask the question at once."""
        self.transport = cast(asyncio.Transport, transport)
        if self._shaking is not None:
            self.phase = Phase.HANDSHAKE
            self.transport.write(self._shaking.start)
        else:
            self._ask()

    def _ask(self) -> None:
        self.phase = Phase.EXCHANGE
        if self._until_open:
            self._end(None)
        elif self.transport is not None:
            self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """The proxy's words until the tunnel is open, then the judge's."""
        if self.ended.done():
            return
        try:
            if self._shaking is not None:
                data = self._shake(self._shaking, data)
            if data and self._shaking is None:
                self._read(data)
        except NoTunnel as no:
            self._end(no.blame)
        except HeadError:
            self._end(ANSWER_GARBAGE)

    def _shake(self, shaking: Handshake, data: bytes) -> bytes:
        answer = shaking.feed(data)
        if answer and self.transport is not None:
            self.transport.write(answer)
        if not shaking.open:
            return b""
        self._shaking = None
        self._ask()
        return shaking.rest

    def _read(self, data: bytes) -> None:
        self._first = self._first or self._timer()
        while self._body is None:
            raw = self._reader.feed(data)
            if raw is None:
                return
            data, self._reader = self._reader.rest, HeadReader(self._limits)
            head = parse_response(raw, self._names, self._limits)
            if head.status >= 200:
                self._head, framing = head, response_framing(head, b"GET")
                self._body = body_for(framing, chunked_out=False)
        if data or self._body.done:
            self._got += self._body.feed(data)[0] if data else b""
        if self.enough is None and len(self._got) > LONGEST:
            raise HeadError(502, "head_too_large")
        if self._body.done or (self.enough is not None and len(self._got) >= self.enough):
            self._finish()

    def _finish(self) -> None:
        if self._head is not None:
            self._end(Answer(self._head, self._got, self._first))

    def connection_lost(self, _: Exception | None) -> None:
        """The end of an answer that has no other; else somebody gave up on us."""
        if self._head is not None and response_framing(self._head, b"GET") == UNTIL_CLOSE:
            self._finish()
        elif self._reader.started:
            self._end(ANSWER_GARBAGE)
        else:
            self._end(TUNNEL_CLOSED if self.phase is Phase.HANDSHAKE else ANSWER_CLOSED)

    def _end(self, told: Answer | Blame | None) -> None:
        if not self.ended.done():
            self.ended.set_result(told)

    def close(self) -> None:
        """Nothing more is wanted."""
        self.ended.cancel()
        if self.transport is not None:
            self.transport.abort()
