"""Orders as the script reads them, and its answers as values: both JSON. Pure.

Texts inside orders (holders, resources, sessions) are JSON again: the script keeps and compares them, and never reads them.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from proxyfleet.core.lease import Held, Hold, Holder, Lease
from proxyfleet.core.orders import (
    Answer,
    Claim,
    Decided,
    GiveBack,
    Granted,
    Obstacle,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Take,
    Taken,
)
from proxyfleet.stores.redis.keys import micros, seconds

Row = list[Any]
"""Any: what JSON gives; a row holds values of several types, which the scripts' formats guarantee."""


@lru_cache(maxsize=65_536)
def quoted(text: str) -> str:
    """The text as JSON."""
    return json.dumps(text)


def holder_text(holder: Holder) -> str:
    """A holder as it is kept."""
    return f"[{quoted(holder.principal)},{quoted(holder.label)}]"


def principal_head(principal: str | None) -> str | bool:
    """How the text of every holder of that principal begins; false fits all."""
    return False if principal is None else f"[{quoted(principal)},"


def _optional(text: str | None) -> str | bool:
    return False if text is None else quoted(text)


def _claim(order: Claim) -> Row:
    key = False if order.key is None else f"[{quoted(order.holder.principal)},{quoted(order.key)}]"
    candidates = [candidate[:3] for candidate in order.candidates]
    whole, resource = order.all_or_nothing, _optional(order.resource)
    ttl = micros(order.ttl)
    head = [1, holder_text(order.holder), ttl, order.wanted, whole, resource, key]
    return [*head, order.arguments, candidates, order.share_exits]


def _renew(order: Renew) -> Row:
    return [2, *order.token, principal_head(order.principal), micros(order.ttl)]


def _release(order: Release) -> Row:
    return [3, *order.token, principal_head(order.principal)]


def _sweep(order: Sweep) -> Row:
    label = False if order.label is None else f",{quoted(order.label)}]"
    proxy = False if order.proxy_id is None else order.proxy_id
    return [4, principal_head(order.principal), label, proxy, _optional(order.resource), order.reservations_only]


def _reassign(order: Reassign) -> Row:
    return [5, *order.token, holder_text(order.holder)]


def _take(order: Take) -> Row:
    return [6, order.proxy_id, quoted(order.resource), holder_text(order.holder), quoted(order.session)]


def _give_back(order: GiveBack) -> Row:
    pair = [order.proxy_id, quoted(order.resource)]
    return [7, *pair, holder_text(order.holder), quoted(order.session), order.force, micros(order.reuse_after)]


_WRITERS: dict[type, Callable[[Any], Row]] = {
    Claim: _claim,
    Renew: _renew,
    Release: _release,
    Sweep: _sweep,
    Reassign: _reassign,
    Take: _take,
    GiveBack: _give_back,
}
"""Any: each writer takes its own kind of order."""


def orders_text(orders: Sequence[Order]) -> str:
    """A batch, for the script."""
    return json.dumps([_WRITERS[type(order)](order) for order in orders], separators=(",", ":"))


def lease_of(row: Row) -> Lease:
    """The lease that a script has told."""
    pool, slot, fence, proxy_id, holder, resource, session, granted, expires = row
    return Lease(pool, slot, fence, proxy_id, Holder(*holder), resource, session, seconds(granted), seconds(expires))


def hold_of(row: Row) -> Hold:
    """The hold that a script has told."""
    proxy_id, resource, session, kind, holder, since, until, version, token = row
    who, of_kind = Holder(*holder), Held(kind)
    return Hold(proxy_id, resource, session, of_kind, who, seconds(since), seconds(until), version, token)


def row_of(row: Row) -> Lease | Hold:
    """Leases begin with four numbers, holds have a name in second place."""
    return hold_of(row) if isinstance(row[1], str) else lease_of(row)


def _holder(row: Row | None) -> Holder | None:
    return None if row is None else Holder(*row)


def _granted(order: Order, told: Row) -> Answer:
    leases, obstacles, repeated = told
    assert isinstance(order, Claim)  # noqa: S101 - the script answers in order
    met: list[Obstacle] = []
    for nth, code, until, by, rows in obstacles:
        # What fills a pool is told once; a number names the obstacle that has told it.
        filling = met[rows].leases if isinstance(rows, int) else tuple(map(lease_of, rows))
        met.append(Obstacle(order.candidates[nth], code, seconds(until), _holder(by), filling))
    return Granted(tuple(map(lease_of, leases)), tuple(met), repeated == 1)


def _taken(_: Order, told: Row) -> Answer:
    hold, lease = told
    return Taken(hold_of(hold), None if lease is None else lease_of(lease))


def _refused(_: Order, told: Row) -> Answer:
    code, until, by = told
    return Refused(code, seconds(until), _holder(by))


_READERS: tuple[Callable[[Order, Row], Answer], ...] = (
    _granted,
    lambda _, told: Renewed(lease_of(told[0])),
    lambda _, told: Swept(tuple(map(lease_of, told[0]))),
    _taken,
    _refused,
)


def decided(orders: Sequence[Order], text: bytes | str) -> tuple[Decided, int]:
    """The answers to that batch, and the number of its entry in the feed."""
    now, seq, answers, holds = json.loads(text)
    told = [_READERS[answer[0]](order, answer[1:]) for order, answer in zip(orders, answers, strict=True)]
    return Decided(seconds(now), told, [hold_of(row) for row in holds]), seq


def adopted_lease(row: Lease) -> Row:
    """A lease of another store, for `scripts/adopt.lua`."""
    resource = "null" if row.resource is None else quoted(row.resource)
    texts = [holder_text(row.holder), resource, quoted(row.session)]
    return [row.pool, row.slot, row.fence, row.proxy_id, *texts, micros(row.granted), micros(row.expires)]


def adopted_hold(row: Hold) -> Row:
    """A hold of another store, for `scripts/adopt.lua`."""
    pair = f"{row.proxy_id},{quoted(row.resource)},{quoted(row.session)}"
    return [pair, row.kind, holder_text(row.holder), micros(row.since), micros(row.until), row.version, row.token]
