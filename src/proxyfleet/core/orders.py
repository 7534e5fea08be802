"""What can be asked of whoever decides about claims, and how it answers. Asked in batches: one bad order never spoils others.

Plain values; the meaning of each order is `stores.deciding`, which every store keeps to.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from proxyfleet.core.lease import SLOT_BITS, Held, Hold, Holder, Lease, Token

SHORTEST, LONGEST = 1.0, 7 * 86_400.0
"""Seconds that a lease may last (SPEC rule 2)."""
KEY_AFTERLIFE = 600.0
"""Seconds that an idempotency key outlives its lease (SPEC rule 3)."""


class Candidate(NamedTuple):
    """A slot that a node believes to be free. `capacity` and `until` (expiry of the proxy) are what the node knows of it.

    A store that keeps the inventory itself looks there instead.
    """

    pool: int
    slot: int
    proxy_id: int
    capacity: int
    until: float
    rotating: bool = False

    @property
    def key(self) -> int:
        """The slot as one number."""
        return self.pool << SLOT_BITS | self.slot


class Claim(NamedTuple):
    """`wanted` leases among the candidates, best first. With `resource` they are reservations of pairs nobody else holds.

    `key` makes a repeat answer with the same leases; `arguments` tells whether it is a repeat or another question. With
    `share_exits` all leases behind a proxy's measured exit count against its capacity.
    """

    holder: Holder
    candidates: tuple[Candidate, ...]
    ttl: float
    wanted: int = 1
    all_or_nothing: bool = False
    resource: str | None = None
    key: str | None = None
    arguments: str = ""
    share_exits: bool = False


class Renew(NamedTuple):
    """At least `ttl` seconds more from now; never shortens. Refused after the expiry, taken again or not."""

    token: Token
    principal: str
    ttl: float


class Release(NamedTuple):
    """Give a lease back; once is enough, a second time is a stale token. `principal` None is the operator."""

    token: Token
    principal: str | None


class Sweep(NamedTuple):
    """Release every running lease that fits all that is given; at least one of them must be. Answered with `Swept`."""

    principal: str | None = None
    label: str | None = None
    proxy_id: int | None = None
    resource: str | None = None
    reservations_only: bool = False


class Reassign(NamedTuple):
    """Another holder from now on, by the operator: a new fence, so that the old token is stale."""

    token: Token
    holder: Holder


class Take(NamedTuple):
    """Assign the pair for good; an own reservation of it turns into the assignment. `session` for rotating proxies."""

    proxy_id: int
    resource: str
    holder: Holder
    session: str = ""


class GiveBack(NamedTuple):
    """End an assignment. `force` is the operator; for `reuse_after` seconds nobody may hold the pair again."""

    proxy_id: int
    resource: str
    holder: Holder
    session: str = ""
    force: bool = False
    reuse_after: float = 0.0


Order: TypeAlias = Claim | Renew | Release | Sweep | Reassign | Take | GiveBack


class Obstacle(NamedTuple):
    """Why a candidate was not granted. `by` has the pair until `until`; `leases` are what fills the pool, as news for the node."""

    candidate: Candidate
    code: str
    until: float = 0.0
    by: Holder | None = None
    leases: tuple[Lease, ...] = ()


class Granted(NamedTuple):
    """What a `Claim` got: up to `wanted` leases, perhaps none, and why the candidates that were tried failed."""

    leases: tuple[Lease, ...]
    obstacles: tuple[Obstacle, ...] = ()
    repeated: bool = False


class Renewed(NamedTuple):
    """The lease as it stands now: after `Renew` and `Reassign`, and at its end after `Release`."""

    lease: Lease


class Swept(NamedTuple):
    """The leases that a `Sweep` has ended."""

    leases: tuple[Lease, ...]


class Taken(NamedTuple):
    """The pair after `Take` or `GiveBack`; `lease` is the reservation that turned into the assignment and has ended."""

    hold: Hold
    lease: Lease | None = None


class Refused(NamedTuple):
    """`code` is stable; `until` and `by` tell who is in the way and until when, where somebody is."""

    code: str
    until: float = 0.0
    by: Holder | None = None


Answer: TypeAlias = Granted | Renewed | Swept | Taken | Refused


class Decided(NamedTuple):
    """The answers to a batch, in order; `now` is the store's clock when it decided; `holds` are the pairs it has changed."""

    now: float
    answers: list[Answer]
    holds: Sequence[Hold] = ()


def as_list(row: Lease | Hold) -> list[Any]:  # Any: a row holds values of several types
    """The row as JSON can hold it, for feeds and keys; `lease_of` and `hold_of` read it."""
    return [list(value) if isinstance(value, Holder) else value for value in row]


def lease_of(row: list[Any]) -> Lease:
    """Reads what `as_list` wrote of a lease."""
    return Lease(row[0], row[1], row[2], row[3], Holder(*row[4]), *row[5:])


def hold_of(row: list[Any]) -> Hold:
    """Reads what `as_list` wrote of a hold."""
    return Hold(row[0], row[1], row[2], Held(row[3]), Holder(*row[4]), *row[5:])
