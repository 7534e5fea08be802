"""Reads histories and says what a store has done that it must never do (R1, R2, R9). O(n log n) in the operations.

Every finding names the promise that was broken: `fence`, `overlap`, `capacity`, `pair`, `stale`, `lost`, `back`, `half`, `clock`.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tests.history.lives import EARLY, Deed, Held, Key, Life, Lives
from tests.history.reading import CapacityChange, Told

from proxyfleet.core.lease import FOREVER
from proxyfleet.core.lease import Held as Kind
from proxyfleet.ports import Standing


@dataclass(frozen=True)
class Verdict:
    """What was looked at and what was found."""

    operations: int
    leases: int
    assignments: int
    unanswered: int
    findings: tuple[str, ...]

    def __str__(self) -> str:
        seen = f"{self.operations:,} operations, {self.leases:,} leases, {self.assignments:,} assignments"
        return f"{seen}, {self.unanswered} batches without an answer: {len(self.findings)} violations"


def check(
    told: Told, standing: Standing | None, capacities: dict[int, int], exits: dict[int, str] | None = None
) -> Verdict:
    """`capacities` are those of the beginning; `standing` is what the store has at the end, with nobody running.

    `exits` are those that proxies share from beginning to end.
    """
    lives = Lives(told)
    findings = [
        *lives.problems,
        *slots(lives.leases.values()),
        *deeds(lives),
        *pools(lives.leases.values(), Capacities(told.changes, capacities), exits or {}),
        *pairs(lives),
        *(() if standing is None else (*left(lives, standing), *whole(standing))),
    ]
    assignments = sum(one.what == "assigned" for times in lives.holds.values() for one in times)
    return Verdict(lives.operations, len(lives.leases), assignments, len(lives.unanswered), tuple(findings))


# one slot --------------------------------------------------------------------------------------------------------------


def slots(lives: Iterable[Life]) -> Iterator[str]:
    """Fences grow with time, and no lease begins while the one before it runs."""
    by_slot: dict[Key, list[Life]] = defaultdict(list)
    for life in lives:
        if life.begun is not None:
            by_slot[life.lease.pool, life.lease.slot].append(life)
    for row in by_slot.values():
        row.sort(key=lambda life: life.lease.fence)
        for before, after in pairwise(row):
            assert before.begun is not None
            assert after.begun is not None
            if after.runs < before.begun[0]:
                yield f"fence: {after.lease.token} ran at {after.runs:.6f}, before {before.lease.token} began"
            elif before.end > after.runs:
                yield (
                    f"overlap: {after.lease.token} of {after.lease.holder} ran at {after.runs:.6f}, "
                    f"while {before.lease.token} of {before.lease.holder} ran until {before.end:.6f}"
                )


def deeds(lives: Lives) -> Iterator[str]:
    """What succeeded with a token was done by its principal while its lease ran, and ended it at most once."""
    later = Newer(lives.leases.values())
    claims = any(order[0] == "claim" for batch in lives.unanswered for order in batch.orders)
    for life in lives.leases.values():
        if life.begun is None:
            if life.deeds and not claims:
                yield f"stale: {life.deeds[0].what} of {life.lease.token}, which nobody was ever granted"
            continue
        yield from _deeds(life)
        for deed in life.deeds:
            if (newer := later.than(life, deed)) is not None:
                yield f"stale: {deed.what} of {life.lease.token} at {deed.at[0]:.6f}, after {newer} was granted"


def _deeds(life: Life) -> Iterator[str]:
    assert life.begun is not None
    token, over = life.lease.token, None
    for deed in life.deeds:
        where = f"{deed.what} of {token} at {deed.at[0]:.6f}"
        if deed.at < life.begun and deed.at[0] != life.begun[0]:
            yield f"stale: {where}, before it was granted"
        if deed.principal is not None and deed.principal != life.lease.holder.principal:
            yield f"stale: {where} by {deed.principal}, though it is of {life.lease.holder}"
        least, most = _expiry(life, deed)
        if over is not None and (deed.what != "renew" or over < deed.since or over == deed.at[0]):
            yield f"stale: {where}, after it had ended at {over:.6f}"
        elif most <= deed.since < life.maybe_renewed:
            yield f"stale: {where}, after it had expired at {most:.6f}"
        if deed.what == "renew" and deed.expires < least:
            yield f"stale: {where} shortened it from {least:.6f} to {deed.expires:.6f}"
        if deed.what != "renew":
            over = deed.at[0]


def _expiry(life: Life, deed: Deed) -> tuple[float, float]:
    """The expiry that was in force before the deed: at least, and at most, where their order is not known."""
    others = [one for one in life.deeds if one.what == "renew" and one is not deed]
    before = [one.expires for one in others if surely_before(one, deed)]
    perhaps = [one.expires for one in others if not surely_before(deed, one)]
    return max(before, default=life.lease.expires), max(perhaps, default=life.lease.expires)


def surely_before(one: Deed, other: Deed) -> bool:
    """Whether it must have come first, as far as is known when both happened."""
    if one.since == one.at[0] == other.since == other.at[0]:
        return one.at < other.at
    return one.at[0] < other.since


class Newer:
    """Which newer fence of a slot was granted before an instant."""

    def __init__(self, lives: Iterable[Life]) -> None:
        self._begun: dict[Key, list[tuple[int, float, str]]] = defaultdict(list)
        for life in lives:
            if life.begun is not None:
                row = life.lease
                self._begun[row.pool, row.slot].append((row.fence, life.runs, row.token))
        for rows in self._begun.values():
            rows.sort()

    def than(self, life: Life, deed: Deed) -> str | None:
        """The next higher fence, when it was granted before the deed."""
        rows = self._begun[life.lease.pool, life.lease.slot]
        nth = bisect_left(rows, (life.lease.fence + 1, 0.0, ""))
        return rows[nth][2] if nth < len(rows) and rows[nth][1] < deed.since else None


# one pool --------------------------------------------------------------------------------------------------------------


class Capacities:
    """What may have been in force at an instant: what was acknowledged last, or what was being changed, or tried since.

    A capacity may be in force from shortly before it is asked for until the next acknowledged one surely is. Each proxy is
    changed by one process at a time, so both ends only grow.
    """

    def __init__(self, changes: Iterable[CapacityChange], first: dict[int, int]) -> None:
        self._windows = {pool: [Window(0.0, FOREVER, most)] for pool, most in first.items()}
        for change in sorted(changes, key=lambda one: one.begun):
            windows = self._windows.setdefault(change.proxy_id, [Window(0.0, FOREVER, 0)])
            if change.done is not None:
                for nth in range(len(windows) - 1, -1, -1):
                    if windows[nth].until != FOREVER:
                        break
                    windows[nth] = windows[nth]._replace(until=change.done + EARLY)
            windows.append(Window(change.begun - EARLY, FOREVER, change.capacity))

    def most(self, pool: int, since: float, until: float) -> int:
        """The highest that may have been in force at any instant between."""
        windows = self._windows.get(pool, [Window(0.0, FOREVER, 0)])
        first = bisect_left(windows, since, key=lambda one: one.until)
        last = bisect_right(windows, until, key=lambda one: one.since)
        return max(one.capacity for one in windows[first:last])


class Window(NamedTuple):
    """A capacity and when it may have been in force."""

    since: float
    until: float
    capacity: int


def pools(lives: Iterable[Life], capacities: Capacities, exits: dict[int, str]) -> Iterator[str]:
    """No grant took a pool, or all those behind an exit that is shared, over the pool's capacity that was in force."""
    together: dict[int | str, list[Life]] = defaultdict(list)
    for life in lives:
        if life.begun is not None and life.end >= life.runs:
            together[exits.get(life.lease.pool, life.lease.pool)].append(life)
    for name, row in together.items():
        yield from _pool(name, row, capacities)


