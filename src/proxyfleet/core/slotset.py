"""A set of slots that can be sampled: a dense array with swap-remove, and where each slot stands in it. All O(1).

The positions are a dense column where most slots of the fleet may be members, and a dict where only few are.
"""

from array import array
from collections import deque
from collections.abc import Iterator


class Sparse(dict[int, int]):
    """Positions for small sets; a slot that was never in has position -1, as in the dense column."""

    def __missing__(self, slot: int) -> int:
        return -1


class SlotSet:
    """`members` may be indexed and sampled but not changed from outside."""

    __slots__ = ("members", "places")

    def __init__(self, size: int = 0) -> None:
        """`size` slots of the fleet make a dense column of positions; 0 makes a sparse one."""
        self.members = array("i")
        self.places: array[int] | Sparse = array("i", [-1]) * size if size else Sparse()

    def grow(self, size: int) -> None:
        """Make room for slots below `size`."""
        if isinstance(self.places, array):
            self.places.extend(array("i", [-1]) * (size - len(self.places)))

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, slot: int) -> bool:
        return self.places[slot] >= 0

    def __iter__(self) -> Iterator[int]:
        return iter(self.members)

    def add(self, slot: int) -> None:
        """Put a slot in; it must not be in already."""
        self.places[slot] = len(self.members)
        self.members.append(slot)

    def extend(self, slots: "array[int]", *, in_a_row: bool = False) -> None:
        """Put many in, each once and none of them in yet; those that follow each other are told so, which is quicker."""
        start = len(self.members)
        self.members.extend(slots)
        places, places_of = range(start, start + len(slots)), self.places
        if isinstance(places_of, Sparse):
            places_of.update(zip(slots, places, strict=True))
        elif in_a_row and slots:
            places_of[slots[0] : slots[-1] + 1] = slots if start == slots[0] else array("i", places)
        else:
            deque(map(places_of.__setitem__, slots, places), maxlen=0)

    def discard(self, slot: int) -> None:
        """Take a slot out, if it is in: the last member moves to its place."""
        place = self.places[slot]
        if place < 0:
            return
        last = self.members.pop()
        if last != slot:
            self.members[place] = last
            self.places[last] = place
        self.places[slot] = -1
