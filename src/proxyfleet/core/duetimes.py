"""The times at which something about a slot changes by itself, in one heap (DESIGN section 4): no timer per proxy.

`columns.due` is the truth: a slot whose due time has come must be settled before it is judged. The heap only finds such
slots; entries that are out of date are dropped when they surface.
"""

from heapq import heapify, heappop, heappush

from proxyfleet.core.columns import INFINITY, Columns

TICKS = 1024
"""Order in the heap is kept to 1/1024 s; whether a time has come is judged exactly."""
SLACK = 1024
"""Entries beyond two a slot that are kept before the outdated ones are dropped."""
SLOT_BITS = 32
SLOT_MASK = (1 << SLOT_BITS) - 1


class DueTimes:
    """One entry is one integer, time above slot: 44 bytes each, compared in C."""

    __slots__ = ("_heap", "columns", "soonest")

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._heap: list[int] = []
        self.soonest = INFINITY
        """A time at or before the next due time; infinity when nothing is due."""

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, slot: int, when: float) -> None:
        """Settle the slot at `when` at the latest; a due time it already has stays if it is earlier."""
        if when < self.columns.due[slot]:
            self.columns.due[slot] = when
            heappush(self._heap, int(when * TICKS) << SLOT_BITS | slot)
            if len(self._heap) > 2 * self.columns.size + SLACK:
                self._drop_the_outdated()
            if when < self.soonest:
                self.soonest = when

    def _drop_the_outdated(self) -> None:
        due = self.columns.due.tolist()
        self._heap = [int(when * TICKS) << SLOT_BITS | slot for slot, when in enumerate(due) if when != INFINITY]
        heapify(self._heap)

    def come(self, now: float, most: int) -> list[int]:
        """Up to `most` slots whose time has come; the caller settles them all. Their due times are cleared."""
        heap, due = self._heap, self.columns.due
        limit = (int(now * TICKS) + 1) << SLOT_BITS
        come: list[int] = []
        not_yet: list[int] = []
        while heap and heap[0] < limit and len(come) < most:
            entry = heappop(heap)
            slot = entry & SLOT_MASK
            when = due[slot]
            if when == INFINITY or int(when * TICKS) != entry >> SLOT_BITS:
                continue
            if when > now:
                not_yet.append(entry)
                continue
            due[slot] = INFINITY
            come.append(slot)
        for entry in not_yet:
            heappush(heap, entry)
        self.soonest = (heap[0] >> SLOT_BITS) / TICKS if heap else INFINITY
        return come
