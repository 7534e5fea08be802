"""What the proxies of the aggregate carry: leases, requests in flight, holds. See `fleet`."""

from collections.abc import Collection

from proxyfleet.core.columns import ABSENT, READY
from proxyfleet.core.errors import UnknownProxy
from proxyfleet.core.keeping import Keeping
from proxyfleet.core.room import Room
from proxyfleet.core.selector import Selector


class Carrying(Keeping):
    """Counts exactly; which proxy carries what is decided elsewhere."""

    def take(self, proxy_id: int, now: float, *, beyond: bool = False) -> None:
        """One more lease on the proxy; raises `NoFreeSlot` at capacity, unless it was granted by others `beyond` it."""
        slot = self._slot(proxy_id)
        self._load_changed(slot, self._slots.take(slot, beyond), now)

    def give(self, proxy_id: int, now: float) -> None:
        """One lease less on the proxy; raises `NoFreeSlot` when it carries none."""
        slot = self._slot(proxy_id)
        self._load_changed(slot, self._slots.give(slot), now)

    def leases(self, proxy_id: int) -> int:
        """How many leases the proxy carries itself."""
        return self._columns.leases[self._slot(proxy_id)]

    def free(self, proxy_id: int) -> int:
        """How many leases still fit on the proxy, given all that its exit carries where exits are shared."""
        return self._slots.free(self._slot(proxy_id))

    def lacks_slots(self, selector: Selector) -> bool:
        """Whether somebody who fits the selector lacks nothing but a free slot, as far as a view tells."""
        view = self._views.get(selector.key)
        return view is not None and len(view.full) > 0

    def room(self, selector: Selector, most: int) -> int:
        """The capacity of all that fit the selector's labels, busy or not; counts no further than `most`."""
        room = Room(self._slots)
        for slot in self._index.postings.smallest(selector).members:
            if selector.matches(self._records.profiles.at(self._columns.profile[slot])):
                room.count(slot)
            if room.capacity >= most:
                return most
        return room.capacity

    def empty_room(self) -> Room:
        """To be given to `count_usable`."""
        return Room(self._slots)

    def count_usable(self, proxy_id: int, room: Room) -> None:
        """Count what the proxy carries and could carry, unless a hard state keeps it out or it is not there any more."""
        slot = self._by_id.get(proxy_id)
        if slot is not None and self._columns.standing[slot] != ABSENT:
            room.count(slot)

    def terms(self, proxy_id: int) -> tuple[int, float, bool]:
        """What a claim has to know: the proxy's capacity, its expiry, whether it rotates."""
        slot, columns = self._slot(proxy_id), self._columns
        return columns.capacity[slot], columns.expires[slot], self._records.rotating(slot)

    def rotates(self, proxy_id: int) -> bool:
        """Whether the proxy is a provider's gateway with changing exits."""
        return self._records.rotating(self._slot(proxy_id))

    def begin(self, proxy_id: int, target: str | None = None) -> None:
        """A request or tunnel is in flight from now on; it counts for load, not for capacity."""
        slot = self._by_id.get(proxy_id)
        if slot is None:
            raise UnknownProxy(proxy_id)
        if self._polite or self._index.load_watchers:
            self._slots.began(slot, target)
            self._busy(slot)
        else:
            self._columns.active[slot] += 1

    def end(self, proxy_id: int, target: str | None = None) -> None:
        """It is over. A proxy that was removed meanwhile is no error."""
        slot = self._by_id.get(proxy_id)
        if slot is not None:
            self._ended(slot, target)

    def _ended(self, slot: int, target: str | None) -> None:
        if self._polite or self._index.load_watchers or self._slots.on_target:
            self._slots.ended(slot, target)
            self._busy(slot)
        elif active := self._columns.active[slot]:
            self._columns.active[slot] = active - 1

    def _busy(self, slot: int) -> None:
        if slot in self._polite:
            self._doctor.rejudge(slot)
        elif self._index.load_watchers:
            self._index.loaded(slot)

    def _load_changed(self, slot: int, others: Collection[int], now: float) -> None:
        columns = self._columns
        if (
            columns.standing[slot] == READY
            and columns.leases[slot] < columns.capacity[slot]
            and not (self._index.load_watchers or self._polite or self._slots.shares(slot))
        ):
            return  # still a free slot, and nobody cares how many
        for member in (slot, *others) if others else (slot,):
            if self._columns.due[member] <= now:
                self._doctor.settle(member, now)
            else:
                self._doctor.rejudge(member)

    def hold(self, resource: str, proxy_id: int) -> None:
        """Somebody holds the proxy for the resource: picks with that resource skip it."""
        self._picking.holds.setdefault(resource, set()).add(self._slot(proxy_id))

    def unhold(self, resource: str, proxy_id: int) -> None:
        """Nobody does any more."""
        held = self._picking.holds.get(resource, set())
        held.discard(self._slot(proxy_id))
        if not held:
            self._picking.holds.pop(resource, None)
