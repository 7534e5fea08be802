"""What a proxy carries: leases against its capacity, requests and tunnels in flight, politeness (SPEC rule 1, A1, E5).

Capacity counts leases only, exactly; a capacity group shares the leader's. Lowering a capacity never breaks running
leases. Only counts: who holds a lease is recorded elsewhere, and standing is judged by the doctor.
"""

from proxyfleet.core.columns import Columns
from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.records import Records


class Slots:
    """Counters by slot; every method is O(1) but for groups, which touch their members."""

    def __init__(self, columns: Columns, records: Records) -> None:
        self.columns = columns
        self.records = records
        self.waits: dict[int, float] = {}
        """Until when a polite proxy rests between two uses."""
        self._groups: dict[int, set[int]] = {}
        self._own: dict[int, int] = {}
        """Leases that each slot of a group has taken itself; the leader's counter holds their sum."""
        self.on_target: dict[tuple[int, str], int] = {}
        """What is in flight by slot and target, of proxies with rare details only."""

    @property
    def grouped(self) -> bool:
        """Whether any slots share a capacity."""
        return bool(self._groups)

    def members(self, slot: int) -> tuple[int, ...]:
        """The slots that share this one's capacity, itself among them."""
        return tuple(self._groups.get(self.columns.lead[slot], (slot,)))

    def has_room(self, slot: int) -> bool:
        """Whether one more lease fits, and one more connection where those are capped."""
        lead = self.columns.lead[slot]
        return self.columns.leases[lead] < self.columns.capacity[lead] and self.connects(slot)

    def connects(self, slot: int) -> bool:
        """Whether one more connection fits, leases aside."""
        details = self.records.details.get(slot) if self.records.details else None
        most = details.max_connections if details else None
        return most is None or self.columns.active[slot] < most

    def free(self, slot: int) -> int:
        """Leases that still fit; 0 while more run than a lowered capacity allows."""
        lead = self.columns.lead[slot]
        return max(0, self.columns.capacity[lead] - self.columns.leases[lead])

    def take(self, slot: int, beyond: bool = False) -> None:
        """One more lease; raises `NoFreeSlot` at capacity, unless it may go `beyond`: granted under a higher one."""
        lead = self.columns.lead[slot]
        if not beyond and self.columns.leases[lead] >= self.columns.capacity[lead]:
            raise NoFreeSlot(f"proxy {self.columns.ids[slot]} carries {self.columns.leases[lead]} leases, its capacity")
        self.columns.leases[lead] += 1
        if slot in self._own:
            self._own[slot] += 1

    def give(self, slot: int) -> None:
        """One lease less; raises `NoFreeSlot` when there is none."""
        lead = self.columns.lead[slot]
        if not self._own.get(slot, self.columns.leases[lead]):
            raise NoFreeSlot(f"proxy {self.columns.ids[slot]} carries no lease that could be given back")
        self.columns.leases[lead] -= 1
        if slot in self._own:
            self._own[slot] -= 1

    def group(self, slot: int, leader: int) -> None:
        """Let a slot share the leader's capacity; leases it carries count there and are never broken. Itself: only leave."""
        columns = self.columns
        self.ungroup(slot)
        lead = columns.lead[leader]
        if lead == slot:
            return
        self._groups.setdefault(lead, {lead}).add(slot)
        self._own.setdefault(lead, columns.leases[lead])
        self._own[slot] = columns.leases[slot]
        columns.lead[slot] = lead
        columns.leases[lead] += columns.leases[slot]
        columns.leases[slot] = 0

    def ungroup(self, slot: int) -> None:
        """Give a member its own capacity and its own leases back. A leader's group is dissolved."""
        columns = self.columns
        for member in self._groups.pop(slot, ()):
            columns.lead[member] = member
            columns.leases[member] = self._own.pop(member)
        lead = columns.lead[slot]
        if lead == slot:
            return
        columns.lead[slot] = slot
        columns.leases[slot] = self._own.pop(slot)
        columns.leases[lead] -= columns.leases[slot]
        self._groups[lead].discard(slot)
        if len(self._groups[lead]) == 1:
            del self._groups[lead], self._own[lead]

    def polite(self, slot: int, target: str | None) -> bool:
        """Whether the proxy's cap on leases per target leaves room for this target."""
        details = self.records.details.get(slot)
        if target is None or details is None or details.target_capacity is None:
            return True
        return self.on_target.get((slot, target), 0) < details.target_capacity

    def began(self, slot: int, target: str | None) -> None:
        """One more request or tunnel in flight."""
        self.columns.active[slot] += 1
        if target is not None and slot in self.records.details:
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
        details = self.records.details.get(slot)
        if details is None or not details.min_interval:
            return False
        self.waits[slot] = now + details.min_interval
        return True

    def forget(self, slot: int) -> None:
        """The slot's proxy is gone."""
        self.ungroup(slot)
        self.columns.leases[slot] = self.columns.active[slot] = 0
        self.waits.pop(slot, None)
        for pair in [pair for pair in self.on_target if pair[0] == slot] if self.on_target else []:
            del self.on_target[pair]
