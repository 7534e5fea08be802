"""The SOCKS faces of a lab proxy: SOCKS4 and 4a, and SOCKS5 (RFC 1928, 1929) with CONNECT only.

Reads its few fixed fields itself, for the reason given in `head`; BIND and UDP are refused with reply 7.
"""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from .client import ClientSide
from .judging import WRONG_CREDENTIALS, Ask, Refusal
from .outbound import Outbound

if TYPE_CHECKING:
    from .proxy import LabProxy

MAX_TEXT = 255
"""Bytes of a SOCKS4 user id or host name."""
NOWHERE = b"\x00\x01\x00\x00\x00\x00\x00\x00"
IPV4, NAME, IPV6 = 1, 3, 4
NOT_SUPPORTED, BAD_ADDRESS_TYPE = 7, 8


class Socks4Side(ClientSide):
    """One request: version, command, port, address, user id, and for 4a a host name."""

    def advance(self) -> None:
        if len(self.buffer) < 9:
            return
        fields = bytes(self.buffer[8:]).split(b"\x00", 2)
        named = self.buffer[4:7] == b"\x00\x00\x00" and self.buffer[7] != 0
        texts = 2 if named else 1
        if len(fields) <= texts:
            if len(self.buffer) > 2 * MAX_TEXT + 10:
                self.transport.close()
            return
        version, command, port = self.buffer[0], self.buffer[1], int.from_bytes(self.buffer[2:4])
        host = fields[1].decode("latin-1").lower() if named else str(ip_address(bytes(self.buffer[4:8])))
        username = fields[0].decode("utf-8", "replace")
        del self.buffer[: 8 + sum(len(text) + 1 for text in fields[:texts])]
        if version != 4:
            self.transport.close()
        elif command != 1:
            self.turn_away(Refusal(501, "only CONNECT", NOT_SUPPORTED))
        else:
            self.ask(Ask(host, port, username))

    def reached(self, far: Outbound) -> None:
        self.start_tunnel(far, b"\x00\x5a" + bytes(6))

    def refuse(self, refusal: Refusal) -> None:
        code = b"\x5d" if refusal is WRONG_CREDENTIALS else b"\x5b"
        self.waiting = True
        self.transport.write(b"\x00" + code + bytes(6))
        self.transport.close()


class Socks5Side(ClientSide):
    """Greeting, perhaps user name and password, request."""

    def __init__(self, proxy: "LabProxy") -> None:
        super().__init__(proxy)
        self._read = self._greeting
        self._who: tuple[str, str] | tuple[None, None] = (None, None)

    def advance(self) -> None:
        while not self.waiting and not self.tunnelling and self._read():
            pass

    def _take(self, size: int) -> bytes | None:
        if len(self.buffer) < size:
            return None
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def _greeting(self) -> bool:
        if len(self.buffer) < 2 or (greeting := self._take(2 + self.buffer[1])) is None:
            return False
        offered = greeting[2:]
        wanted = 0 if self.proxy.behaviour.username is None and 0 in offered else 2
        if greeting[0] != 5:
            self._end(b"")
        elif wanted not in offered:
            self.proxy.count_refusal(WRONG_CREDENTIALS)
            self._end(b"\x05\xff")
        else:
            self.transport.write(bytes((5, wanted)))
            self._read = self._credentials if wanted else self._request
        return not self.waiting

    def _credentials(self) -> bool:
        name_end = 2 + self.buffer[1] if len(self.buffer) >= 2 else 0
        if not name_end or len(self.buffer) <= name_end:
            return False
        if (message := self._take(name_end + 1 + self.buffer[name_end])) is None:
            return False
        self._who = (message[2:name_end].decode("utf-8", "replace"), message[name_end + 1 :].decode("utf-8", "replace"))
        refusal = self.proxy.check(*self._who)
        if refusal is None:
            self.transport.write(b"\x01\x00")
            self._read = self._request
        else:
            self.proxy.count_refusal(refusal)
            self._end(b"\x01\x01")
        return refusal is None

    def _request(self) -> bool:
        if len(self.buffer) < 5:
            return False
        kind = self.buffer[3]
        size = {IPV4: 4, NAME: 1 + self.buffer[4], IPV6: 16}.get(kind, 0)
        if not size:
            self.turn_away(Refusal(400, "unknown address type", BAD_ADDRESS_TYPE))
            return False
        if (message := self._take(4 + size + 2)) is None:
            return False
        address, port = message[4:-2], int.from_bytes(message[-2:])
        host = address[1:].decode("latin-1").lower() if kind == NAME else str(ip_address(address))
        if message[1] != 1:
            self.turn_away(Refusal(501, "only CONNECT", NOT_SUPPORTED))
        else:
            self.ask(Ask(host, port, *self._who))
        return True

    def _end(self, last_words: bytes) -> None:
        self.waiting = True
        self.transport.write(last_words)
        self.transport.close()

    def reached(self, far: Outbound) -> None:
        self.start_tunnel(far, b"\x05\x00" + NOWHERE)

    def refuse(self, refusal: Refusal) -> None:
        self._end(bytes((5, refusal.reply)) + NOWHERE)
