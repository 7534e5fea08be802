"""The server's side of SOCKS5 (RFC 1928, RFC 1929): bytes of a client in, what it said out. CONNECT only.

Strict: every length 1 to 255, RSV zero, BIND and UDP refused with reply 7. Whether a login is right and where traffic
may go is decided elsewhere; so is what is sent, but for the last words of a refusal.
"""

from collections.abc import Callable
from typing import NamedTuple

from proxyfleet.wire.socks import (
    CONNECT,
    IPV4,
    IPV6,
    LOGIN,
    NAME,
    NO_LOGIN,
    NO_METHOD,
    Reply,
    SocksError,
    authority_of,
    reply5,
    text_of,
)

LOGIN_RIGHT, LOGIN_WRONG = b"\x01\x00", b"\x01\x01"


class Greeting(NamedTuple):
    """The client is there; `answer` chooses the method and is to be sent."""

    answer: bytes


class Login(NamedTuple):
    """To be answered with `LOGIN_RIGHT`, or with `LOGIN_WRONG` and an end."""

    username: bytes
    password: bytes

    def __repr__(self) -> str:
        return "Login(***)"


class Ask(NamedTuple):
    """A tunnel is wanted to `authority` (`host:port`, IPv6 in brackets, otherwise unchecked). `user_id` is SOCKS4's."""

    authority: bytes
    user_id: bytes = b""

    def __repr__(self) -> str:
        return f"Ask({self.authority!r})"


Said = Greeting | Login | Ask


class Socks5Server:
    """One handshake. After `Ask` what the client sent early is in `rest`."""

    __slots__ = ("_demanded", "_held", "_step", "rest")

    def __init__(self, *, demanded: bool) -> None:
        self._demanded = demanded
        self._held = bytearray()
        self._step: Callable[[Socks5Server], Said | None] = Socks5Server._greeting
        self.rest = b""

    def feed(self, data: bytes) -> Said | None:
        """The next thing said, None for "need more"; call again with b"" for what else is held. Raises `SocksError`."""
        self._held += data
        return self._step(self)

    def _greeting(self) -> Greeting | None:
        held = self._held
        if held and held[0] != 5:
            raise SocksError("socks_malformed")
        if len(held) < 2 or len(held) < 2 + held[1]:
            return None
        offered = self._take(2 + held[1])[2:]
        # A client that offers a login has one, and in its user name perhaps parameters.
        method = LOGIN if LOGIN in offered else NO_LOGIN if NO_LOGIN in offered and not self._demanded else NO_METHOD
        if method == NO_METHOD:
            raise SocksError("credentials_missing", bytes((5, NO_METHOD)))
        self._step = Socks5Server._login if method == LOGIN else Socks5Server._request
        return Greeting(bytes((5, method)))

    def _login(self) -> Login | None:
        held = self._held
        if len(held) < 2:
            return None
        if held[0] != 1 or not held[1]:
            raise SocksError("socks_malformed", LOGIN_WRONG)
        name_end = 2 + held[1]
        if len(held) <= name_end:
            return None
        if not held[name_end]:
            raise SocksError("socks_malformed", LOGIN_WRONG)
        end = name_end + 1 + held[name_end]
        if len(held) < end:
            return None
        message = self._take(end)
        self._step = Socks5Server._request
        return Login(message[2:name_end], message[name_end + 1 :])

    def _request(self) -> Ask | None:
        held = self._held
        if len(held) < 5:
            return None
        version, command, reserved, kind, length = held[:5]
        if version != 5 or reserved or (kind == NAME and not length):
            raise SocksError("socks_malformed", reply5(Reply.FAILED))
        size = {IPV4: 4, NAME: 1 + length, IPV6: 16}.get(kind)
        if size is None:
            raise SocksError("socks_address_type", reply5(Reply.BAD_ADDRESS_TYPE))
        if len(held) < 4 + size + 2:
            return None
        message = self._take(4 + size + 2)
        if command != CONNECT:
            raise SocksError("socks_command", reply5(Reply.BAD_COMMAND))
        host = message[5:-2] if kind == NAME else text_of(message[4:-2])
        self.rest = bytes(held)
        held.clear()
        return Ask(authority_of(host, int.from_bytes(message[-2:])))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
