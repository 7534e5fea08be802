"""One plain request and its answer: absolute-form in, absolute-form to an upstream HTTP proxy, the answer streamed
back.

The request can be sent again while nothing of an answer has gone to the client, its method is idempotent (RFC 9110
§9.2.2) and its body, if any, was kept. A request that cannot be sent again never travels on a pooled connection, which
may have died unseen.
"""

from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Category, Outcome
from proxyfleet.gateway.blame import ANSWER_CLOSED, ANSWER_GARBAGE, ANSWER_TIMEOUT, CLIENT_GONE, of_answer
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.places import Place
from proxyfleet.gateway.upstream import UpstreamConnection
from proxyfleet.wire.forward import client_response, upstream_request, wants_close
from proxyfleet.wire.http1_body import UNTIL_CLOSE, Body, body_for, response_framing
from proxyfleet.wire.http1_head import HeadError, RequestHead, ResponseHead, parse_response

if TYPE_CHECKING:
    from proxyfleet.gateway.client import ClientConnection

IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
UNTOUCHED = frozenset({Category.AUTHENTICATION, Category.QUOTA, Category.RATE_LIMIT})
"""A proxy that refuses for one of these has not sent the request on, so that even a POST may go elsewhere."""


class Exchange(Errand):
    """`_body` is the request's body being read, None without one; `_answer` that of the answer, None before its head.

    `_whole`: all of the request's body that was read is in `_kept`.
    """

    _answer: Body | None = None
    _endless = False
    _interim = 0
    _keep = False
    _kept = b""
    _response_time = 0.0
    _reusable = False
    _whole = True

    def __init__(
        self, ctx: Context, client: "ClientConnection", head: RequestHead, place: Place, path: bytes, framing: int
    ) -> None:
        super().__init__(ctx, client, place.authority.host)
        self._head = head
        self._start = upstream_request(head, place.wire, path, framing)
        self._framing = framing
        self._body: Body | None = body_for(framing) if framing else None
        self._idempotent = head.method in IDEMPOTENT

    # The request.

    def open(self) -> None:
        """A pooled connection for what can certainly be sent again, a new one for the rest."""
        pooled = self._idempotent and self._whole and 0 <= self._framing <= self.ctx.limits.replay
        upstream = self.ctx.routes.take(self.route) if pooled else None
        if upstream is None:
            self.dial()
            return
        self.ctx.counters.reused += 1
        upstream.owner = self
        self.connected(upstream)

    def speak(self, upstream: UpstreamConnection) -> None:
        """Send the head and what has come of the body."""
        upstream.transport.write(self._start + self.route.request_lines + b"\r\n" + self._kept)
        fresh = not upstream.used  # a dial has taken time
        self.client.deadline = (self.ctx.timer() if fresh else self.began) + self.ctx.timers.response_head
        if self._body is not None and not self._body.done:
            self._forget_if_large()
            self.client.resume_reading()

    @property
    def _repeatable(self) -> bool:
        return self._idempotent and self._whole

    def client_data(self, data: bytes) -> None:
        """More of the body; what follows it waits for the next request."""
        body = self._body
        if body is None or body.done:
            self.client.hold(data)
            return
        try:
            piece, rest = body.feed(data)
        except HeadError:
            self._broken_body()
            return
        self.client.hold(rest)
        self._pass_body(piece)

    def _pass_body(self, piece: bytes) -> None:
        if self.upstream is None:
            self._kept += piece
            if len(self._kept) > self.ctx.limits.held:
                self.client.pause_reading()
            return
        self.client.deadline = self.ctx.timer() + self.ctx.timers.response_head
        self.upstream.transport.write(piece)
        if self._whole:
            self._kept += piece
            self._forget_if_large()

    def _forget_if_large(self) -> None:
        if len(self._kept) > self.ctx.limits.replay:
            self._whole = False
            self._kept = b""

    def _broken_body(self) -> None:
        """The client's framing turned out to be wrong: the proxy has an unfinished request, the client an error or
        nothing.
        """
        self._let_go(blamed=False)
        if self._answer is None:
            self.client.refuse("bad_request_body")
        else:
            self.client.abort()

    # The answer.

    def answered(self, data: bytes) -> None:
        """Bytes of the proxy: a head, or more of the body."""
        if self._answer is not None:
            self._pass_answer(self._answer, data)
            return
        upstream = self.upstream
        assert upstream is not None  # noqa: S101 - an owner has its connection
        try:
            while (raw := upstream.reader.feed(data)) is not None:
                data = upstream.reader.rest
                head = parse_response(raw, self.ctx.response_names, self.ctx.limits.head)
                if head.status >= 200:
                    self._read_answer(head, data)
                    return
                self._pass_interim(head)
        except HeadError:
            self.failed(ANSWER_GARBAGE, again=self._repeatable)

    def _read_answer(self, head: ResponseHead, rest: bytes) -> None:
        blame = of_answer(head, rest)
        if blame is not None:
            self.failed(blame, again=self._repeatable or (self._whole and blame.category in UNTOUCHED))
            return
        self._response_time = self.ctx.timer() - self.began
        self._begin_answer(head, rest)

    def _begin_answer(self, head: ResponseHead, rest: bytes) -> None:
        framing = response_framing(head, self._head.method)
        modern = self._head.version >= 11
        request_done = self._body is None or self._body.done
        self._reusable = request_done and framing != UNTIL_CLOSE and not wants_close(head)
        self._endless = framing == UNTIL_CLOSE
        delimited = framing >= 0 or (modern and framing != UNTIL_CLOSE)
        self._keep = delimited and request_done and not self.ctx.draining and not wants_close(self._head)
        own = self.route.answer_lines if self._keep else self.route.closing_lines
        bodiless = self._head.method == b"HEAD" or head.status in (204, 304)
        start = client_response(head, framing if modern or framing >= 0 else UNTIL_CLOSE, own, bodiless=bodiless)
        if framing == len(rest):
            self._done(start + rest)
            return
        self._answer = body_for(framing, chunked_out=modern)
        self.client.write(start)
        self._pass_answer(self._answer, rest)

    def _pass_interim(self, head: ResponseHead) -> None:
        """100, 102, 103 go on to clients that know them; 101 was never asked for, because Upgrade is not forwarded."""
        self._interim += 1
        if head.status == 101 or self._interim > self.ctx.limits.interim_answers:
            raise HeadError(502, "unexpected_interim_answer")
        response_framing(head, self._head.method)
        if self._head.version >= 11:
            self.client.write(client_response(head, 0, b"", bodiless=True))

    def _pass_answer(self, answer: Body, data: bytes) -> None:
        try:
            piece, rest = answer.feed(data)
        except HeadError:
            self._cut(blamed=True)
            return
        if answer.done:
            self._reusable = self._reusable and not rest
            self._done(piece)
            return
        self.client.deadline = self.ctx.timer() + self.ctx.timers.body_idle
        if piece:
            self.client.write(piece)

    def _done(self, last: bytes) -> None:
        """The answer is complete: a success of the proxy, whatever its status says about the target."""
        ctx, upstream, proxy_id = self.ctx, self.upstream, self.proxy_id
        now = ctx.timer()
        self.upstream = None
        self.proxy_id = 0
        ctx.fleet.record(proxy_id, Outcome.succeeded(self._response_time, self.target), ctx.clock())
        ctx.fleet.end(proxy_id, self.target)
        client = self.client
        if last:
            client.write(last)
        if upstream is not None:
            upstream.owner = None
            if self._reusable:
                upstream.used = True
                ctx.routes.park(upstream, now)
            else:
                upstream.transport.abort()
        client.finished(now, keep=self._keep)

    # Endings.

    def upstream_lost(self) -> None:
        """The connection to the proxy ended: the end of an endless body, a stale pooled connection, or a failure."""
        upstream, self.upstream = self.upstream, None
        if self._answer is not None:
            if self._endless:
                self._done(b"")
            else:
                self._cut(blamed=True)
        elif upstream is not None and upstream.used and self._repeatable and self._silent(upstream):
            self.ctx.counters.stale += 1
            self.began = self.ctx.timer()
            self.dial()
        else:
            self.failed(ANSWER_CLOSED, again=self._repeatable)

    def _silent(self, upstream: UpstreamConnection) -> bool:
        """Whether not one byte of an answer has come."""
        return not self._interim and not upstream.reader.started

    def overdue(self) -> None:
        """An answer or a body took too long."""
        if self._answer is not None:
            self._cut(blamed=not self.client.blocked)
        elif self._body is not None and not self._body.done:
            self._let_go(blamed=False)
            self.client.refuse("body_timeout")
        else:
            self.failed(ANSWER_TIMEOUT, again=self._repeatable)

    def _cut(self, *, blamed: bool) -> None:
        """Half an answer has gone to the client: it must see that it is not whole."""
        self._let_go(blamed=blamed)
        self.client.errand = None
        self.client.abort()

    def _let_go(self, *, blamed: bool) -> None:
        if self.proxy_id:
            self.stop_dialing()
            self.book(ANSWER_CLOSED if blamed else CLIENT_GONE)

    def refuse(self, code: str, extra: bytes = b"") -> None:
        """Answer in our own name."""
        self.client.refuse(code, extra=extra, bodiless=self._head.method == b"HEAD")
