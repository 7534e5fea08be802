"""The aggregate: every proxy of one node, and the decisions about them. Start reading here.

Sync, pure, for one thread at a time: `now` (UTC epoch seconds) and the generator are given, `pick` answers with a choice
or a refusal, what happened is collected as events. Storing, dialing, locking and telling people are other rooms' work.
"""

from collections.abc import Collection, Iterator
from random import Random

from proxyfleet.core.clause import Profile
from proxyfleet.core.columns import DISABLED, GATED, PENDING, SCORE_PROBE, SUPPRESSED, WORKED, Columns
from proxyfleet.core.errors import BadProxy, DuplicateProxy, UnknownProxy
from proxyfleet.core.events import Event
from proxyfleet.core.explain import Explained, explain
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Picking, Refusal, Wish
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Endpoint, Proxy, Status
from proxyfleet.core.records import Records
from proxyfleet.core.report import FleetReport, HealthReport, fleet_report, health_report
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.slots import Slots
from proxyfleet.core.strategies.registry import strategy_named

DRAINED = 32
"""Due slots that one call settles at most; a candidate whose time has come is settled when it is touched."""
DRAINED_BEFORE_REFUSAL = 1024
"""Due slots that are settled, some milliseconds at worst, before nobody is said to fit: after a quiet hour much is due."""
ENDLESS = float("inf")
MOST_ID = 0xFFFF_FFFF
UNUSUAL = SUPPRESSED | SCORE_PROBE
UNPROVEN = PENDING | GATED


