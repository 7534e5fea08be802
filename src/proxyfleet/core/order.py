"""Slots in an exact order by a key that changes, with lazy deletion: the first one is found in O(1), a change costs O(log n).

A key is a non-negative integer; smaller comes first, equal keys go by slot number. Entries whose key is no longer the
slot's are dropped when they surface, and all at once when they outnumber the living. Keys that only grow (turns) are
appended in order and never touch the heap.
"""

from array import array
from collections import deque
from heapq import heapify, heappop, heappush, merge
from itertools import islice

SLOT_BITS = 32
SLOT_MASK = (1 << SLOT_BITS) - 1
NO_KEY = (1 << 64) - 1
NO_ENTRY = NO_KEY << SLOT_BITS
"""Above every entry."""


class SparseKeys(dict[int, int]):
    """Keys for small orders; a slot that is not in has `NO_KEY`, as in the dense column."""

    def __missing__(self, slot: int) -> int:
        return NO_KEY


class Order:
    """`first()` is the slot with the smallest key. Keys are below 2**64 - 1."""

    __slots__ = ("_heap", "_keys", "_tail", "count")

    def __init__(self, size: int = 0) -> None:
        """`size` slots of the fleet make a dense column of keys; 0 makes a sparse one."""
        self._keys: array[int] | SparseKeys = array("Q", [NO_KEY]) * size if size else SparseKeys()
        self._heap: list[int] = []
        self._tail: deque[int] = deque()
        self.count = 0

    def grow(self, size: int) -> None:
        """Make room for slots below `size`."""
        if isinstance(self._keys, array):
            self._keys.extend(array("Q", [NO_KEY]) * (size - len(self._keys)))

    def put(self, slot: int, key: int) -> None:
        """Place the slot at `key`, or move it there."""
        held = self._keys[slot]
        if held == key:
            return
        if held == NO_KEY:
            self.count += 1
        self._keys[slot] = key
        entry, tail, heap = key << SLOT_BITS | slot, self._tail, self._heap
        if not tail or entry > tail[-1]:
            tail.append(entry)
        else:
            heappush(heap, entry)
        if len(heap) + len(tail) > 2 * self.count + 64:
            self._drop_the_gone()

    def remove(self, slot: int) -> None:
        """Take the slot out, if it is in."""
        if self._keys[slot] != NO_KEY:
            self.count -= 1
            self._keys[slot] = NO_KEY

    def first(self) -> int:
        """The slot with the smallest key, -1 when there is none."""
        tail, heap, keys = self._tail, self._heap, self._keys
        while heap and keys[heap[0] & SLOT_MASK] != heap[0] >> SLOT_BITS:
            heappop(heap)
        while tail:
            entry = tail[0]
            slot = entry & SLOT_MASK
            if keys[slot] == entry >> SLOT_BITS:
                return heap[0] & SLOT_MASK if heap and heap[0] < entry else slot
            tail.popleft()
        return heap[0] & SLOT_MASK if heap else -1

    def leading(self, most: int) -> list[int]:
        """Up to `most` slots in order; fewer when entries that are gone stand in between."""
        heap = self._heap
        popped: list[int] = []
        last = -1
        unseen = self._tail[4 * most] if len(self._tail) > 4 * most else NO_ENTRY
        while heap and len(popped) < most and heap[0] < unseen:
            entry = heappop(heap)
            if self._lives(entry) and entry != last:
                popped.append(entry)
                last = entry
        for entry in popped:
            heappush(heap, entry)
        waiting = [entry for entry in islice(self._tail, 4 * most) if self._lives(entry)]
        unique = dict.fromkeys(entry & SLOT_MASK for entry in merge(popped, waiting))
        return list(islice(unique, most))

    def _lives(self, entry: int) -> bool:
        return self._keys[entry & SLOT_MASK] == entry >> SLOT_BITS

    def _drop_the_gone(self) -> None:
        self._tail = deque(entry for entry in self._tail if self._lives(entry))
        self._heap = list({entry for entry in self._heap if self._lives(entry)})
        heapify(self._heap)
