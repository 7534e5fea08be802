"""How a tunnel is asked for through each kind of upstream proxy, and what a refusal says about it.

The bytes are of `wire`; here they meet blame. Nothing of a client is ever sent before the proxy has agreed (RFC 9931).
"""

from typing import Protocol

from proxyfleet.core.outcome import Category, Phase
from proxyfleet.gateway.blame import TUNNEL_GARBAGE, Blame, of_connect
from proxyfleet.gateway.routes import Route
from proxyfleet.wire.authority import Authority
from proxyfleet.wire.forward import connect_request
from proxyfleet.wire.http1_head import FieldNames, HeadError, HeadLimits, HeadReader, parse_response
from proxyfleet.wire.socks import Reply, SocksError, SocksRefused
from proxyfleet.wire.socks4_client import Socks4Client
from proxyfleet.wire.socks5_client import Socks5Client

MOST_INTERIM = 16
LOGIN_REFUSED = Blame(Category.AUTHENTICATION, Phase.HANDSHAKE, "proxy_auth")
NOT_SERVED = Blame(Category.BANNED, Phase.HANDSHAKE, "proxy_banned")
NOT_REACHED = Blame(Category.NETWORK, Phase.HANDSHAKE, "proxy_failed")
_BY_REPLY: dict[int, Blame] = {
    Reply.FORBIDDEN: NOT_SERVED,
    Reply.BAD_COMMAND: TUNNEL_GARBAGE,
}
"""Other numbers say that the proxy tried and could not get there, as 5xx to a CONNECT does."""


class NoTunnel(Exception):
    """The proxy does not open the tunnel; `blame` says whose fault that is."""

    def __init__(self, blame: Blame) -> None:
        super().__init__(blame.code)
        self.blame = blame


class Handshake(Protocol):
    """Send `start`, then whatever `feed` gives, until `open`; what the target said by then is in `rest`."""

    start: bytes

    @property
    def open(self) -> bool:
        """Whether the proxy has agreed."""
        ...

    @property
    def rest(self) -> bytes:
        """What came after its answer."""
        ...

    def feed(self, data: bytes) -> bytes:
        """What is to be sent now. Raises `NoTunnel`."""
        ...


class ConnectHandshake:
    """CONNECT to an HTTP proxy (RFC 9110 §9.3.6)."""

    __slots__ = ("_interim", "_limits", "_names", "_reader", "open", "rest", "start")

    def __init__(self, authority: bytes, route: Route, names: FieldNames, limits: HeadLimits) -> None:
        self._interim = 0
        self._limits = limits
        self._names = names
        self._reader = HeadReader(limits)
        self.open = False
        self.rest = b""
        self.start = connect_request(authority, route.request_lines)

    def feed(self, data: bytes) -> bytes:
        """See `Handshake`."""
        try:
            while (raw := self._reader.feed(data)) is not None:
                data = self._reader.rest
                head = parse_response(raw, self._names, self._limits)
                if head.status >= 300:
                    raise NoTunnel(of_connect(head, data))
                if head.status >= 200:
                    self.open, self.rest = True, data
                    break
                self._interim += 1
                if self._interim > MOST_INTERIM:
                    raise NoTunnel(TUNNEL_GARBAGE)
        except HeadError:
            raise NoTunnel(TUNNEL_GARBAGE) from None
        return b""


class SocksHandshake:
    """SOCKS4a or SOCKS5, by the scheme of the proxy."""

    __slots__ = ("_codec", "_host", "start")

    def __init__(self, route: Route, host: str, port: int) -> None:
        """Raises `NoTunnel` for what the protocol cannot carry."""
        self._host = host
        login = route.login
        try:
            self._codec: Socks4Client | Socks5Client = (
                Socks5Client(host, port, login)
                if route.socks == 5
                else Socks4Client(host, port, login[0] if login else "")
            )
        except SocksError as error:
            raise NoTunnel(LOGIN_REFUSED if error.code == "login_too_long" else NOT_SERVED) from None
        self.start = self._codec.start

    @property
    def open(self) -> bool:
        """Whether the proxy has agreed."""
        return self._codec.open

    @property
    def rest(self) -> bytes:
        """What came after its answer."""
        return self._codec.rest

    def feed(self, data: bytes) -> bytes:
        """See `Handshake`."""
        try:
            return self._codec.feed(data)
        except SocksRefused as error:
            raise NoTunnel(self._blame(error)) from None
        except SocksError:
            raise NoTunnel(TUNNEL_GARBAGE) from None

    def _blame(self, error: SocksRefused) -> Blame:
        if error.code == "login_refused":
            return LOGIN_REFUSED
        if error.reply == Reply.BAD_ADDRESS_TYPE:
            # It may still serve names and IPv4; one that knows no names is of no use to anybody.
            return NOT_SERVED if ":" in self._host else TUNNEL_GARBAGE
        return _BY_REPLY.get(error.reply, NOT_REACHED)


def handshake(route: Route, authority: Authority, host: str, names: FieldNames, limits: HeadLimits) -> Handshake:
    """For `authority`, whose host may have been resolved to `host` here. Raises `NoTunnel`."""
    if route.socks:
        return SocksHandshake(route, host, authority.port)
    return ConnectHandshake(authority.encode(), route, names, limits)
