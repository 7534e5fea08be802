"""`best_reputation`, `best_health`, `fastest_response`: the best level first, any proxy of that level with the same chance.

Levels are coarse on purpose (a point of reputation, a hundredth of health, a tenth of response time), so that equals
share the work. Proxies that are not proven yet rank below all proven ones (SPEC rule 6).
"""

from collections.abc import Iterable, Sequence
from math import log
from typing import ClassVar

from proxyfleet.core.buckets import Buckets
from proxyfleet.core.columns import PENDING, UNKNOWN, Columns
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import TRIES, Draw, Plain

LEVELS = 101
SPEEDS = 128
FASTEST, STEP = 0.001, log(1.1)
UNKNOWN_RESPONSE = 2.75
"""Where a proxy without a measured response time stands: the middle between fast (0.5 s) and slow (5 s)."""


class Ranked(Plain):
    """Buckets by `level`; higher is better; the upper half of the buckets is for proven proxies."""

    levels = LEVELS

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.buckets = Buckets(2 * self.levels, size)

    def level(self, slot: int) -> int:
        """0 to `levels` - 1; higher is better."""
        raise TypeError("a ranked strategy defines its level")

    def rank(self, slot: int) -> int:
        """The level, raised above all unproven ones when the proxy is proven."""
        level = self.level(slot)
        return level if self.columns.flags[slot] & PENDING else level + self.levels

    def grow(self, size: int) -> None:
        """Lengthen the dense columns."""
        self.buckets.grow(size)

    def join(self, slot: int) -> None:
        """Into the bucket of its rank."""
        self.buckets.put(slot, self.rank(slot))

    moved = join

    def leave(self, slot: int) -> None:
        """Out of its bucket."""
        self.buckets.remove(slot)

    def first(self, draw: Draw, key: str | None) -> int:
        """Any of the best bucket, with the same chance."""
        mask = self.buckets.mask
        if not mask:
            return -1
        members = self.buckets.members[mask.bit_length() - 1]
        return members[int(draw() * len(members))]

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """Bucket after bucket, each from a random place on."""
        mask, left = self.buckets.mask, TRIES
        while mask and left > 0:
            level = mask.bit_length() - 1
            mask &= ~(1 << level)
            members = self.buckets.members[level][:]
            start = int(draw() * len(members))
            for step in range(min(left, len(members))):
                yield members[(start + step) % len(members)]
            left -= len(members)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """Any of the best rank, with the same chance."""
        best = max(map(self.rank, slots))
        equals = [slot for slot in slots if self.rank(slot) == best]
        return equals[int(draw() * len(equals))]


class BestReputation(Ranked):
    """Level = reputation, 0 to 100."""

    cares: ClassVar[frozenset[str]] = frozenset({"score"})
    name: ClassVar[str] = "best_reputation"
    what: ClassVar[str] = "the highest reputation; equals share"
    when: ClassVar[str] = "few requests that must succeed"

    def level(self, slot: int) -> int:
        """The reputation."""
        return self.columns.reputation[slot]


class BestHealth(Ranked):
    """Level = health in hundredths."""

    cares: ClassVar[frozenset[str]] = frozenset({"score"})
    name: ClassVar[str] = "best_health"
    what: ClassVar[str] = "the highest health score, to a hundredth; equals share"
    when: ClassVar[str] = "what works right now matters more than the past"

    def level(self, slot: int) -> int:
        """Health in hundredths, rounded down (a billionth of tolerance for sums that just miss)."""
        return int(self.columns.health[slot] * 100.0 + 1e-9)


class FastestResponse(Ranked):
    """Level = response time on a scale of steps of 10 %, from 1 ms to some 3 minutes."""

    cares: ClassVar[frozenset[str]] = frozenset({"score"})
    name: ClassVar[str] = "fastest_response"
    what: ClassVar[str] = "the shortest average response time, to a tenth of itself; equals share"
    when: ClassVar[str] = "latency matters most"
    levels = SPEEDS

    def level(self, slot: int) -> int:
        """Steps of 10 % below the slowest speed there is."""
        seconds = self.columns.response_time[slot]
        if seconds == UNKNOWN:
            seconds = UNKNOWN_RESPONSE
        if seconds <= FASTEST:
            return SPEEDS - 1
        return max(0, SPEEDS - 1 - int(log(seconds / FASTEST) / STEP))
