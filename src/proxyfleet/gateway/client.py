"""One client's connection: reads heads, lets in, sends on errands, answers in our own name. One request at a time;
pipelined ones wait.

Order of the checks: the head is readable (400, 414, 431, 505), the user may (407, 429), it is no loop (508), the
destination is allowed (403).
"""

import asyncio
import logging
from functools import partial
from typing import cast

from proxyfleet.gateway.access import Verdict
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.door import client_key
from proxyfleet.gateway.errand import Errand
from proxyfleet.gateway.exchange import Exchange
from proxyfleet.gateway.refusals import refused, refused_by, render
from proxyfleet.gateway.tunnel import TunnelErrand
from proxyfleet.ports import GatewayUser
from proxyfleet.wire.forward import passed_through, wants_close
from proxyfleet.wire.http1_body import forbid_framing, request_framing
from proxyfleet.wire.http1_head import HeadError, HeadReader, RequestHead, parse_request
from proxyfleet.wire.proxy_auth import CHALLENGE

log = logging.getLogger("proxyfleet.gateway")

READING, CHECKING, CLOSING, LINGERING = range(4)


class ClientConnection(asyncio.Protocol):
    """`deadline` is in timer seconds and belongs to whatever the connection is doing. `errand` is the request under
    way.

    `blocked`: the client does not read what it is sent.
    """

    __slots__ = (
        "_ctx",
        "_held",
        "_key",
        "_paused",
        "_proof",
        "_reader",
        "_state",
        "_user",
        "blocked",
        "deadline",
        "errand",
        "transport",
    )

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._held: bytearray | None = None
        self._key = ""
        self._paused = False
        self._proof: bytes | None = None
        self._reader = HeadReader(ctx.limits.head)
        self._state = READING
        self._user: GatewayUser | None = None
        self.blocked = False
        self.deadline = ctx.timer() + ctx.timers.first_byte
        self.errand: Errand | None = None
        self.transport: asyncio.Transport

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody dialled us."""
        ctx = self._ctx
        self.transport = cast(asyncio.Transport, transport)
        key = client_key(transport.get_extra_info("peername"))
        ctx.counters.connections += 1
        code = ctx.door.enter(key)
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
        elif self._state <= CHECKING:
            self.hold(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client is gone, or we have closed."""
        self._state = CLOSING
        errand, self.errand = self.errand, None
        if errand is not None:
            errand.client_lost()
        self.left()

    def left(self) -> None:
        """No longer counted: the connection has ended, or with it the tunnel that took it over."""
        if self._key:
            self._ctx.leave(self, self._key)
            self._key = ""

    def pause_writing(self) -> None:
        """The client reads slower than the proxy sends."""
        self.blocked = True
        if self.errand is not None and self.errand.upstream is not None:
            self.errand.upstream.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.blocked = False
        if self.errand is not None and self.errand.upstream is not None:
            self.errand.upstream.transport.resume_reading()

    def pause_reading(self) -> None:
        """What the client sends has to wait."""
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """What the client sends is wanted again."""
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    def hold(self, data: bytes) -> None:
        """Keep bytes that cannot be used yet; beyond the limit the client has to wait."""
        if not data:
            return
        if self._held is None:
            self._held = bytearray()
        self._held += data
        if len(self._held) > self._ctx.limits.held:
            self.pause_reading()

    def take_held(self) -> bytes:
        """What was kept; reading goes on."""
        held, self._held = self._held, None
        self.resume_reading()
        return b"" if held is None else bytes(held)

    # One request.

    def _read(self, data: bytes) -> None:
        reader = self._reader
        fresh = not reader.started
        try:
            raw = reader.feed(data)
            if raw is not None:
                head = parse_request(raw, self._ctx.request_names, self._ctx.limits.head)
                self._let_in(head, reader.rest)
            elif fresh:
                self.deadline = self._ctx.timer() + self._ctx.timers.head
        except HeadError as error:
            self._refuse_head(error)

    def _let_in(self, head: RequestHead, rest: bytes) -> None:
        """Credentials come before everything that depends on what is asked for."""
        access = self._ctx.access
        if access is None:
            self._send_on(head, rest)
            return
        field = head.special.get(b"proxy-authorization")
        if field is None:
            self._refuse_user("credentials_missing", head, rest)
        elif field == self._proof and access.stands(self._user):
            self._send_on(head, rest)
        else:
            verdict = access.check(field, self._key, partial(self._checked, head, field))
            if verdict is None:
                self._state = CHECKING
                self.deadline = self._ctx.timer() + self._ctx.timers.head
                self.hold(rest)
            else:
                self._judged(verdict, head, field, rest)

    def _checked(self, head: RequestHead, field: bytes, verdict: Verdict) -> None:
        """The slow check has ended; the client may be gone."""
        if self._state != CHECKING:
            return
        self._state = READING
        try:
            self._judged(verdict, head, field, self.take_held())
        except HeadError as error:
            self._refuse_head(error)

    def _judged(self, verdict: Verdict, head: RequestHead, field: bytes, rest: bytes) -> None:
        if isinstance(verdict, str):
            self._refuse_user(verdict, head, rest)
        else:
            self._user, self._proof = verdict, field
            self._send_on(head, rest)

    def _send_on(self, head: RequestHead, rest: bytes) -> None:
        ctx = self._ctx
        special = head.special
        if b"via" in special and passed_through(special[b"via"], ctx.pseudonym):
            raise HeadError(508, "loop")
        if b"expect" in special and special[b"expect"].lower() != b"100-continue":
            raise HeadError(417, "expectation_unknown")
        errand: Errand
        if head.method == b"CONNECT":
            forbid_framing(head)
            errand = TunnelErrand(ctx, self, ctx.places.of_tunnel(head))
            ctx.counters.tunnels += 1
        else:
            place, path = ctx.places.of_plain(head)
            errand = Exchange(ctx, self, head, place, path, request_framing(head))
            ctx.counters.requests += 1
        self.errand = errand
        if rest:
            errand.client_data(rest)
        if self.errand is errand:
            errand.start()

    def finished(self, now: float, *, keep: bool) -> None:
        """The errand has answered, at `now` of the timer. The next request may be waiting already."""
        ctx = self._ctx
        self.errand = None
        if not keep or ctx.draining:
            self.close()
            return
        self.deadline = now + ctx.timers.keep_alive
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

    def _refuse_head(self, error: HeadError) -> None:
        self._ctx.counters.refused(error.code)
        log.debug("action=refuse status=%d code=%s", error.status, error.code)
        self.write(render(error.code, refused(error), close=True))
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

    def write(self, data: bytes) -> None:
        """Bytes to the client."""
        self._ctx.counters.sent += len(data)
        self.transport.write(data)

    # Endings.

    def _end(self, *, linger: bool) -> None:
        if not linger or self._state == CLOSING or not self.transport.can_write_eof():
            self.close()
            return
        self._state = LINGERING
        self.deadline = self._ctx.timer() + self._ctx.timers.linger
        self._held = None
        self.transport.write_eof()
        self.resume_reading()

    def close(self) -> None:
        """Send what is left and close."""
        self._state = CLOSING
        self.deadline = self._ctx.timer() + self._ctx.timers.body_idle
        self.transport.close()

    def abort(self) -> None:
        """End now, with a reset if bytes are left: the client must not take half an answer for a whole one."""
        self._state = CLOSING
        self.transport.abort()

    def drain(self) -> None:
        """No further request; one under way may finish."""
        if self.errand is None and self._state == READING:
            self.close()

    def expired(self) -> None:
        """The deadline of the present step has passed."""
        if self.errand is not None:
            self.errand.expired()
        elif self._state == READING and self._reader.started:
            self.refuse("head_timeout")
        elif self._state in (READING, LINGERING):
            self.close()
        else:
            self.abort()
