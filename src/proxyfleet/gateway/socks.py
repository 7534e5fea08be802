"""A client that speaks SOCKS4, 4a or 5: handshake, login, one tunnel. One deadline covers the whole handshake.

The same users, destinations, failover and blame as for CONNECT. What a client sends before our answer waits in a capped
buffer; a refusal closes without reading on (RFC 9931).
"""

import logging
from base64 import b64encode

from proxyfleet.gateway.access import Verdict, Visitor, open_visitor
from proxyfleet.gateway.connection import CHECKING, READING, ClientConnection
from proxyfleet.gateway.context import Context
from proxyfleet.gateway.refusals import SOCKS_REPLIES
from proxyfleet.gateway.routes import Route
from proxyfleet.gateway.tunnel import TunnelErrand
from proxyfleet.wire.http1_head import HeadError
from proxyfleet.wire.proxy_auth import Credentials
from proxyfleet.wire.socks import GRANTED4, REJECTED4, WRONG_IDENT4, Reply, SocksError, reply4, reply5
from proxyfleet.wire.socks4_server import Socks4Server
from proxyfleet.wire.socks5_server import LOGIN_RIGHT, LOGIN_WRONG, Ask, Greeting, Login, Said, Socks5Server

log = logging.getLogger("proxyfleet.gateway")


class SocksClient(ClientConnection):
    """`_asked` is a SOCKS4 request that waits until its user is known; `_login` that a login awaits its answer."""

    __slots__ = ("_asked", "_login", "_talk", "_version")

    def __init__(self, ctx: Context, version: int) -> None:
        super().__init__(ctx)
        self._version = version
        self._talk = Socks4Server() if version == 4 else Socks5Server(demanded=ctx.access is not None)
        self._asked: Ask | None = None
        self._login = False

    def begin(self, other: ClientConnection, data: bytes) -> None:
        """Take a connection over whose first bytes are `data`."""
        self.take_over(other)
        self._state = READING
        self.deadline = self._ctx.timer() + self._ctx.timers.head
        self._hear(data)

    def data_received(self, data: bytes) -> None:
        """Handshake, or bytes that come too early; after a refusal nothing is read any more."""
        self._ctx.counters.received += len(data)
        if self.errand is not None:
            self.errand.client_data(data)
        elif self._state == READING:
            self._hear(data)
        elif self._state == CHECKING:
            self.hold(data)

    @property
    def arriving(self) -> bool:
        """A handshake has begun."""
        return True

    def _hear(self, data: bytes) -> None:
        try:
            said = self._talk.feed(data)
            while said is not None:
                self._answer(said)
                if self._state != READING or isinstance(said, Ask):
                    return
                said = self._talk.feed(b"")
        except SocksError as error:
            self._turn_away(error.code, error.last_words)
        except HeadError as error:
            self.refuse(error.code)

    def _answer(self, said: Said) -> None:
        if isinstance(said, Greeting):
            self.write(said.answer)
        elif isinstance(said, Login):
            self._login = True
            self._let_in(said.username, said.password)
        elif self._version == 4 and (self._ctx.access is not None or said.user_id):
            self._asked = said
            self._let_in(*_named(said.user_id))
        else:
            self._send_on(said)

    # Who it is.

    def _let_in(self, username: bytes, password: bytes) -> None:
        access = self._ctx.access
        if access is None:
            claim = Credentials(username.decode("utf-8", "replace"), password.decode("utf-8", "replace"))
            self._known(open_visitor(claim, self._ctx.bonds))
            return
        if not username:
            self._checked("credentials_missing")
            return
        # Both doors share one memory of what was proven; a colon in a name would move the border to the password.
        field = b"Basic " + b64encode(b"%b:%b" % (username, password)) if b":" not in username else b""
        verdict = access.check(field, self._key, self._checked_later)
        if verdict is None:
            self._state = CHECKING
        else:
            self._checked(verdict)

    def _checked_later(self, verdict: Verdict) -> None:
        """The slow check has ended; the client may be gone."""
        if self._state != CHECKING:
            return
        self._state = READING
        try:
            self._checked(verdict)
        except HeadError as error:
            self.refuse(error.code)
        if self._state == READING and self.errand is None:
            self._hear(self.take_held())

    def _checked(self, verdict: Verdict) -> None:
        if isinstance(verdict, str):
            self.refuse(verdict)
        else:
            self._known(verdict)

    def _known(self, visitor: Visitor) -> None:
        """The user may: an answer to SOCKS5, the request itself for SOCKS4."""
        self._visitor = visitor
        self.terms = self.terms_of(visitor)
        if self._login:
            self._login = False
            self.write(LOGIN_RIGHT)
        elif self._asked is not None:
            asked, self._asked = self._asked, None
            self._send_on(asked)

    def _send_on(self, ask: Ask) -> None:
        ctx = self._ctx
        errand = TunnelErrand(ctx, self, ctx.places.of_socks(ask.authority))
        ctx.counters.tunnels += 1
        self.errand = errand
        self.hold(self._talk.rest)
        errand.start()

    # Answers.

    def tunnel_opened(self, route: Route, rest: bytes) -> None:  # noqa: ARG002 - SOCKS has no place for the route's name
        """Granted; the bound address is not told."""
        self.write((reply4(GRANTED4) if self._version == 4 else reply5(Reply.GRANTED)) + rest)

    def refuse(self, code: str, *, extra: bytes = b"", bodiless: bool = False, linger: bool = True) -> None:  # noqa: ARG002
        """The number that comes nearest to the code, and the end."""
        if self._version == 4:
            self._turn_away(code, reply4(WRONG_IDENT4 if code.startswith("credentials") else REJECTED4))
        elif self._login:
            self._turn_away(code, LOGIN_WRONG)
        else:
            self._turn_away(code, reply5(SOCKS_REPLIES.get(code, Reply.FAILED)))

    def _turn_away(self, code: str, last_words: bytes) -> None:
        self.errand = None
        self._ctx.counters.refused(code)
        log.debug("action=refuse socks=%d code=%s", self._version, code)
        if last_words:
            self.write(last_words)
        self.close()

    def late(self) -> None:
        """A handshake that drips."""
        self._ctx.counters.refused("head_timeout")
        self.close()


def _named(user_id: bytes) -> tuple[bytes, bytes]:
    """SOCKS4 has no password: with users its user id is `name:key`."""
    name, _, key = user_id.partition(b":")
    return name, key
