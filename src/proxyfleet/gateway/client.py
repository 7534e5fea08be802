"""A client that speaks HTTP: reads heads, lets in, sends on errands, answers in our own name. One request at a time;
pipelined ones wait.

Order of the checks: the head is readable (400, 414, 431, 505), the user may (407, 429), it is no loop (508), the
destination is allowed (403).
"""

import asyncio
import logging
from functools import partial
from typing import cast

from proxyfleet.gateway.access import Verdict, open_visitor
from proxyfleet.gateway.connection import CHECKING, CLOSING, FIRST, NOBODY, READING, ClientConnection
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.door import client_key, peer_host
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.refusals import refused, refused_by, render
from proxyfleet.gateway.routes import Route
from proxyfleet.gateway.socks import SocksClient
from proxyfleet.gateway.tls import HANDSHAKE_RECORD, NOT_OFFERED, TlsLayer
from proxyfleet.gateway.tunnel import TunnelErrand
from proxyfleet.gateway.usual import Usual
from proxyfleet.wire.forward import passed_through, wants_close
from proxyfleet.wire.http1_body import forbid_framing, request_framing
from proxyfleet.wire.http1_head import OWN_PREFIX, HeadError, HeadReader, RequestHead, parse_request
from proxyfleet.wire.http1_repeat import RepeatedHeads
from proxyfleet.wire.proxy_auth import CHALLENGE, BadCredentials, Credentials, parse_basic

log = logging.getLogger("proxyfleet.gateway")

SOCKS = frozenset({4, 5})
NO_CLAIM = Credentials("", "")
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"


