"""What a proxy carries: leases against its capacity, requests and tunnels in flight, politeness (SPEC rule 1, A1, E5).

Capacity counts leases only, exactly. Where exits are shared, the leases of all proxies behind one exit count against the
capacity of each. Lowering a capacity and joining an exit never break running leases. Only counts: who holds a lease is
recorded elsewhere, and standing is judged by the doctor.
"""

from collections.abc import Collection

from proxyfleet.core.columns import Columns
from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.records import Records


class Group:
    """The slots behind one exit with their capacities, and how many leases they carry together. There may be thousands."""

    __slots__ = ("exit", "leases", "members", "sizes")

    def __init__(self, exit_address: str) -> None:
        self.exit = exit_address
        self.members: dict[int, int] = {}
        self.sizes: dict[int, int] = {}
        """How many members have each capacity."""
        self.leases = 0

    def put(self, slot: int, capacity: int) -> None:
        """A member, or another capacity of one."""
        self.drop(slot)
        self.members[slot] = capacity
        self.sizes[capacity] = self.sizes.get(capacity, 0) + 1

    def drop(self, slot: int) -> None:
        """No member any more, if it was one."""
        if (capacity := self.members.pop(slot, None)) is not None:
            self.sizes[capacity] -= 1
            if not self.sizes[capacity]:
                del self.sizes[capacity]

    def turned(self, before: int) -> Collection[int]:
        """The members that had room with so many leases behind the exit and have none now, or the other way round."""
        low, high = sorted((before, self.leases))
        if not any(low < size <= high for size in self.sizes):
            return ()
        return [slot for slot, size in self.members.items() if low < size <= high]


class Slots:
    """Counters by slot; every method is O(1), unless many turn full or free at once. `share_exits`: see `Rules`."""

    def __init__(self, columns: Columns, records: Records, *, share_exits: bool = False) -> None:
        self.columns = columns
        self.records = records
        self.waits: dict[int, float] = {}
        """Until when a polite proxy rests between two uses."""
        self._share_exits = share_exits
        self._groups: dict[int, Group] = {}
        self._numbers: dict[str, int] = {}
        self._last = 0
        self.on_target: dict[tuple[int, str], int] = {}
        """What is in flight by slot and target, of proxies that are held back so only."""

    def shares(self, slot: int) -> bool:
        """Whether the leases of others count against this one's capacity too."""
        number = self.columns.group[slot]
        return bool(number) and len(self._groups[number].members) > 1

    def members(self, slot: int) -> tuple[int, ...]:
        """The slots behind this one's exit, itself among them; itself alone where exits are not shared."""
        number = self.columns.group[slot]
        return tuple(self._groups[number].members) if number else (slot,)

    def carried(self, slot: int) -> int:
        """The leases that count against the slot's capacity: its own, and those of all others behind its exit."""
        number = self.columns.group[slot]
        return self._groups[number].leases if number else self.columns.leases[slot]

    def has_room(self, slot: int) -> bool:
        """Whether one more lease fits, and one more connection where those are capped."""
        return self.carried(slot) < self.columns.capacity[slot] and self.connects(slot)

    def connects(self, slot: int) -> bool:
        """Whether one more connection fits, leases aside."""
        details = self.records.polite.get(slot) if self.records.polite else None
        most = details.max_connections if details else None
        return most is None or self.columns.active[slot] < most

    def free(self, slot: int) -> int:
        """Leases that still fit; 0 while more run than a lowered capacity allows."""
        return max(0, self.columns.capacity[slot] - self.carried(slot))

    def take(self, slot: int, beyond: bool = False) -> Collection[int]:
        """One more lease; raises `NoFreeSlot` at capacity, unless it may go `beyond`: granted under a higher one.

        Answers, as `give` does, with the slots behind its exit that have room no longer or again.
        """
        carried = self.carried(slot)
        if not beyond and carried >= self.columns.capacity[slot]:
            raise NoFreeSlot(f"proxy {self.columns.ids[slot]} carries {carried} leases, its capacity")
        return self._count(slot, 1)

    def give(self, slot: int) -> Collection[int]:
        """One lease less; raises `NoFreeSlot` when there is none."""
        if not self.columns.leases[slot]:
            raise NoFreeSlot(f"proxy {self.columns.ids[slot]} carries no lease that could be given back")
        return self._count(slot, -1)

    def _count(self, slot: int, more: int) -> Collection[int]:
        self.columns.leases[slot] += more
        number = self.columns.group[slot]
        return self._add(self._groups[number], more) if number else ()

    def _add(self, group: Group, more: int) -> Collection[int]:
        before, group.leases = group.leases, group.leases + more
        return group.turned(before)

    def place(self, slot: int, proxy: Proxy) -> set[int]:
        """The slot's record was written: where exits are shared, it shares its capacity with all behind the same exit.

        Running leases are never broken. Answers with the slots that may have room no longer or again.
        """
        number = self.columns.group[slot]
        before = self._groups[number].exit if number else None
        after = proxy.exit_group if self._share_exits else None
        if before != after:
            return {slot, *self._leave(slot), *(() if after is None else self._join(slot, after))}
        if number:
            self._groups[number].put(slot, self.columns.capacity[slot])
        return {slot}

    def _join(self, slot: int, exit_address: str) -> Collection[int]:
        number = self._numbers.get(exit_address)
        if number is None:
            self._last += 1
            number = self._numbers[exit_address] = self._last
            self._groups[number] = Group(exit_address)
        group = self._groups[number]
        group.put(slot, self.columns.capacity[slot])
        self.columns.group[slot] = number
        return self._add(group, self.columns.leases[slot])

    def _leave(self, slot: int) -> Collection[int]:
        number = self.columns.group[slot]
        if not number:
            return ()
        group = self._groups[number]
        group.drop(slot)
        self.columns.group[slot] = 0
        if not group.members:
            del self._groups[number], self._numbers[group.exit]
        return self._add(group, -self.columns.leases[slot])

    def polite(self, slot: int, target: str | None) -> bool:
        """Whether the proxy's cap on leases per target leaves room for this target."""
        details = self.records.polite.get(slot)
        if target is None or details is None or details.target_capacity is None:
            return True
        return self.on_target.get((slot, target), 0) < details.target_capacity

    def began(self, slot: int, target: str | None) -> None:
        """One more request or tunnel in flight."""
        self.columns.active[slot] += 1
        if target is not None and slot in self.records.polite:
            self.on_target[(slot, target)] = self.on_target.get((slot, target), 0) + 1

    def ended(self, slot: int, target: str | None) -> None:
        """One less; ending what never began changes nothing."""
        if self.columns.active[slot]:
            self.columns.active[slot] -= 1
        if target is not None and (slot, target) in self.on_target:
            self.on_target[(slot, target)] -= 1
            if not self.on_target[(slot, target)]:
                del self.on_target[(slot, target)]

    def used(self, slot: int, now: float) -> bool:
        """A use begins; True when the proxy asks for an interval and rests until it is over."""
        details = self.records.polite.get(slot)
        if details is None or not details.min_interval:
            return False
        self.waits[slot] = now + details.min_interval
        return True

    def forget(self, slot: int) -> Collection[int]:
        """The slot's proxy is gone; answers with the others that may have room again."""
        others = self._leave(slot)
        self.columns.leases[slot] = self.columns.active[slot] = 0
        self.waits.pop(slot, None)
        for pair in [pair for pair in self.on_target if pair[0] == slot] if self.on_target else []:
            del self.on_target[pair]
        return others
