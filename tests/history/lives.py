"""From batches to lives: what is known of every lease and of every time that a pair was held.

What was not acknowledged may have happened: it can only excuse. `maybe` is the earliest instant at which an unanswered
order may have ended a life; nothing is concluded about the time behind it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.history.reading import Batch, Told

from proxyfleet.core.lease import FOREVER, Lease
from proxyfleet.core.orders import hold_of, lease_of

EARLY = 0.01
"""Seconds by which a store's clock may be behind the one that processes write down before they ask."""
Key = tuple[int, int]
Pair = tuple[int, str, str]
Moment = tuple[float, int, int]
"""(store's instant, batch, place in the batch): batches of one instant have no known order but their own."""


@dataclass(slots=True)
class Deed:
    """An acknowledged success that names a lease: `renew`, `release`, `sweep`, `take` or `reassign`.

    It happened between `since` and `at`, which are the same where the store is exact.
    """

    what: str
    since: float
    at: Moment
    expires: float
    principal: str | None = None


@dataclass(slots=True)
class Life:
    """One lease: slot and fence. `begun` is None when its grant was never acknowledged; it ran at `runs` for certain."""

    lease: Lease
    begun: Moment | None
    runs: float = 0.0
    by_reassigning: bool = False
    deeds: list[Deed] = field(default_factory=list)
    maybe: float = FOREVER
    maybe_renewed: float = FOREVER
    ended: Deed | None = None
    expires: float = 0.0

    @property
    def end(self) -> float:
        """Until when it runs for certain."""
        return min(self.ended.since if self.ended else self.expires, self.maybe)


@dataclass(slots=True)
class Held:
    """One time a pair was held for good, or may not be used again yet."""

    pair: Pair
    what: str
    holder: tuple[str, str]
    begun: Moment
    ended: float
    maybe: float = FOREVER

    @property
    def end(self) -> float:
        """Until when it is held for certain."""
        return min(self.ended, self.maybe)


