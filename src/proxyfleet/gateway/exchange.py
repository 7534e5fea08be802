"""One plain request and its answer: absolute-form in, absolute-form to an upstream HTTP proxy or origin-form through a
SOCKS tunnel, the answer streamed back.

The request can be sent again while nothing of an answer has gone to the client, its method is idempotent (RFC 9110
§9.2.2) and its body, if any, was kept. A request that cannot be sent again never travels on a pooled connection, which
may have died unseen.
"""

from typing import TYPE_CHECKING

from proxyfleet.core.outcome import Category, Outcome
from proxyfleet.gateway.blame import ANSWER_CLOSED, ANSWER_GARBAGE, ANSWER_TIMEOUT, CLIENT_GONE, of_answer, of_target
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.patience import judge, left, patience
from proxyfleet.gateway.places import Place
from proxyfleet.gateway.upstream import UpstreamConnection, UpstreamTunnel
from proxyfleet.gateway.usual import LONGEST
from proxyfleet.wire.forward import client_response, origin_form, upstream_fields, wants_close
from proxyfleet.wire.http1_body import CHUNKED, UNTIL_CLOSE, Body, body_for, response_framing
from proxyfleet.wire.http1_head import HeadError, RequestHead, ResponseHead, parse_response

if TYPE_CHECKING:
    from proxyfleet.gateway.connection import ClientConnection

IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})
"""May reach the target twice without a failure between."""
NO_BODY = (204, 304)
UNTOUCHED = frozenset({Category.AUTHENTICATION, Category.QUOTA, Category.RATE_LIMIT})
"""A proxy that refuses for one of these has not sent the request on, so that even a POST may go elsewhere."""


