"""Adds up what proxies carry and could carry, so that what several share behind one exit counts once. Changes nothing."""

from proxyfleet.core.slots import Slots


class Room:
    """`capacity` and `free` slots of all that were counted; each proxy is to be counted once."""

    def __init__(self, slots: Slots) -> None:
        self.capacity = self.free = 0
        self._slots = slots
        self._largest: dict[int, int] = {}
        """Of each group the largest capacity so far, which is how many leases fit behind its exit."""

    def count(self, slot: int) -> None:
        """This one too."""
        columns = self._slots.columns
        group, capacity, carried, before = columns.group[slot], columns.capacity[slot], self._slots.carried(slot), 0
        if group:
            before = self._largest.get(group, 0)
            self._largest[group] = capacity = max(capacity, before)
        self.capacity += capacity - before
        self.free += max(0, capacity - carried) - max(0, before - carried)
