"""The client's side of SOCKS4 and 4a: how a tunnel through such an upstream proxy is asked for.

A name travels as 4a has it and is resolved by the proxy. IPv6 addresses do not exist here. There is no password; the
user name is the user id.
"""

from proxyfleet.wire.socks import (
    CONNECT,
    GRANTED4,
    LONGEST,
    NO_IDENT4,
    REJECTED4,
    WRONG_IDENT4,
    SocksError,
    SocksRefused,
    literal,
)

NAMED = b"\0\0\0\x01"
"""The impossible address that announces a name (SOCKS4A)."""
ANSWER = 8


class Socks4Client:
    """Send `start`, feed the answer until `open`; what the target said by then is in `rest`."""

    __slots__ = ("_held", "open", "rest", "start")

    def __init__(self, host: str, port: int, user: str = "") -> None:
        """Raises `SocksError` for a host or a user that the protocol cannot carry."""
        user_id, packed = user.encode(), literal(host)
        if len(user_id) > LONGEST or b"\0" in user_id:
            raise SocksError("login_too_long")
        if packed is not None and len(packed) != 4:
            raise SocksError("no_ipv6")
        name = b"" if packed is not None else host.encode() + b"\0"
        if len(name) > LONGEST + 1 or b"\0" in name[:-1]:
            raise SocksError("host_too_long")
        self._held = bytearray()
        self.open = False
        self.rest = b""
        self.start = bytes((4, CONNECT)) + port.to_bytes(2) + (packed or NAMED) + user_id + b"\0" + name

    def feed(self, data: bytes) -> bytes:
        """Nothing more is to be sent. Raises `SocksRefused` for a no and `SocksError` for nonsense."""
        held = self._held
        held += data
        if held and held[0] != 0:
            raise SocksError("socks_malformed")
        if len(held) >= 2 and held[1] != GRANTED4:
            if held[1] in (NO_IDENT4, WRONG_IDENT4):
                raise SocksRefused("login_refused", held[1])
            raise SocksRefused("refused", held[1]) if held[1] == REJECTED4 else SocksError("socks_malformed")
        if len(held) >= ANSWER:
            self.rest = bytes(held[ANSWER:])
            held.clear()
            self.open = True
        return b""