class HttpClient(ClientConnection):
    """A connection that speaks HTTP, or has not spoken yet."""

    __slots__ = ("_heads", "_proof", "_reader", "_seen", "_terms", "_usual")

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self._heads: RepeatedHeads | None = None
        self._seen: dict[bytes, bytes] | None = None
        self._usual: Usual | None = None
        self._proof: bytes | None = None
        self._reader = HeadReader(ctx.limits.head)
        self._terms = ctx.terms.plain

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody dialled us."""
        ctx = self._ctx
        self.transport = cast(asyncio.Transport, transport)
        host = peer_host(transport.get_extra_info("peername"))
        key = client_key(host)
        ctx.counters.connections += 1
        code = ctx.door.enter(key, host)
        if code is None:
            self._key = key
            ctx.live.add(self)
            ctx.empty.clear()
            ctx.bound_writes(self.transport)
            return
        ctx.counters.refused(code)
        self._state = CLOSING
        self.transport.write(render(code, refused_by(code), close=True))
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, of its body, of a later request, or too late."""
        self._ctx.counters.received += len(data)
        if self.errand is not None:
            self.errand.client_data(data)
        elif self._state == READING and self._held is None:
            self._read(data)
        elif self._state == FIRST:
            self._begin(data)
        elif self._state <= CHECKING:
            self.hold(data)

    def _begin(self, data: bytes) -> None:
        """The very first byte says which protocol it is; all of them share one port (SPEC G1)."""
        first = data[0]
        if first == HANDSHAKE_RECORD and not isinstance(self.transport, TlsLayer):
            self._begin_tls(data)
            return
        self._state = READING
        if first in SOCKS:
            SocksClient(self._ctx, first).begin(self, data)
        else:
            self._read(data)

    def _begin_tls(self, data: bytes) -> None:
        """What is spoken inside is seen by the first byte again, within the same deadline."""
        tls = self._ctx.tls
        if tls is not None:
            TlsLayer.begin(tls, self, data)
            return
        self._ctx.counters.refused("tls_not_offered")
        self.write(NOT_OFFERED)
        self.close()

    def tunnel_opened(self, route: Route, rest: bytes) -> None:
        """A 2xx to CONNECT has no length and no body."""
        self.write(ESTABLISHED + route.tunnel_lines + b"\r\n" + rest)

    @property
    def arriving(self) -> bool:
        """Also where part of a head is there."""
        return self._state == FIRST or self._reader.started

    def settings_changed(self) -> None:
        """What was worked out for this connection no longer holds; the next request is judged anew."""
        ctx = self._ctx
        self._visitor, self._proof, self._usual, self._heads, self._seen = NOBODY, None, None, None, None
        self._terms = ctx.terms.plain
        if not self._reader.started:
            self._reader = HeadReader(ctx.limits.head)

    # One request.

    def _read(self, data: bytes) -> None:
        reader = self._reader
        fresh = not reader.started
        head: RequestHead | None = None
        try:
            raw = reader.feed(data)
            if raw is not None:
                head = self._parse(raw)
                self._let_in(head, reader.rest)
            elif fresh:
                self.deadline = self._ctx.timer() + self._ctx.timers.head
        except HeadError as error:
            self._refuse_head(error, head)

    def _parse(self, raw: bytes) -> RequestHead:
        heads = self._heads
        if heads is not None:
            return heads.parse(raw)
        return parse_request(raw, self._ctx.request_names, self._ctx.limits.head)

    def _let_in(self, head: RequestHead, rest: bytes) -> None:
        """Credentials come before everything that depends on what is asked for."""
        access = self._ctx.access
        usual = self._usual
        if (
            usual is not None
            and head.special is usual.special
            and (access is None or access.stands(self._visitor.user))
        ):
            path = usual.path(head, self._ctx.places)
            if path is not None:
                self._as_usual(usual, head, path, rest)
                return
        field = head.special.get(b"proxy-authorization")
        if access is None:
            if field != self._proof:
                self._welcome(field)
            self._send_on(head, rest)
        elif field is None:
            self._refuse_user("credentials_missing", head, rest)
        elif field == self._proof and access.stands(self._visitor.user):
            self._send_on(head, rest)
        else:
            verdict = access.check(field, self._key, partial(self._checked, head, field))
            if verdict is None:
                self._state = CHECKING
                self.deadline = self._ctx.timer() + self._ctx.timers.head
                self.hold(rest)
            else:
                self._judged(verdict, head, field, rest)

    def _as_usual(self, usual: Usual, head: RequestHead, path: bytes, rest: bytes) -> None:
        """What `_send_on` would find out is known."""
        ctx = self._ctx
        self.terms = usual.terms
        ctx.counters.requests += 1
        exchange = ctx.exchange(ctx, self, head, usual.place, path, 0, usual.fields)
        exchange.closes = usual.closes
        self._go(exchange, rest)

    def _welcome(self, field: bytes | None) -> None:
        """Where there are no users, a user name may still carry parameters; a lease is shown with its password anywhere."""
        try:
            claim = NO_CLAIM if field is None else parse_basic(field)
        except BadCredentials:
            claim = NO_CLAIM
        self._visitor, self._proof, self._usual = open_visitor(claim, self._ctx.bonds), None, None
        self._terms = self._ctx.terms.of(*self._visitor)
        self._proof = field

    def _checked(self, head: RequestHead, field: bytes, verdict: Verdict) -> None:
        """The slow check has ended; the client may be gone."""
        if self._state != CHECKING:
            return
        self._state = READING
        try:
            self._judged(verdict, head, field, self.take_held())
        except HeadError as error:
            self._refuse_head(error, head)

    def _judged(self, verdict: Verdict, head: RequestHead, field: bytes, rest: bytes) -> None:
        if isinstance(verdict, str):
            self._refuse_user(verdict, head, rest)
            return
        self._visitor, self._proof, self._usual = verdict, None, None
        self._terms = self.terms_of(verdict)
        self._proof = field
        self._send_on(head, rest)

    def _send_on(self, head: RequestHead, rest: bytes) -> None:
        ctx, special = self._ctx, head.special
        self.terms = self._terms
        if len(special) != (b"host" in special) + (b"proxy-authorization" in special):
            self._look_closer(special)
        if head.method == b"CONNECT":
            forbid_framing(head)
            errand = TunnelErrand(ctx, self, ctx.places.of_tunnel(head))
            ctx.counters.tunnels += 1
            self._go(errand, rest)
            return
        place, path = ctx.places.of_plain(head)
        framing = request_framing(head)
        if 0 < ctx.limits.request_body < framing:
            raise HeadError(413, "body_too_large")
        if head.special is self._seen:
            self._usual = Usual.of(head, place, framing, self.terms)
        self._seen = head.special
        ctx.counters.requests += 1
        self._go(ctx.exchange(ctx, self, head, place, path, framing), rest)

    def _go(self, errand: Errand, rest: bytes) -> None:
        self.errand = errand
        if rest:
            errand.client_data(rest)
        if self.errand is errand:
            errand.start()

    def _look_closer(self, special: dict[bytes, bytes]) -> None:
        """More than Host and credentials: what seldom comes is looked for only here."""
        ctx = self._ctx
        if b"via" in special and passed_through(special[b"via"], ctx.pseudonym):
            raise HeadError(508, "loop")
        if b"expect" in special and special[b"expect"].lower() != b"100-continue":
            raise HeadError(417, "expectation_unknown")
        if any(name.startswith(OWN_PREFIX) for name in special):
            self.terms = ctx.terms.with_fields(*self._visitor, special)

    def finished(self, now: float, *, keep: bool) -> None:
        """The errand has answered, at `now` of the timer. The next request may be waiting already."""
        ctx = self._ctx
        self.errand = None
        if not keep or ctx.draining:
            self.close()
            return
        self.deadline = now + ctx.timers.keep_alive
        if self._heads is None:
            self._heads = RepeatedHeads(ctx.request_names, ctx.limits.head)
        if self._held is not None or self._paused:
            self._go_on()

    def _go_on(self) -> None:
        """Pipelined requests are taken up in a new turn of the loop, so that their number is not a depth of the stack."""
        if self._held is not None:
            asyncio.get_running_loop().call_soon(self._read_held)
        elif self._paused:
            self.resume_reading()

    def _read_held(self) -> None:
        if self._state == READING and self.errand is None and (data := self.take_held()):
            self._read(data)

    # Answers of our own.

    def _refuse_user(self, code: str, head: RequestHead, rest: bytes) -> None:
        """A plain request without a body may be followed by a better one on the same connection; a CONNECT never (RFC
        9931).
        """
        extra = CHALLENGE if code.startswith("credentials") else b""
        if code == "too_many_failures" and self._ctx.access is not None:
            extra = b"Retry-After: %d\r\n" % self._ctx.access.failures.wait(self._ctx.timer())
        bodiless = head.method == b"HEAD"
        if head.method == b"CONNECT" or wants_close(head) or request_framing(head) != 0:
            self.refuse(code, extra=extra, bodiless=bodiless, linger=head.method != b"CONNECT")
            return
        self._tell(code, extra=extra, bodiless=bodiless)
        self.deadline = self._ctx.timer() + self._ctx.timers.keep_alive
        self.hold(rest)
        self._go_on()

    def _tell(self, code: str, *, extra: bytes, bodiless: bool) -> None:
        self._ctx.counters.refused(code)
        self.write(render(code, refused_by(code), extra=extra, close=False, bodiless=bodiless))

    def _refuse_head(self, error: HeadError, head: RequestHead | None) -> None:
        self._ctx.counters.refused(error.code)
        log.debug("action=refuse status=%d code=%s", error.status, error.code)
        bodiless = head is not None and head.method == b"HEAD"
        self.write(render(error.code, refused(error), close=True, bodiless=bodiless))
        self._end(linger=True)

    def refuse(self, code: str, *, extra: bytes = b"", bodiless: bool = False, linger: bool = True) -> None:
        """Answer in our own name and close. `linger` False: without reading on, as RFC 9931 demands of a refused
        CONNECT.
        """
        self.errand = None
        self._ctx.counters.refused(code)
        log.debug("action=refuse code=%s", code)
        self.write(render(code, refused_by(code), extra=extra, close=True, bodiless=bodiless))
        self._end(linger=linger)

    def late(self) -> None:
        """A head that drips, or a connection that nobody uses."""
        if self._reader.started:
            self.refuse("head_timeout")
        else:
            self.close()
