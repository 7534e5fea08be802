"""Slots sorted into numbered buckets, with a bit mask of the buckets in use: the best one is found in one step.

Used for anything that has few levels: reputation, health, response time. Holds order, knows no meaning.
"""

from array import array

from proxyfleet.core.slotset import Sparse


class Buckets:
    """`levels` buckets; a slot is in at most one. Placing, moving and removing are O(1)."""

    __slots__ = ("_level", "_place", "mask", "members")

    def __init__(self, levels: int, size: int = 0) -> None:
        """`size` as in `SlotSet`: dense columns for that many slots, or 0 for sparse ones."""
        self.members = [array("i") for _ in range(levels)]
        self.mask = 0
        self._level: array[int] | Sparse = array("h", [-1]) * size if size else Sparse()
        self._place: array[int] | Sparse = array("i", [-1]) * size if size else Sparse()

    def grow(self, size: int) -> None:
        """Make room for slots below `size`."""
        for column in (self._level, self._place):
            if isinstance(column, array):
                column.extend(array(column.typecode, [-1]) * (size - len(column)))

    def level(self, slot: int) -> int:
        """The bucket the slot is in, -1 for none."""
        return self._level[slot]

    def put(self, slot: int, level: int) -> None:
        """Place the slot, or move it when it is in another bucket."""
        if self._level[slot] == level:
            return
        self.remove(slot)
        bucket = self.members[level]
        self._level[slot] = level
        self._place[slot] = len(bucket)
        bucket.append(slot)
        self.mask |= 1 << level

    def remove(self, slot: int) -> None:
        """Take the slot out, if it is in: the last of its bucket moves to its place."""
        level = self._level[slot]
        if level < 0:
            return
        bucket = self.members[level]
        last = bucket.pop()
        if last != slot:
            place = self._place[slot]
            bucket[place] = last
            self._place[last] = place
        if not bucket:
            self.mask &= ~(1 << level)
        self._level[slot] = -1
