"""The inventory half of the aggregate: which proxies there are, and the parts that know about them. See `fleet`."""

from collections.abc import Iterator, Sequence
from random import Random

from proxyfleet.core.clause import Profile
from proxyfleet.core.columns import GATED, PENDING, WORKED, Columns
from proxyfleet.core.errors import BadProxy, DuplicateProxy, UnknownProxy
from proxyfleet.core.exchange import Exchange
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.intake import new_ids, slots_in_a_row, take_in
from proxyfleet.core.picking import Picking
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Endpoint, Proxy, Status
from proxyfleet.core.records import Records
from proxyfleet.core.rules import Rules
from proxyfleet.core.slots import Slots
from proxyfleet.core.strategies.registry import strategy_named

ENDLESS = float("inf")
MOST_ID = 0xFFFF_FFFF
UNPROVEN = PENDING | GATED


class Keeping:
    """Takes proxies in, changes them, lets them go."""

    def __init__(self, rules: Rules | None = None, *, rng: Random) -> None:
        self.rules = rules or Rules()
        self.strategy = strategy_named(self.rules.strategy).name
        self.refusals = 0
        self.edits = 0
        """Grows whenever the record of a proxy is changed or removed: what was learnt of one before may be out of date."""
        self._columns = Columns()
        self._by_id: dict[int, int] = {}
        self._spare: list[int] = []
        self._turn = 0
        self._records = Records(self._columns, Profiles())
        self._slots = Slots(self._columns, self._records, share_exits=self.rules.share_exits)
        self._doctor = Doctor(self._columns, self._records, self._slots, self.rules, rng.random)
        self._index = self._doctor.index
        self._due = self._doctor.due
        self._polite = self._records.polite
        self._views = self._index.views
        self._pairs = self._doctor.pairs.by_target
        self._draw = rng.random
        self._exchange = Exchange(self._columns, self._doctor)
        self._picking = Picking(self._columns, self._doctor, rng.random)

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, proxy_id: int) -> bool:
        return proxy_id in self._by_id

    def __iter__(self) -> Iterator[int]:
        """The ids, oldest first."""
        return iter(self._by_id)

    def _slot(self, proxy_id: int) -> int:
        slot = self._by_id.get(proxy_id)
        if slot is None:
            raise UnknownProxy(proxy_id)
        return slot

    def reserve(self, proxies: int) -> None:
        """Make room for that many proxies at once; loading a large fleet is then quicker."""
        if proxies > self._columns.size:
            spare = range(proxies - 1, self._columns.size - 1, -1)
            for part in (self._columns, self._records, self._index):
                part.grow(proxies)
            self._spare[:0] = spare

    def add(self, proxy: Proxy, now: float) -> None:
        """Take in a proxy; its `id` must be positive and new."""
        if not 0 < proxy.id <= MOST_ID:
            raise BadProxy(f"id {proxy.id} is out of range; the inventory gives ids from 1 to {MOST_ID}")
        if proxy.id in self._by_id:
            raise DuplicateProxy(f"id {proxy.id} is already in this fleet; use replace to change a proxy")
        if not self._spare:
            self.reserve(max(64, self._columns.size + (self._columns.size >> 3)))
        slot = self._spare.pop()
        self._by_id[proxy.id] = slot
        self._columns.turn[slot] = 0
        self._records.write(slot, proxy)
        self._slots.place(slot, proxy)
        self._index.add(slot, Profile(proxy.scheme, proxy.labels))
        self._doctor.rescore(slot, now)

    def add_many(self, proxies: Sequence[Proxy], now: float) -> None:
        """Take in proxies as `add` does, all of them or, when an id is impossible, none. Quick while nobody has asked yet."""
        ids = new_ids(proxies, self._by_id, MOST_ID)
        if len(self._spare) < len(ids):
            self.reserve(self._columns.size + len(ids) - len(self._spare))
        first = None if self._views else slots_in_a_row(self._spare, len(ids))
        if first is None:
            for proxy in proxies:
                self.add(proxy, now)
            return
        self._by_id.update(zip(ids, range(first, first + len(ids)), strict=True))
        take_in(self._doctor, proxies, first, now)

    def remove(self, proxy_id: int, now: float) -> None:
        """Take a proxy out; what was learnt about it is forgotten."""
        slot = self._slot(proxy_id)
        self.edits += 1
        self._doctor.reset(slot, now)
        self._index.remove(slot)
        others = self._slots.forget(slot)
        self._exchange.forget(slot)
        self._records.erase(slot)
        self._picking.release_slot(slot)
        columns = self._columns
        columns.flags[slot] = columns.standing[slot] = 0
        columns.due[slot] = columns.expires[slot] = ENDLESS
        columns.last_used[slot] = -1.0
        del self._by_id[proxy_id]
        self._spare.append(slot)
        for other in others:
            self._doctor.rescore(other, now)

    def replace(self, proxy: Proxy, now: float) -> None:
        """Change a proxy's record; health, leases and assignments stay. New credentials end a refusal of the old ones."""
        slot = self._slot(proxy.id)
        self.edits += 1
        before = self._records.endpoint(slot)
        if (before.username, before.password) != (proxy.username, proxy.password):
            self._doctor.renewed(slot)
        learnt, profile = self._columns.flags[slot], Profile(proxy.scheme, proxy.labels)
        moves = profile != self._records.profiles.at(self._columns.profile[slot])
        if moves:
            self._index.remove(slot)
        self._records.write(slot, proxy)
        proven = learnt & WORKED and not learnt & UNPROVEN
        if proxy.status is Status.DISABLED or (proven and proxy.status is Status.PENDING):
            self._columns.flags[slot] = self._columns.flags[slot] & ~UNPROVEN | learnt & UNPROVEN
        if moves:
            self._index.add(slot, profile)
        for member in self._slots.place(slot, proxy):
            self._doctor.rescore(member, now)
        self._doctor.schedule(slot, now)

    def get(self, proxy_id: int) -> Proxy:
        """The record of a proxy, with its present status."""
        return self._records.read(self._slot(proxy_id))

    def endpoint(self, proxy_id: int) -> Endpoint:
        """What a dialer needs of a proxy."""
        return self._records.endpoint(self._slot(proxy_id))