def _pool(name: int | str, lives: list[Life], capacities: Capacities) -> Iterator[str]:
    EXPIRES, DECIDED = 0, 1
    events: list[tuple[float, int, int, int, Life | None]] = []
    for life in lives:
        assert life.begun is not None
        events.append((life.runs, DECIDED, *life.begun[1:], life))
        if life.ended is not None and life.ended.at[0] == life.end:
            events.append((life.end, DECIDED, *life.ended.at[1:], None))
        else:
            events.append((life.end, EXPIRES, 0, 0, None))
    events.sort(key=lambda event: event[:4])
    running = 0
    for at, _, _, _, life in events:
        running += -1 if life is None else 1
        if life is None or life.by_reassigning or life.begun is None:
            continue
        most = capacities.most(life.lease.pool, life.begun[0], at)
        if running > most:
            yield f"capacity: {life.lease.token} is number {running} of {name} at {at:.6f}; {most} were allowed"


# one pair --------------------------------------------------------------------------------------------------------------


def pairs(lives: Lives) -> Iterator[str]:
    """A pair has one living holder: a reservation, an assignment, or nobody while it cools down."""
    by_pair: dict[tuple[int, str, str], list[Held]] = defaultdict(list)
    for pair, times in lives.holds.items():
        by_pair[pair] += times
    for life in lives.leases.values():
        row = life.lease
        if row.resource is not None and life.begun is not None and life.end >= life.runs:
            pair, holder = (row.proxy_id, row.resource, row.session), tuple(row.holder)
            by_pair[pair].append(Held(pair, row.token, holder, (life.runs, *life.begun[1:]), life.end))
    for pair, times in by_pair.items():
        times.sort(key=lambda one: one.begun)
        for before, after in pairwise(times):
            if before.end > after.begun[0]:
                yield (
                    f"pair: {pair} held by {after.holder} ({after.what}) from {after.begun[0]:.6f}, "
                    f"while {before.holder} ({before.what}) had it until {before.end:.6f}"
                )


