"""The server's side of SOCKS4 and 4a: the one message of a client in, where it wants to go out. CONNECT only.

The user id and the host name end with a NUL and hold at most 255 bytes each, so that a client cannot make us collect.
"""

from proxyfleet.wire.socks import CONNECT, LONGEST, REJECTED4, SocksError, authority_of, reply4, text_of
from proxyfleet.wire.socks5_server import Ask

HEADER = 8


class Socks4Server:
    """One handshake. After `Ask` what the client sent early is in `rest`."""

    __slots__ = ("_held", "rest")

    def __init__(self) -> None:
        self._held = bytearray()
        self.rest = b""

    def feed(self, data: bytes) -> Ask | None:
        """None for "need more". Raises `SocksError` with the answer to send."""
        held = self._held
        held += data
        if held and held[0] != 4:
            raise SocksError("socks_malformed")
        if len(held) < HEADER:
            return None
        user_end = self._end_of_text(HEADER)
        named = held[4:7] == b"\0\0\0" and held[7] != 0
        end = self._end_of_text(user_end + 1) if named and user_end >= 0 else user_end
        if end < 0:
            return None
        return self._ask(user_end, end, named=named)

    def _end_of_text(self, start: int) -> int:
        """Where the NUL is, -1 while it has not come."""
        end = self._held.find(b"\0", start, start + LONGEST + 1)
        if end < 0 and len(self._held) > start + LONGEST:
            raise SocksError("socks_malformed", reply4(REJECTED4))
        return end

    def _ask(self, user_end: int, end: int, *, named: bool) -> Ask:
        held = self._held
        if held[1] != CONNECT:
            raise SocksError("socks_command", reply4(REJECTED4))
        host = bytes(held[user_end + 1 : end]) if named else text_of(bytes(held[4:8]))
        if not host:
            raise SocksError("socks_malformed", reply4(REJECTED4))
        ask = Ask(authority_of(host, int.from_bytes(held[2:4])), bytes(held[HEADER:user_end]))
        self.rest = bytes(held[end + 1 :])
        held.clear()
        return ask
