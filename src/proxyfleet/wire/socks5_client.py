"""The client's side of SOCKS5 (RFC 1928, RFC 1929): how a tunnel through an upstream proxy is asked for.

Names travel as they are and are resolved by the proxy; one that does not fit into 255 bytes is an error and never
resolved here instead (CVE-2023-38545). Nothing of the tunnel is sent before the proxy has granted it.
"""

from collections.abc import Callable

from proxyfleet.wire.socks import CONNECT, IPV4, IPV6, LOGIN, LONGEST, NAME, NO_LOGIN, SocksError, SocksRefused, literal

_ADDRESS_BYTES = {IPV4: 4, IPV6: 16}


class Socks5Client:
    """Send `start`, then whatever `feed` gives, until `open`; what the target said by then is in `rest`."""

    __slots__ = ("_held", "_login", "_request", "_step", "open", "rest", "start")

    def __init__(self, host: str, port: int, login: tuple[str, str] | None = None) -> None:
        """Raises `SocksError` for a host or a login that the protocol cannot carry."""
        self._held = bytearray()
        self._login = b"" if login is None else _login_message(*login)
        self._request = bytes((5, CONNECT, 0)) + _address(host) + port.to_bytes(2)
        self._step: Callable[[Socks5Client], bytes | None] = Socks5Client._method
        self.open = False
        self.rest = b""
        self.start = bytes((5, 1, NO_LOGIN) if login is None else (5, 2, NO_LOGIN, LOGIN))

    def feed(self, data: bytes) -> bytes:
        """What is to be sent now, perhaps nothing. Raises `SocksRefused` for a no and `SocksError` for nonsense."""
        self._held += data
        out = b""
        while not self.open and (answer := self._step(self)) is not None:
            out += answer
        return out

    def _method(self) -> bytes | None:
        held = self._held
        if held and held[0] != 5:
            raise SocksError("socks_malformed")
        if len(held) < 2:
            return None
        method = held[1]
        del held[:2]
        if method == LOGIN and self._login:
            self._step = Socks5Client._verdict
            return self._login
        if method != NO_LOGIN:
            raise SocksRefused("login_refused", method)
        self._step = Socks5Client._reply
        return self._request

    def _verdict(self) -> bytes | None:
        held = self._held
        if len(held) < 2:
            return None
        # RFC 1929 numbers this answer 1; servers that say 5 exist and mean the same.
        if held[0] not in (1, 5):
            raise SocksError("socks_malformed")
        if held[1]:
            raise SocksRefused("login_refused", held[1])
        del held[:2]
        self._step = Socks5Client._reply
        return self._request

    def _reply(self) -> bytes | None:
        held = self._held
        if held and held[0] != 5:
            raise SocksError("socks_malformed")
        if len(held) >= 2 and held[1]:
            raise SocksRefused("refused", held[1])  # some say no in two bytes and close
        if len(held) < 5:
            return None
        size = 1 + held[4] if held[3] == NAME else _ADDRESS_BYTES.get(held[3])
        if held[2] or size is None:
            raise SocksError("socks_malformed")
        if len(held) < 4 + size + 2:
            return None
        self.rest = bytes(held[4 + size + 2 :])
        held.clear()
        self.open = True
        return b""


def _login_message(username: str, password: str) -> bytes:
    """An empty password is sent as such: there are accounts whose whole secret is the user name."""
    name, word = username.encode(), password.encode()
    if not 0 < len(name) <= LONGEST or len(word) > LONGEST:
        raise SocksError("login_too_long")
    return bytes((1, len(name))) + name + bytes((len(word),)) + word


def _address(host: str) -> bytes:
    packed = literal(host)
    if packed is not None:
        return bytes((IPV4 if len(packed) == 4 else IPV6,)) + packed
    name = host.encode()
    if not 0 < len(name) <= LONGEST:
        raise SocksError("host_too_long")
    return bytes((NAME, len(name))) + name