# the end ---------------------------------------------------------------------------------------------------------------


def left(lives: Lives, standing: Standing) -> Iterator[str]:
    """What was acknowledged and should stand stands, and nothing else does than what an unanswered order may have done."""
    there = {((row.pool, row.slot), row.fence): row for row in standing.leases}
    for name, life in lives.leases.items():
        row = there.get(name)
        if life.begun is not None and life.end > standing.now + EARLY and life.maybe == FOREVER:
            if row is None:
                yield f"lost: {life.lease.token} of {life.lease.holder}, which runs until {life.end:.6f}"
            elif row.expires < life.expires:
                yield f"lost: {life.lease.token} ends at {row.expires:.6f}, though {life.expires:.6f} was acknowledged"
        if row is not None and life.ended is not None:
            yield f"back: {row.token} runs, though it ended at {life.ended.at[0]:.6f}"
    yield from _strangers(lives, standing)
    yield from _assignments(lives, standing)


def _strangers(lives: Lives, standing: Standing) -> Iterator[str]:
    """Leases nobody was told of come from orders that were not answered."""
    possible: Counter[tuple[str, str]] = Counter()
    for batch in lives.unanswered:
        for order in batch.orders:
            if order[0] == "claim":
                possible[order[1], order[2]] += order[5]
            elif order[0] == "reassign":
                possible[order[4], order[5]] += 1
    for row in standing.leases:
        life = lives.leases.get(((row.pool, row.slot), row.fence))
        if life is None or life.begun is None:
            possible[tuple(row.holder)] -= 1
            if possible[tuple(row.holder)] < 0:
                yield f"back: {row.token} of {row.holder} runs, though nobody asked for it"


def _assignments(lives: Lives, standing: Standing) -> Iterator[str]:
    stand = {hold.pair: hold for hold in standing.holds if hold.kind is Kind.ASSIGNMENT}
    tried = {(o[1], o[2], o[3]) for batch in lives.unanswered for o in batch.orders if o[0] in ("take", "give back")}
    for pair, times in lives.holds.items():
        last = max((one for one in times if one.what == "assigned"), key=lambda one: one.begun, default=None)
        hold = stand.pop(pair, None)
        if last is None or pair in tried:
            continue
        if last.end == FOREVER and (hold is None or tuple(hold.holder) != last.holder):
            yield f"lost: {pair} was assigned to {last.holder} at {last.begun[0]:.6f}; now it is {hold}"
        elif last.end < FOREVER and hold is not None:
            yield f"back: {pair} is assigned to {hold.holder}, though it was given back at {last.end:.6f}"
    for pair, hold in stand.items():
        if pair not in tried:
            yield f"back: {pair} is assigned to {hold.holder}, though nobody asked for it"


def whole(standing: Standing) -> Iterator[str]:
    """A reservation is a lease and a hold that name each other; no slot and no pair is there twice."""
    leases = {row.token: row for row in standing.leases}
    for name, number in Counter(row.id for row in standing.leases).items():
        if number > 1:
            yield f"half: slot {name} is there {number} times"
    reservations = {hold.token: hold for hold in standing.holds if hold.kind is Kind.RESERVATION}
    for token, hold in reservations.items():
        row = leases.get(token)
        mine = None if row is None else (row.proxy_id, row.resource, row.session, row.holder, row.expires)
        if mine != (*hold.pair, hold.holder, hold.until):
            yield f"half: the pair {hold.pair} is reserved by {token}, which is {row}"
    for token, row in leases.items():
        if row.resource is not None and token not in reservations:
            yield f"half: {token} reserves {row.resource}, but the pair is not held"