class FleetState:
    """All proxies of a node in memory. Ids are positive numbers that the inventory has given.

    Every method that takes `now` first applies what time has changed. Unknown ids raise `UnknownProxy`.
    """

    def __init__(self, rules: Rules | None = None, *, rng: Random) -> None:
        self.rules = rules or Rules()
        self.strategy = strategy_named(self.rules.strategy).name
        self.refusals = 0
        self._columns = Columns()
        self._by_id: dict[int, int] = {}
        self._spare: list[int] = []
        self._turn = 0
        self._records = Records(self._columns, Profiles())
        self._slots = Slots(self._columns, self._records)
        self._doctor = Doctor(self._columns, self._records, self._slots, self.rules, rng.random)
        self._index = self._doctor.index
        self._due = self._doctor.due
        self._details = self._records.details
        self._views = self._index.views
        self._draw = rng.random
        self._picking = Picking(self._columns, self._doctor, rng.random)

    # the inventory ------------------------------------------------------------------------------------------------

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
        self._index.add(slot, Profile(proxy.scheme, proxy.labels))
        self._doctor.rescore(slot, now)

    def remove(self, proxy_id: int, now: float) -> None:
        """Take a proxy out; what was learnt about it is forgotten."""
        slot = self._slot(proxy_id)
        group = self._slots.members(slot)
        self._doctor.reset(slot, now)
        self._index.remove(slot)
        self._slots.forget(slot)
        self._records.erase(slot)
        self._picking.release_slot(slot)
        columns = self._columns
        columns.flags[slot] = columns.standing[slot] = 0
        columns.due[slot] = columns.expires[slot] = ENDLESS
        columns.last_used[slot] = -1.0
        del self._by_id[proxy_id]
        self._spare.append(slot)
        for member in group:
            if member != slot:
                self._doctor.rescore(member, now)

    def replace(self, proxy: Proxy, now: float) -> None:
        """Change a proxy's record; health, leases and assignments stay. New credentials end a refusal of the old ones."""
        slot = self._slot(proxy.id)
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
        for member in self._slots.members(slot):
            self._doctor.rescore(member, now)
        self._doctor.schedule(slot, now)

    def get(self, proxy_id: int) -> Proxy:
        """The record of a proxy, with its present status."""
        return self._records.read(self._slot(proxy_id))

    def endpoint(self, proxy_id: int) -> Endpoint:
        """What a dialer needs of a proxy."""
        return self._records.endpoint(self._slot(proxy_id))

    # picking ------------------------------------------------------------------------------------------------------

    def pick(
        self,
        selector: Selector,
        now: float,
        *,
        strategy: str | None = None,
        key: str | None = None,
        target: str | None = None,
        exclude: Collection[int] = (),
        claim: bool = False,
    ) -> Pick | Refusal:
        """Choose a proxy and count the use; a probe permit is spent by it.

        `strategy` None means the fleet's own; `key` is what `sticky` sticks to; `claim` insists on a free slot (take it
        with `take`). Raises `UnknownStrategy`.
        """
        if self._due.soonest <= now:
            self._doctor.advance(now, DRAINED)
        tested = exclude or not selector.plain or (target is not None and self._picking.remembers(target))
        view = None if tested else self._views.get(selector.key)
        if view is not None and not view.building:
            structure = view.finished.get(strategy or self.strategy)
            if structure is not None:
                slot = structure.first(self._draw, key)
                if slot >= 0 and self._columns.due[slot] > now:
                    if structure.counts_turns:
                        structure.chosen(slot)
                    view.asked = self._turn
                    return self._chosen(slot, now, False)
        name = strategy_named(strategy or self.strategy).name
        accept = self._picking.accept(selector, target, exclude, now) if tested else None
        self._index.clock = self._turn
        wish = Wish(selector, name, now, key, claim, exclude, accept, target)
        slot = self._picking.find(wish)
        if slot < 0 and self._due.soonest <= now:
            self._doctor.advance(now, DRAINED_BEFORE_REFUSAL)
            slot = self._picking.find(wish)
        if slot < 0:
            return self._refuse(selector, now)
        return self._chosen(slot, now, self._picking.lifted)

    def _chosen(self, slot: int, now: float, lifted: bool) -> Pick:
        columns = self._columns
        self._turn = turn = self._turn + 1
        columns.turn[slot] = turn
        columns.last_used[slot] = now
        if self._index.turn_watchers:
            self._index.used(slot)
        flags = columns.flags[slot]
        if flags & UNUSUAL or columns.circuit[slot] or self._details or lifted:
            return Pick(columns.ids[slot], lifted or bool(flags & SUPPRESSED), self._doctor.used(slot, now))
        return Pick(columns.ids[slot])

    @property
    def selections(self) -> int:
        """How many picks have found a proxy."""
        return self._turn

    def _refuse(self, selector: Selector, now: float) -> Refusal:
        self.refusals += 1
        if not self._by_id:
            return Refusal("empty_fleet", "the fleet is empty; import or add proxies", 60.0)
        posting = self._index.postings.smallest(selector)
        if not posting.members:
            return Refusal("no_match", f"no proxy satisfies {selector.text or 'the request'}; widen the selector", 60.0)
        wait = min(max(self._due.soonest - now, 1.0), 60.0)
        if self._index.views.get(selector.key) is None or not self._index.views[selector.key].complete:
            wait = 1.0
        wanted = f" of those that satisfy {selector.text}" if selector.text else ""
        return Refusal("none_eligible", f"no proxy{wanted} may be used now; ask for an explanation to see why", wait)

    def explain(
        self, selector: Selector, now: float, *, target: str | None = None, exclude: Collection[int] = ()
    ) -> Iterator[Explained]:
        """For every proxy whether it is eligible, and the first reason why not; a dry run that changes nothing."""
        self._doctor.advance(now, len(self._by_id) + DRAINED)
        return explain(self._picking, Wish(selector, self.strategy, now, None, False, exclude, None), target)

    def switch(self, strategy: str) -> None:
        """Change the fleet's own strategy from now on; raises `UnknownStrategy`."""
        self.strategy = strategy_named(strategy).name

    def prepare(self, selector: Selector = ANY, strategy: str | None = None) -> None:
        """Build the view and the structure that such a pick needs, however long it takes; for start-up and measurements."""
        name = self.strategy if strategy is None else strategy_named(strategy).name
        view = self._index.view(selector) or self._index.view(selector)
        if view is None:
            return
        view.work(2 * len(self._by_id) + 2)
        if name not in view.structures:
            self._index.want_structure(view, name)
            view.work(4 * len(self._by_id) + 8)

    # what proxies carry -------------------------------------------------------------------------------------------

    def take(self, proxy_id: int, now: float) -> None:
        """One more lease on the proxy; raises `NoFreeSlot` at capacity."""
        slot = self._slot(proxy_id)
        self._slots.take(slot)
        self._load_changed(slot, now)

    def give(self, proxy_id: int, now: float) -> None:
        """One lease less on the proxy; raises `NoFreeSlot` when it carries none."""
        slot = self._slot(proxy_id)
        self._slots.give(slot)
        self._load_changed(slot, now)

    def leases(self, proxy_id: int) -> int:
        """How many leases the proxy, or its capacity group, carries."""
        return self._columns.leases[self._columns.lead[self._slot(proxy_id)]]

    def begin(self, proxy_id: int, target: str | None = None) -> None:
        """A request or tunnel is in flight from now on; it counts for load, not for capacity."""
        slot = self._slot(proxy_id)
        self._slots.began(slot, target)
        if slot in self._records.details:
            self._doctor.rejudge(slot)
        elif self._index.load_watchers:
            self._index.loaded(slot)

    def end(self, proxy_id: int, target: str | None = None) -> None:
        """It is over. A proxy that was removed meanwhile is no error."""
        slot = self._by_id.get(proxy_id)
        if slot is None:
            return
        self._slots.ended(slot, target)
        if slot in self._records.details:
            self._doctor.rejudge(slot)
        elif self._index.load_watchers:
            self._index.loaded(slot)

    def _load_changed(self, slot: int, now: float) -> None:
        for member in self._slots.members(slot):
            if self._columns.due[member] <= now:
                self._doctor.settle(member, now)
            else:
                self._doctor.rejudge(member)

    def group(self, proxy_id: int, leader_id: int, now: float) -> None:
        """Let a proxy share the leader's capacity, or leave its group by being its own; running leases are never broken."""
        slot, leader = self._slot(proxy_id), self._slot(leader_id)
        left = self._slots.members(slot)
        self._slots.group(slot, leader)
        for member in {*left, *self._slots.members(leader)}:
            self._doctor.rescore(member, now)

    def hold(self, resource: str, proxy_id: int) -> None:
        """Somebody holds the proxy for the resource: picks with that resource skip it."""
        self._picking.holds.setdefault(resource, set()).add(self._slot(proxy_id))

    def unhold(self, resource: str, proxy_id: int) -> None:
        """Nobody does any more."""
        held = self._picking.holds.get(resource, set())
        held.discard(self._slot(proxy_id))
        if not held:
            self._picking.holds.pop(resource, None)

    # health -------------------------------------------------------------------------------------------------------

    def record(self, proxy_id: int, outcome: Outcome, now: float) -> None:
        """Learn from one attempt. An outcome of a proxy that was removed meanwhile is no error."""
        slot = self._by_id.get(proxy_id)
        if slot is not None:
            self._doctor.record(slot, outcome, now)

    def reset(self, proxy_id: int, now: float) -> None:
        """Forget what was learnt about a proxy: scores, circuit, rests, refused credentials, target memory."""
        self._doctor.reset(self._slot(proxy_id), now)

    def disable(self, proxy_id: int, now: float) -> None:
        """Switch a proxy off until `enable`; running leases and tunnels go on."""
        slot = self._slot(proxy_id)
        self._columns.flags[slot] |= DISABLED
        self._doctor.rescore(slot, now)

    def enable(self, proxy_id: int, now: float) -> None:
        """Switch a proxy on again, as pending or active as it was."""
        slot = self._slot(proxy_id)
        self._columns.flags[slot] &= ~DISABLED
        self._doctor.rescore(slot, now)

    def block(self, proxy_id: int, target: str, until: float = ENDLESS) -> None:
        """Keep a proxy away from one target, on an operator's word."""
        self._doctor.pairs.block(target, self._slot(proxy_id), until)

    def health(self, proxy_id: int, now: float) -> HealthReport:
        """Everything known about a proxy's health."""
        slot = self._slot(proxy_id)
        if self._columns.due[slot] <= now:
            self._doctor.settle(slot, now)
        return health_report(self._doctor, slot)

    def report(self, now: float) -> FleetReport:
        """The whole fleet in numbers; O(n)."""
        self._doctor.advance(now, len(self._by_id) + DRAINED)
        return fleet_report(self._doctor, self._picking.scans)

    # time and news ------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> bool:
        """Apply a bounded part of what time has changed; True when nothing is left. For idle moments."""
        return self._doctor.advance(now, DRAINED)

    def work(self, slots: int = 256) -> bool:
        """Build a bounded part of unfinished views; True when nothing is left. For idle moments."""
        return self._index.work(slots)

    def take_events(self) -> list[Event]:
        """What has happened since the last call, oldest first."""
        events = list(self._doctor.events)
        self._doctor.events.clear()
        return events
