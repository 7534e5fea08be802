"""The quick way to decide: batches of plain orders in one statement and one round trip. What it cannot settle it leaves alone.

Plain are claims of one lease without resource, key and shared exits, renewals and releases. Their whole meaning is
`deciding.Decider`; the function `decide_plain` in the database does what that does when the first candidate's pool has
room and the token is good.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from proxyfleet.core.lease import Holder, Lease
from proxyfleet.core.orders import Answer, Claim, Granted, Order, Release, Renew, Renewed
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL

Slot = tuple[int, int]
Line = tuple[int, int, int, int, int, str | None, str, float]
"""One order as the database takes it: pool, slot, place, fence (0: a claim), proxy, principal, label, ttl (0: a release)."""


class Batch:
    """`lines` by slot are tried, `left_out` orders (by their place) are not, `others` are further pools they may touch.

    `answers` are of orders about which there is nothing to decide.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.left_out: list[int] = []
        self.others: list[tuple[int, int]] = []
        self.answers: dict[int, Answer] = {}
        self._slots: set[Slot] = set()
        self._pools: Counter[int] = Counter()

    def add(self, line: Line) -> None:
        """A second order about the same slot depends on the first and is left out, as is one with an impossible fence."""
        slot = line[:2]
        self._pools[line[0]] += 1
        if slot in self._slots or line[3] < 0:
            self.left_out.append(line[2])
            self.others.append((line[2], line[0]))
        else:
            self._slots.add(slot)
            self.lines.append(line)

    def alone(self) -> list[bool]:
        """Of each line whether it is a claim and no other order is about its pool in the first place."""
        pools = self._pools
        return [line[3] == 0 and pools[line[0]] == 1 for line in self.lines]


class Settled(NamedTuple):
    """Answers by the place of their order, at the instant `now`."""

    now: float
    answers: dict[int, Answer]


def batch_of(orders: Sequence[Order]) -> Batch | None:
    """The orders as lines; None when one of them is not plain."""
    batch = Batch()
    for nth, order in enumerate(orders):
        if isinstance(order, Release):
            pool, slot, fence = order.token
            batch.add((pool, slot, nth, fence or -1, 0, order.principal, "", 0.0))
        elif isinstance(order, Claim):
            if order.wanted != 1 or order.resource is not None or order.key is not None or order.share_exits:
                return None
            _add_claim(batch, nth, order)
        elif isinstance(order, Renew):
            pool, slot, fence = order.token
            batch.add((pool, slot, nth, fence or -1 if order.ttl > 0 else -1, 0, order.principal, "", order.ttl))
        else:
            return None
    batch.lines.sort()
    return batch


def _add_claim(batch: Batch, nth: int, order: Claim) -> None:
    if not order.candidates:
        batch.answers[nth] = Granted(())
        return
    first = order.candidates[0]
    if len(order.candidates) > 1:
        batch.others += [(nth, one.pool) for one in order.candidates[1:] if one.pool != first.pool]
    batch.add((first.pool, first.slot, nth, 0, first.proxy_id, *order.holder, order.ttl))


async def decide(
    connection: Connection, batch: Batch, node: str, shift: float, *, contended: bool = False
) -> Settled | None:
    """What could be settled; None when nothing was, because the order of what was left alone matters.

    Where others are `contended` with, a slot that is taken is replaced by another one of its pool; looking for it costs a bit.
    """
    pools, slots, nths, *columns = map(list, zip(*batch.lines, strict=True))
    alone = batch.alone() if contended else [False] * len(nths)
    others = ([nth for nth, _ in batch.others], [pool for _, pool in batch.others])
    row = await connection.fetchrow(
        SQL["decide_plain"], node, shift, nths, pools, slots, *columns, alone, *others, batch.left_out
    )
    now, tangled, *told = row or (0.0, True)
    if tangled:
        return None
    leases = map(_lease, *told) if told[0] else iter(())
    return Settled(now, batch.answers | _answers(batch.lines, alone, leases))


def _answers(lines: Sequence[Line], alone: Sequence[bool], leases: Iterator[Lease]) -> dict[int, Answer]:
    """By place; lines and leases are both in the order of slots, and what is alone may have got another slot."""
    answers: dict[int, Answer] = {}
    lease = next(leases, None)
    for line, by_itself in zip(lines, alone, strict=True):
        if lease is not None and lease.pool == line[0] and (by_itself or lease.slot == line[1]):
            answers[line[2]] = Renewed(lease) if line[3] else Granted((lease,))
            lease = next(leases, None)
    return answers


def _lease(
    pool: int, slot: int, fence: int, proxy_id: int, principal: str, label: str, *rest: Any
) -> Lease:  # Any: session and two instants
    return Lease(pool, slot, fence, proxy_id, Holder(principal, label), None, *rest)
