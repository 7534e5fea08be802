"""What the requests of one connection have in common while their fields repeat, byte for byte: worked out once, used again.

Holds for plain requests without a body to one destination. Who asks and where it may go is still looked at each time.
"""

from typing import NamedTuple

from proxyfleet.gateway.places import Place, Places
from proxyfleet.gateway.terms import Terms
from proxyfleet.wire.forward import upstream_fields, wants_close
from proxyfleet.wire.http1_head import RequestHead

LONGEST = 2048
"""Bytes of an answer's head that are remembered at most."""
FORBIDDEN = (b"expect", b"max-forwards")
"""Fields whose meaning depends on the request line."""


class Usual:
    """`special` are the very fields it was made of (`wire.http1_repeat` gives the same object again while they repeat).

    `fields` is what goes on to the upstream proxy; `closes`: the client wants no further request on its connection.
    """

    __slots__ = ("_prefix", "closes", "fields", "place", "special", "terms")

    def __init__(self, head: RequestHead, place: Place, terms: Terms) -> None:
        special = head.special
        self._prefix = b"http://" + special.get(b"host", b"") + b"/"
        self.special = special
        self.place = place
        self.fields = upstream_fields(head, place.wire, 0)
        self.closes = wants_close(head)
        self.terms = terms

    @classmethod
    def of(cls, head: RequestHead, place: Place, framing: int, terms: Terms) -> "Usual | None":
        """None for requests whose fields do not say everything, or that are not of HTTP/1.1."""
        special = head.special
        if framing or head.version < 11 or b"host" not in special or any(name in special for name in FORBIDDEN):
            return None
        return cls(head, place, terms)

    def path(self, head: RequestHead, places: Places) -> bytes | None:
        """The path of an absolute-form target of the same destination; None where that has to be looked at."""
        prefix = self._prefix
        _, target, version, _, _ = head
        if version < 11 or not target.startswith(prefix) or target.find(b"#") >= 0:
            return None
        if places.plain.get(self.special[b"host"]) is not self.place:
            return None
        return target[len(prefix) - 1 :]


class UsualAnswer(NamedTuple):
    """An answer whose head `raw` was passed on as `start`, with `length` bytes of body after it, both connections staying.

    For requests of HTTP/1.1 other than HEAD. Holds as long as the next head is the same, byte for byte.
    """

    raw: bytes
    start: bytes
    length: int