class Lives:
    """`problems` are contradictions met while reading."""

    def __init__(self, told: Told) -> None:
        self.leases: dict[tuple[Key, int], Life] = {}
        self.holds: dict[Pair, list[Held]] = defaultdict(list)
        self.unanswered: list[Batch] = []
        self.problems: list[str] = []
        self.operations = 0
        self._exact = told.exact
        answered = [batch for batch in told.batches if batch.answers is not None]
        answered.sort(key=lambda batch: batch.now or 0.0)
        for number, batch in enumerate(answered):
            self._answered(batch, number)
        for batch in told.batches:
            if batch.answers is None:
                self._unanswered(batch)
        for life in self.leases.values():
            self._finish(life)

    # what was acknowledged ----------------------------------------------------------------------------------------

    def _answered(self, batch: Batch, number: int) -> None:
        assert batch.now is not None
        assert batch.answers is not None
        if batch.now < batch.after:
            self.problems.append(f"clock: decided at {batch.now:.6f}, though asked after {batch.after:.6f} was told")
        if len(batch.answers) != len(batch.orders):
            self.problems.append(f"answers: {len(batch.orders)} orders got {len(batch.answers)}")
        since, until = (batch.now, batch.now) if self._exact else (batch.wall - EARLY, batch.answered + EARLY)
        for place, (order, answer) in enumerate(zip(batch.orders, batch.answers, strict=False)):
            self.operations += 1
            self._take_in(order, answer, since, (until, number, place))

    def _take_in(self, order: list[Any], answer: list[Any], since: float, at: Moment) -> None:
        kind = answer[0]
        if kind == "granted":
            for row in answer[2]:
                lease = lease_of(row)
                if not answer[1] and not since <= lease.granted <= at[0]:
                    self.problems.append(
                        f"clock: {lease.token} granted at {lease.granted:.6f} by a batch of {at[0]:.6f}"
                    )
                self._grant(lease, (lease.granted, *at[1:]), at[0], repeated=answer[1])
        elif kind == "renewed":
            self._renewed(order, lease_of(answer[1]), since, at)
        elif kind == "swept":
            for row in answer[1]:
                self._deed(lease_of(row), Deed("sweep", since, at, 0.0))
        elif kind == "taken":
            self._taken(order, answer, at)

    def _grant(self, lease: Lease, at: Moment, runs: float, *, repeated: bool, reassigned: bool = False) -> None:
        known = self.leases.get(((lease.pool, lease.slot), lease.fence))
        if repeated:
            if known is None:
                self.leases[(lease.pool, lease.slot), lease.fence] = Life(lease, None, expires=lease.expires)
            return
        if known is not None and known.begun is not None:
            self.problems.append(f"fence: {lease.token} was granted twice, at {known.begun[0]:.6f} and {at[0]:.6f}")
            return
        life = Life(lease, at, runs, reassigned, expires=lease.expires)
        if known is not None:
            life.deeds = known.deeds
        self.leases[(lease.pool, lease.slot), lease.fence] = life

    def _renewed(self, order: list[Any], lease: Lease, since: float, at: Moment) -> None:
        verb, _, _, fence, principal, *_ = order
        if verb == "reassign":
            self._deed(lease._replace(fence=fence), Deed("reassign", since, at, 0.0))
            self._grant(lease, (since, *at[1:]), at[0], repeated=False, reassigned=True)
        else:
            self._deed(lease, Deed(verb, since, at, lease.expires, principal))

    def _taken(self, order: list[Any], answer: list[Any], at: Moment) -> None:
        hold = hold_of(answer[1])
        at = (hold.since, *at[1:])  # the instant of the decision itself, also where a pair was taken before
        times = self.holds[hold.pair]
        if order[0] == "take":
            if answer[2] is not None:
                self._deed(lease_of(answer[2]), Deed("take", hold.since, at, 0.0, hold.holder.principal))
            if not any(one.what == "assigned" and one.begun[0] == hold.since for one in times):
                times.append(Held(hold.pair, "assigned", tuple(hold.holder), at, FOREVER))
            return
        for one in times:
            if one.what == "assigned" and one.begun < at and one.ended == FOREVER:
                one.ended = at[0]
        if hold.kind == "cooling":
            times.append(Held(hold.pair, "cooling", ("", ""), at, hold.until))

    def _deed(self, lease: Lease, deed: Deed) -> None:
        name = (lease.pool, lease.slot), lease.fence
        if name not in self.leases:
            self.leases[name] = Life(lease, None, expires=lease.expires)
        self.leases[name].deeds.append(deed)

    # what was not -------------------------------------------------------------------------------------------------

    def _unanswered(self, batch: Batch) -> None:
        self.unanswered.append(batch)
        since = batch.wall - EARLY
        for order in batch.orders:
            for life in self._touched(order):
                if order[0] == "renew":
                    life.maybe_renewed = min(life.maybe_renewed, since)
                else:
                    life.maybe = min(life.maybe, since)
            if order[0] == "give back":
                for held in self.holds.get((order[1], order[2], order[3]), ()):
                    held.maybe = min(held.maybe, since)

    def _touched(self, order: Sequence[Any]) -> Iterator[Life]:
        """Leases that an order may have changed."""
        if order[0] in ("renew", "release", "reassign"):
            if life := self.leases.get(((order[1], order[2]), order[3])):
                yield life
        elif order[0] == "take":
            yield from (
                one for one in self.leases.values() if one.lease[3] == order[1] and one.lease.resource == order[2]
            )
        elif order[0] == "sweep":
            yield from (one for one in self.leases.values() if _swept(order, one.lease))

    def _finish(self, life: Life) -> None:
        life.deeds.sort(key=lambda deed: deed.at)
        for deed in life.deeds:
            if deed.what == "renew":
                life.expires = max(life.expires, deed.expires)
            elif life.ended is None:
                life.ended = deed


def _swept(order: Sequence[Any], lease: Lease) -> bool:
    _, principal, label, proxy_id, resource, only = order
    return (
        principal in (None, lease.holder.principal)
        and label in (None, lease.holder.label)
        and proxy_id in (None, lease.proxy_id)
        and resource in (None, lease.resource)
        and not (only and lease.resource is None)
    )
