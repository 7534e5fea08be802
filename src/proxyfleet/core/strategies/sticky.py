"""`sticky`: the same key gets the same proxy while it is eligible, and the next one on the ring when it is not.

A consistent hash ring on static membership: proxies stand on it by their id whatever their state, so that a proxy that
rests comes back to its keys, and a proxy that is added or removed moves only its own share. The ring is the same in
every process whose fleet is of the same size class, because it is made of ids.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import ClassVar
from zlib import crc32

from proxyfleet.core.columns import Columns
from proxyfleet.core.order import SLOT_BITS, SLOT_MASK
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import TRIES, Draw, Plain

ARC_BITS, POINT_BITS = 10, 40
ARCS = 1 << ARC_BITS
WITHIN_BITS = POINT_BITS - ARC_BITS
WITHIN_MASK = (1 << WITHIN_BITS) - 1
POINT_MASK = (1 << POINT_BITS) - 1
SPREADER = 0x9E37_79B1
"""The prime nearest to 2**32 divided by the golden ratio (Knuth, volume 3, section 6.4)."""
_64 = (1 << 64) - 1


def points_each(size: int) -> int:
    """Points of one proxy on the ring: many where proxies are few, so that shares are even; few where memory counts."""
    if size <= 1 << 13:
        return 16
    return 4 if size <= 1 << 17 else 1


def point_of(number: int) -> int:
    """A 40-bit place on the ring for a number (the finaliser of splitmix64, Steele et al. 2014)."""
    number = (number + 0x9E3779B97F4A7C15) & _64
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _64
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _64
    return (number ^ number >> 31) >> (64 - POINT_BITS)


def point_of_key(key: str) -> int:
    """A 40-bit place on the ring for a text, by Fibonacci hashing of its CRC; the same in every process."""
    return crc32(key.encode("utf-8", "replace")) * SPREADER & POINT_MASK


class Sticky(Plain):
    """The ring is cut into 1,024 arcs, each a short sorted list, so that joining costs the same at any size."""

    name: ClassVar[str] = "sticky"
    what: ClassVar[str] = "the same key (a session, an account) always to the same proxy while it is eligible"
    when: ClassVar[str] = "a site ties its sessions to an address"

    def __init__(self, columns: Columns, ready: SlotSet, size: int) -> None:
        super().__init__(columns, ready, size)
        self.arcs: list[list[int]] = [[] for _ in range(ARCS)]
        self.used = 0
        """Bit mask of the arcs that are not empty."""
        self.spread = points_each(columns.size)

    def points(self, slot: int) -> Iterator[int]:
        """The places of a slot's proxy."""
        first = self.columns.ids[slot] * self.spread
        return (point_of(first + nth) for nth in range(self.spread))

    def enrol(self, slot: int) -> None:
        """Stand on the ring; harmless when there already."""
        for point in self.points(slot):
            arc, entry = self.arcs[point >> WITHIN_BITS], (point & WITHIN_MASK) << SLOT_BITS | slot
            place = bisect_left(arc, entry)
            if place == len(arc) or arc[place] != entry:
                insort(arc, entry)
                self.used |= 1 << (point >> WITHIN_BITS)

    def withdraw(self, slot: int) -> None:
        """Leave the ring; harmless when not on it. Must be called while the slot still has its id."""
        for point in self.points(slot):
            arc, entry = self.arcs[point >> WITHIN_BITS], (point & WITHIN_MASK) << SLOT_BITS | slot
            place = bisect_left(arc, entry)
            if place < len(arc) and arc[place] == entry:
                del arc[place]
                self.used &= ~((not arc) << (point >> WITHIN_BITS))

    def walk(self, start: int) -> Iterator[int]:
        """Every slot on the ring from a place on, once around; a slot comes once for each of its points."""
        arc, within = start >> WITHIN_BITS, (start & WITHIN_MASK) << SLOT_BITS
        here = self.arcs[arc]
        cut = bisect_left(here, within)
        yield from (entry & SLOT_MASK for entry in here[cut:])
        for mask in (self.used >> (arc + 1) << (arc + 1), self.used & ((1 << arc) - 1)):
            while mask:
                low = mask & -mask
                yield from (entry & SLOT_MASK for entry in self.arcs[low.bit_length() - 1])
                mask ^= low
        yield from (entry & SLOT_MASK for entry in here[:cut])

    def first(self, draw: Draw, key: str | None) -> int:
        """The first ready proxy from the key's place on; without a key, any ready one."""
        members, places = self.ready.members, self.ready.places
        if not members:
            return -1
        if key is None:
            return members[int(draw() * len(members))]
        start = point_of_key(key)
        arc = start >> WITHIN_BITS
        here = self.arcs[arc]
        cut = bisect_left(here, (start & WITHIN_MASK) << SLOT_BITS)
        if cut < len(here):
            slot = here[cut] & SLOT_MASK
            if places[slot] >= 0:
                return slot
        elif mask := self.used >> arc + 1:
            slot = self.arcs[arc + (mask & -mask).bit_length()][0] & SLOT_MASK
            if places[slot] >= 0:
                return slot
        return next((slot for slot in self.walk(start) if places[slot] >= 0), -1)

    def following(self, draw: Draw, key: str | None) -> Iterable[int]:
        """The next ready ones on the ring."""
        if key is None:
            return islice(self.ready.members, TRIES)
        ready = (slot for slot in self.walk(point_of_key(key)) if slot in self.ready)
        return islice(dict.fromkeys(islice(ready, 4 * TRIES)), TRIES)

    def among(self, slots: Sequence[int], draw: Draw, key: str | None) -> int:
        """The one whose nearest point follows the key's place most closely."""
        if key is None:
            return slots[int(draw() * len(slots))]
        start, whole = point_of_key(key), 1 << POINT_BITS
        return min(slots, key=lambda slot: (min((point - start) % whole for point in self.points(slot)), slot))
