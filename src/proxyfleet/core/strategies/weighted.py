"""`weighted_random`: chance in proportion to the weight, which is max(score, 1), so that nobody is shut out for ever.

While the mean weight is at least half of the largest one, a slot is drawn from all and kept with the chance of its weight:
that succeeds at least every second time. Else slots stand in groups by the power of two of their weight; a group is drawn
by its sum, then a slot in it by rejection (Matias, Vitter, Ni 2003). Sums are integers and do not drift.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from proxyfleet.core.buckets import Buckets
from proxyfleet.core.columns import Columns
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import TRIES, Draw, Plain

MOST = 100
"""The largest weight."""
FAIR = MOST // 2
GROUPS = MOST.bit_length() + 1
GROUP = bytes(weight.bit_length() for weight in range(MOST + 1))
"""The group of each weight."""


class Weights(dict[int, int]):
    """Weights for small views; a slot that never joined has 0, as in the dense column."""

    def __missing__(self, slot: int) -> int:
        return 0


class Weighted(Plain):
    """`columns.weight` is 1 to `MOST`; group k holds the weights from 2**(k-1) up to 2**k - 1."""

    cares: ClassVar[frozenset[str]] = frozenset({"weight"})
    name: ClassVar[str] = "weighted_random"
    what: ClassVar[str] = "better proxies more often: chance in proportion to reputation (or health), never zero"
    when: ClassVar[str] = "the default: uses the whole fleet, prefers what works, keeps finding out about the rest"

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.groups = Buckets(GROUPS, size)
        self.held: bytearray | Weights = bytearray(size) if size else Weights()
        self.sums = [0] * GROUPS
        self.total = 0

    def grow(self, size: int) -> None:
        """Lengthen the dense columns."""
        self.groups.grow(size)
        if isinstance(self.held, bytearray):
            self.held.extend(bytes(size - len(self.held)))

    def join(self, slot: int) -> None:
        """Enter with the present weight."""
        if self.groups.level(slot) >= 0:
            self.moved(slot)
            return
        weight = self.columns.weight[slot]
        group = GROUP[weight]
        self.held[slot] = weight
        self.groups.put(slot, group)
        self.sums[group] += weight
        self.total += weight

    def leave(self, slot: int) -> None:
        """Take the weight out again."""
        group = self.groups.level(slot)
        if group < 0:
            return
        weight = self.held[slot]
        self.groups.remove(slot)
        self.sums[group] -= weight
        self.total -= weight

    def moved(self, slot: int) -> None:
        """Within a group only the sum changes."""
        weight = self.columns.weight[slot]
        before = self.held[slot]
        if weight == before:
            return
        self.held[slot] = weight
        self.total += weight - before
        old, new = GROUP[before], GROUP[weight]
        if old == new:
            self.sums[new] += weight - before
            return
        self.sums[old] -= before
        self.sums[new] += weight
        self.groups.put(slot, new)

    def first(self, draw: Draw, key: str | None) -> int:
        """By rejection from all, or from a group chosen by its sum; one draw serves place and acceptance."""
        total, members, held = self.total, self.ready.members, self.held
        count = len(members)
        if total >= FAIR * count:
            if not count:
                return -1
            while True:
                place = draw() * count
                whole = int(place)
                slot = members[whole]
                if (place - whole) * MOST < held[slot]:
                    return slot
        if not total:
            return -1
        group, sums = GROUPS - 1, self.sums
        rest = draw() * total - sums[group]
        while rest >= 0.0 and group > 1:
            group -= 1
            rest -= sums[group]
        members, most = self.groups.members[group], 1 << group
        count = len(members)
        while True:
            place = draw() * count
            whole = int(place)
            slot = members[whole]
            if (place - whole) * most < held[slot]:
                return slot

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """More draws; the same slot may come twice."""
        for _ in range(TRIES if self.total else 0):
            yield self.first(draw, key)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """Walk the running sum of the weights."""
        weight = self.columns.weight
        rest = draw() * sum(weight[slot] for slot in slots)
        for slot in slots:
            rest -= weight[slot]
            if rest < 0.0:
                return slot
        return slots[-1]