class Exchange(Errand):
    """`_body` is the request's body being read, None without one; `_answer` that of the answer, None before its head.

    `_whole`: all of the request's body that was read is in `_kept`.
    """

    _answer: Body | None = None
    _body: Body | None = None
    _sent = 0
    _endless = False
    _interim = 0
    _keep = False
    _kept = b""
    _quick = True
    """Whether an answer whose head is known may go on without being looked at."""
    _response_time = 0.0
    _reusable = False
    _whole = True
    closes: bool | None = None
    """Whether the client wants no further request on its connection; None for not looked yet."""

    def __init__(
        self,
        ctx: Context,
        client: "ClientConnection",
        head: RequestHead,
        place: Place,
        path: bytes,
        framing: int,
        fields: bytes | None = None,
    ) -> None:
        """`fields`: what `upstream_fields` would give, where it is known already."""
        Errand.__init__(self, ctx, client, place)  # quicker than super(), and made for every request
        self._head = head
        if fields is None:
            fields = upstream_fields(head, place.wire, framing)
        self._start = b"%b http://%b%b HTTP/1.1\r\n%b" % (head.method, place.wire, path, fields)
        self._framing = framing
        if framing:
            self._body = body_for(framing)
        self._idempotent = head.method in IDEMPOTENT
        if not self._idempotent:
            self.careful = True

    # The request.

    def new_upstream(self) -> UpstreamConnection:
        """Through SOCKS a tunnel to the target, in which we talk to the target itself."""
        if self.route.socks:
            return UpstreamTunnel(self.ctx, self.route, self, self.place.authority)
        return UpstreamConnection(self.ctx, self.route, self)

    def open(self) -> None:
        """A pooled connection for what can certainly be sent again, a new one for the rest."""
        ctx, route = self.ctx, self.route
        if route.socks:
            self.route = route = route.lane(self.place.wire)
        pooled = (
            self._idempotent
            and (not self._framing or (self._whole and 0 < self._framing <= ctx.limits.replay))
            and route.pooled
        )
        upstream = ctx.routes.take(route) if pooled else None
        if upstream is None:
            self.dial()
            return
        ctx.counters.reused += 1
        upstream.owner = self
        self.upstream = upstream
        self.speak(upstream)

    def speak(self, upstream: UpstreamConnection) -> None:
        """Send the head and what has come of the body."""
        start = self._start
        if self.route.socks:
            if upstream.rest:  # a target that talks before it is asked does not speak HTTP
                self.failed(ANSWER_GARBAGE, again=True)
                return
            start = origin_form(start, self._head, self.place.wire)
        upstream.transport.write(b"%b%b\r\n%b" % (start, self.route.request_lines, self._kept))
        sent = self.began if upstream.used else self.ctx.timer()  # a dial has taken time
        if self._body is None and self._idempotent:
            wait = patience(self, self.ctx.timers.response_head) if self.attempts else self.place.wait
            self.client.deadline = sent + wait
            return
        self.client.deadline = sent + self.ctx.timers.response_head
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
            self._end_early("bad_request_body")
            return
        self.client.hold(rest)
        self._pass_body(piece)

    def _pass_body(self, piece: bytes) -> None:
        self._sent += len(piece)
        if 0 < self.ctx.limits.request_body < self._sent and self._framing == CHUNKED:
            self._end_early("body_too_large")
            return
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

    def _end_early(self, code: str) -> None:
        """The client's body turned out to be wrong or too large: the proxy has an unfinished request, the client an error
        or nothing.
        """
        self._let_go(blamed=False)
        if self._answer is None:
            self.client.refuse(code)
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
                usual = upstream.usual
                if (
                    usual is not None
                    and usual.raw == raw
                    and self._quick
                    and self._head.method != b"HEAD"
                    and self._staying()
                ):
                    self._keep = self._reusable = True
                    self._begin_answer(usual.start, usual.length, data)
                    return
                head = parse_response(raw, self.ctx.response_names, self.ctx.limits.head)
                if head.status >= 200:
                    self._read_answer(upstream, raw, head, data)
                    return
                self._pass_interim(head)
        except HeadError:
            self.failed(ANSWER_GARBAGE, again=self._repeatable)

    def _staying(self) -> bool:
        """Whether the client's connection may be used again once it has an answer of a known length."""
        body = self._body
        if self.ctx.draining or not (body is None or body.done):
            return False
        if self.closes is None:
            self.closes = wants_close(self._head)
        return not self.closes

    def _read_answer(self, upstream: UpstreamConnection, raw: bytes, head: ResponseHead, rest: bytes) -> None:
        blame = of_target(head) if self.route.socks else of_answer(head, rest)
        if blame is not None:
            self.failed(blame, again=self._repeatable or (self._whole and blame.category in UNTOUCHED))
        else:
            self._accept(upstream, raw, head, rest)

    def _accept(self, upstream: UpstreamConnection, raw: bytes, head: ResponseHead, rest: bytes) -> None:
        """The answer is the client's; `raw` is its head as it came."""
        route, asked = self.route, self._head
        framing = response_framing(head, asked.method)
        request_done = self._body is None or self._body.done
        self._reusable = request_done and framing != UNTIL_CLOSE and not wants_close(head) and route.pooled
        self._keep = framing != UNTIL_CLOSE and self._staying()
        own = route.answer_lines if self._keep else route.closing_lines
        bodiless = asked.method == b"HEAD" or head.status in NO_BODY
        readable = framing >= 0 or asked.version >= 11
        start = client_response(head, framing if readable else UNTIL_CLOSE, own, bodiless=bodiless)
        if (
            self._keep
            and self._reusable
            and framing >= 0
            and not bodiless
            and len(raw) <= LONGEST
            and self._memorable()
        ):
            upstream.remember(raw, start, framing)
        self._begin_answer(start, framing, rest)

    def _memorable(self) -> bool:
        """Whether the next answer with this head may be passed on without being looked at."""
        return not self.route.telling

    def _begin_answer(self, start: bytes, framing: int, rest: bytes) -> None:
        now = self.ctx.timer()
        self._response_time = took = now - self.began
        if took > self.place.slow:
            self.ctx.places.slower(self.place, took)
        if self.suspects:
            judge(self, took)
        if framing == len(rest):
            self._done(start + rest, now)
            return
        self._endless = framing == UNTIL_CLOSE
        self._answer = body_for(framing, chunked_out=self._head.version >= 11)
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
            self._done(piece, self.ctx.timer())
            return
        self.client.deadline = self.ctx.timer() + self.ctx.timers.body_idle
        if piece:
            self.client.write(piece)

    def _done(self, last: bytes, now: float) -> None:
        """The answer is complete: a success of the proxy, whatever its status says about the target."""
        ctx, upstream, proxy_id, client = self.ctx, self.upstream, self.proxy_id, self.client
        self.upstream = None
        self.proxy_id = 0
        ctx.fleet.record(proxy_id, Outcome.succeeded(self._response_time, self.target), ctx.clock(), end=True)
        if self.leaving:
            self.over()
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
                self._done(b"", self.ctx.timer())
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
        elif self._body is not None or not left(
            self,
            self.ctx.timers.response_head,
            ANSWER_TIMEOUT,
            repeatable=self._head.method in SAFE and not self._interim,
        ):
            self.failed(ANSWER_TIMEOUT, again=self._repeatable)

    def _cut(self, *, blamed: bool) -> None:
        """Half an answer has gone to the client: it must see that it is not whole."""
        self._let_go(blamed=blamed)
        self.client.errand = None
        self.client.abort()

    def _let_go(self, *, blamed: bool) -> None:
        self.over()
        if self.proxy_id:
            self.stop_dialing()
            self.book(ANSWER_CLOSED if blamed else CLIENT_GONE)

    def refuse(self, code: str, extra: bytes = b"") -> None:
        """Answer in our own name."""
        self.over()
        self.client.refuse(code, extra=extra, bodiless=self._head.method == b"HEAD")
