"""What claims are made of: who holds what until when (SPEC, the words lease, reservation, assignment; rules 1 to 5).

Frozen values without behaviour beyond reading and writing their own text form. Who decides about them lives elsewhere.
"""

import re
from enum import StrEnum
from typing import NamedTuple

ENDED = 0.0
"""The expiry of a lease that was released."""
FOREVER = float("inf")
SESSION = "session "
"""How the label of a lease begins that is a session of the gateway; its name follows."""
SLOT_BITS = 20
"""Slot numbers are below the largest capacity, which is below 2**20."""
_TOKEN = re.compile(r"([0-9]{1,10})x([0-9]{1,7})\.([0-9]{1,18})")


class Holder(NamedTuple):
    """Who holds: the principal that a token has proved, and a free label of its own (SPEC rule 3)."""

    principal: str
    label: str = ""

    def __str__(self) -> str:
        return f"{self.principal}/{self.label}" if self.label else self.principal


class Lease(NamedTuple):
    """One claim on one slot. `pool` is the capacity group, named after its leading proxy; by default the proxy itself.

    `expires` is an instant of the clock of whoever tells it: the store's in a store, the node's in a node. `session` is
    the upstream session of a rotating proxy, else empty. `resource` makes it a reservation.
    """

    pool: int
    slot: int
    fence: int
    proxy_id: int
    holder: Holder
    resource: str | None
    session: str
    granted: float
    expires: float

    @property
    def id(self) -> str:
        """Names the slot, `17x3`; together with the fence it names this lease and no other."""
        return f"{self.pool}x{self.slot}"

    @property
    def token(self) -> str:
        """`17x3.42`: id and fence, as the gateway and every verb take it."""
        return f"{self.pool}x{self.slot}.{self.fence}"

    @property
    def key(self) -> int:
        """The slot as one number."""
        return self.pool << SLOT_BITS | self.slot


class Token(NamedTuple):
    """A lease as its holder names it."""

    pool: int
    slot: int
    fence: int

    @property
    def key(self) -> int:
        """The slot as one number."""
        return self.pool << SLOT_BITS | self.slot

    def __str__(self) -> str:
        return f"{self.pool}x{self.slot}.{self.fence}"

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        """The token that the text names; None when it is none."""
        found = _TOKEN.fullmatch(text)
        return None if found is None else cls(int(found[1]), int(found[2]), int(found[3]))


class Held(StrEnum):
    """How a (proxy, resource) pair is held. `cooling`: given back, not to be used again yet. `free`: nobody holds it."""

    RESERVATION = "reservation"
    ASSIGNMENT = "assignment"
    COOLING = "cooling"
    FREE = "free"


class Hold(NamedTuple):
    """Who holds the pair (proxy, resource), of a rotating proxy also the session. `version` grows with every change.

    `token` names the lease of a reservation, and is empty for the other kinds.
    """

    proxy_id: int
    resource: str
    session: str
    kind: Held
    holder: Holder
    since: float
    until: float
    version: int
    token: str = ""

    @property
    def pair(self) -> tuple[int, str, str]:
        """What is held."""
        return self.proxy_id, self.resource, self.session

    def stands(self, now: float) -> bool:
        """Whether the pair is taken at that instant."""
        return self.kind is not Held.FREE and self.until > now


def later(one: Lease, other: Lease) -> Lease:
    """Of two states of one slot the one that came later, in whatever order they are told.

    A higher fence wins; of one fence the end wins, for a lease never comes back; else the later expiry, for renewing
    never shortens. So news of several nodes may arrive in any order and more than once.
    """
    if one.fence != other.fence:
        return one if one.fence > other.fence else other
    if ENDED in (one.expires, other.expires):
        return one if one.expires == ENDED else other
    return one if one.expires >= other.expires else other
