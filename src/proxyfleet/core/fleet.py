"""The aggregate: every proxy of one node, and the decisions about them. Start reading here.

Sync, pure, for one thread at a time: `now` (UTC epoch seconds) and the generator are given, `pick` answers with a choice
or a refusal, what happened is collected as events. Storing, dialing, locking and telling people are other rooms' work.
"""

from collections.abc import Collection, Iterator

from proxyfleet.core.carrying import Carrying
from proxyfleet.core.columns import DISABLED, SCORE_PROBE, SUPPRESSED
from proxyfleet.core.events import Event
from proxyfleet.core.explain import Explained, explain
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal, Wish
from proxyfleet.core.report import FleetReport, HealthReport, fleet_report, health_report
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.strategies.registry import strategy_named

DRAINED = 32
"""Due slots that one call settles at most; a candidate whose time has come is settled when it is touched."""
DRAINED_BEFORE_REFUSAL = 1024
"""Due slots that are settled, some milliseconds at worst, before nobody is said to fit: after a quiet hour much is due."""
ENDLESS = float("inf")
UNUSUAL = SUPPRESSED | SCORE_PROBE
_made = tuple.__new__
"""Makes a named tuple in a quarter of the time that its own constructor takes."""


class FleetState(Carrying):
    """All proxies of a node in memory. Ids are positive numbers that the inventory has given.

    Every method that takes `now` first applies what time has changed. Unknown ids raise `UnknownProxy`.
    """

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
        tested = exclude or not selector.plain or (target is not None and (self._polite or target in self._pairs))
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
        if flags & UNUSUAL or columns.circuit[slot] or self._polite or lifted:
            return Pick(columns.ids[slot], lifted or bool(flags & SUPPRESSED), self._doctor.used(slot, now))
        return _made(Pick, (columns.ids[slot], False, False))

    def repick(self, proxy_id: int, selector: Selector, now: float) -> Pick | None:
        """The same proxy once more; None when it is gone, out, resting, or not what is asked for any more."""
        slot = self._by_id.get(proxy_id, -1)
        return self._chosen(slot, now, False) if slot >= 0 and self._picking.serves(selector, slot, now) else None

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

    # health -------------------------------------------------------------------------------------------------------

    def record(self, proxy_id: int, outcome: Outcome, now: float, *, end: bool = False) -> None:
        """Learn from one attempt, and with `end` do what `end` does. A proxy that was removed meanwhile is no error."""
        slot = self._by_id.get(proxy_id)
        if slot is not None:
            self._doctor.record(slot, outcome, now)
            if not self._columns.untold[slot]:
                self._exchange.touch(slot)
            if end:
                self._ended(slot, outcome.target)

    def take_sums(self, now: float, most: int) -> list[HealthSum]:
        """What this node has learnt about up to `most` proxies since the last call, for the other nodes."""
        return self._exchange.take(now, most)

    def hear(self, one: HealthSum, now: float) -> None:
        """What all nodes together say about a proxy; of one that is not there nothing is kept."""
        slot = self._by_id.get(one.proxy_id)
        if slot is not None:
            self._exchange.hear(slot, one, now)

    def fleet_health(self, proxy_id: int, now: float) -> dict[str, object] | None:
        """A proxy's health by the sums of all nodes; None where nobody has told anything."""
        return self._exchange.fleet(proxy_id, now)

    def reset(self, proxy_id: int, now: float) -> None:
        """Forget what was learnt about a proxy: scores, circuit, rests, refused credentials, target memory."""
        slot = self._slot(proxy_id)
        self._doctor.reset(slot, now)
        self._exchange.unlearn(slot)

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

    def eject(self, proxy_id: int, now: float, seconds: float) -> None:
        """Let a proxy rest, on an operator's word; running leases and tunnels go on."""
        self._doctor.eject(self._slot(proxy_id), now, seconds)

    def reinstate(self, proxy_id: int, now: float) -> None:
        """End a proxy's rest, on an operator's word; its scores stay."""
        self._doctor.reinstate(self._slot(proxy_id), now)

    def unblock(self, proxy_id: int, target: str) -> None:
        """Let a proxy serve a target again, whatever was held against the pair."""
        self._doctor.pairs.unblock(target, self._slot(proxy_id))

    def block(self, proxy_id: int, target: str, until: float = ENDLESS) -> None:
        """Keep a proxy away from one target, on an operator's word."""
        self._doctor.pairs.block(target.lower(), self._slot(proxy_id), until)

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
