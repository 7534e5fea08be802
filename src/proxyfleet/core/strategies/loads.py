"""`least_loaded` and `two_choices`: whoever carries least.

Load is leases plus requests and tunnels in flight. Two choices also knows how slowly a proxy answers, by the
peak-sensitive moving average of Finagle: a slow answer counts at once and fades with time.
"""

from collections.abc import Iterable, Sequence
from math import exp
from typing import ClassVar

from proxyfleet.core.columns import PENDING, Columns
from proxyfleet.core.order import Order
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import TRIES, Draw, Plain

MOST_LOAD, MOST_COUNT = (1 << 20) - 1, (1 << 21) - 1
FARTHEST = 500.0
"""Exponents beyond this overflow; the older peak has faded to nothing long before."""
UNTRIED = 1000.0
"""What a proxy nobody has measured costs while it already carries something: one probe at a time."""


class LeastLoaded(Plain):
    """One key holds load, proven or not, failures and successes, in that order."""

    cares: ClassVar[frozenset[str]] = frozenset({"load", "score"})
    name: ClassVar[str] = "least_loaded"
    what: ClassVar[str] = "the fewest leases and requests in flight; ties: proven, fewer failures, more successes"
    when: ClassVar[str] = "long tunnels or sessions that should be spread evenly"

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.order = Order(size)

    def weigh(self, slot: int) -> int:
        """The number that sorts; smaller goes first. Counts saturate at two million."""
        columns = self.columns
        load = min(columns.leases[slot] + columns.active[slot], MOST_LOAD)
        unproven = (columns.flags[slot] & PENDING) > 0
        failures = min(columns.failures[slot], MOST_COUNT)
        return ((load << 1 | unproven) << 21 | failures) << 21 | (MOST_COUNT - min(columns.successes[slot], MOST_COUNT))

    def grow(self, size: int) -> None:
        """Lengthen the dense columns."""
        self.order.grow(size)

    def join(self, slot: int) -> None:
        """Enter at its weight."""
        self.order.put(slot, self.weigh(slot))

    moved = join

    def leave(self, slot: int) -> None:
        """Out of the order."""
        self.order.remove(slot)

    def first(self, draw: Draw, key: str | None) -> int:
        """The smallest weight."""
        return self.order.first()

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """The next ones in order."""
        return self.order.leading(TRIES)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """The smallest weight; equal ones by slot."""
        return min(slots, key=lambda slot: (self.weigh(slot), slot))


class TwoChoices(Plain):
    """Two different ready proxies at random, the cheaper one of them (Finagle P2C with peak EWMA)."""

    name: ClassVar[str] = "two_choices"
    what: ClassVar[str] = "two at random, then the one with the lower product of latency and load"
    when: ClassVar[str] = "heavy traffic over proxies of different speed"

    def first(self, draw: Draw, key: str | None) -> int:
        """Compare two distinct draws; a single ready proxy wins by itself."""
        members = self.ready.members
        count = len(members)
        if count < 2:
            return members[0] if count else -1
        one = int(draw() * count)
        other = int(draw() * (count - 1))
        return self.cheaper(members[one], members[other + (other >= one)])

    def cheaper(self, slot: int, rival: int) -> int:
        """The one whose faded peak latency, times what it would carry with one more, is lower; unproven ones lose.

        Both peaks fade alike, so one exponential of their difference in age is enough.
        """
        columns = self.columns
        flags = columns.flags
        if (flags[slot] ^ flags[rival]) & PENDING:
            return rival if flags[slot] & PENDING else slot
        mine, other = columns.peak[slot], columns.peak[rival]
        if mine < 0.0 or other < 0.0:
            return slot if self.untried(slot) <= self.untried(rival) else rival
        aging = (columns.peak_at[rival] - columns.peak_at[slot]) / columns.peak_tau
        if aging:
            other *= exp(min(aging, FARTHEST))
        mine *= columns.leases[slot] + columns.active[slot] + 1
        return slot if mine <= other * (columns.leases[rival] + columns.active[rival] + 1) else rival

    def untried(self, slot: int) -> float:
        """A cost where one of the two was never measured: nothing while it is idle, more than any answer once it is not."""
        columns = self.columns
        load = columns.leases[slot] + columns.active[slot]
        return UNTRIED * load if columns.peak[slot] < 0.0 else columns.peak[slot] * (load + 1)

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """More rounds; the same slot may come twice."""
        for _ in range(TRIES if self.ready.members else 0):
            yield self.first(draw, key)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """The same round on the list."""
        if len(slots) < 2:
            return slots[0]
        one = int(draw() * len(slots))
        other = int(draw() * (len(slots) - 1))
        return self.cheaper(slots[one], slots[other + (other >= one)])
