"""What one node knows of claims: proposes free slots, applies what stores have decided, ends by time what has expired.

Memory proposes, the store decides, memory applies. All instants here are of the node's own clock. News may come in any
order and more than once (`lease.later`). Who waits, who is told and what is stored is other rooms' work.
"""

from collections.abc import Collection, Iterator
from heapq import heapify, heappop, heappush

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import ENDED, SESSION, Hold, Holder, Lease, Token, later
from proxyfleet.core.orders import Candidate
from proxyfleet.core.picking import Refusal
from proxyfleet.core.selector import Selector

TICKS = 4
"""Expiries are looked at in steps of a quarter of a second: a lease ends at most that much late in a node's memory."""
REMEMBERED = 120.0
"""Seconds that an ended lease is remembered at least, so that late news do not bring it back."""
Pair = tuple[int, str, str]


class LeaseTable:
    """`ended` gathers leases that have ended since it was last emptied by `take_ended`."""

    def __init__(self, fleet: FleetState) -> None:
        self.fleet = fleet
        self.freed = False
        """Whether a slot may have become free since somebody last set this to False."""
        self._leases: dict[int, Lease] = {}
        self._taken: dict[int, int] = {}
        """One bit per slot of a pool, leased or proposed; pools without any are left out."""
        self._holds: dict[Pair, Hold] = {}
        self._ticks: dict[int, list[int]] = {}
        self._order: list[int] = []
        self._hold_ends: list[tuple[float, int, Pair]] = []
        self._sessions: dict[Holder, int] = {}
        """The slot of each session of the gateway, whichever node has begun it."""
        self._past: list[dict[int, int]] = [{}, {}]
        self._forgets = 0.0
        self._ended: list[Lease] = []

    # proposing ----------------------------------------------------------------------------------------------------

    def propose(
        self,
        selector: Selector,
        now: float,
        *,
        strategy: str | None = None,
        target: str | None = None,
        exclude: Collection[int] = (),
    ) -> Candidate | Refusal:
        """A free slot of the proxy that the strategy picks, counted as taken until `confirm` or `withdraw`."""
        found = self.fleet.pick(selector, now, strategy=strategy, target=target, exclude=exclude, claim=True)
        return found if isinstance(found, Refusal) else self._candidate(found.proxy_id, now)

    def propose_proxy(self, proxy_id: int, now: float) -> Candidate | None:
        """A free slot of that very proxy, whatever its health; None when it has none or is not there."""
        if proxy_id not in self.fleet or not self.fleet.free(proxy_id):
            return None
        return self._candidate(proxy_id, now)

    def _candidate(self, proxy_id: int, now: float) -> Candidate:
        capacity, until, rotating = self.fleet.terms(proxy_id)
        self.fleet.take(proxy_id, now)
        taken = self._taken.get(proxy_id, 0)
        lowest = ~taken & (taken + 1)
        self._taken[proxy_id] = taken | lowest
        return Candidate(proxy_id, lowest.bit_length() - 1, proxy_id, capacity, until, rotating)

    def withdraw(self, candidate: Candidate, now: float, *, full: bool = False) -> None:
        """It was not granted; the slot is free again as far as this node knows. `full`: the store denies it."""
        freed = self.freed
        if candidate.key not in self._leases:
            self._vacate(candidate.pool, candidate.slot)
        self._give(candidate.proxy_id, now)
        self.freed = freed if full else True

    def confirm(self, candidate: Candidate, lease: Lease, now: float) -> None:
        """It was granted as proposed. A lease that this node still believed in there has ended."""
        known = self._leases.get(lease.key)
        if known is not None:
            self._end(lease.key, known, now)
            self._taken[lease.pool] = self._taken.get(lease.pool, 0) | 1 << lease.slot
        if candidate.proxy_id in self.fleet:
            self._put(lease.key, lease)

    # news ---------------------------------------------------------------------------------------------------------

    def learn(self, row: Lease | Hold, now: float) -> None:
        """A row of a store, as it is or was; `now` and the row's instants are of one clock."""
        if isinstance(row, Hold):
            self._learn_hold(row, now)
        else:
            self._learn_lease(row, now)

    def _learn_lease(self, lease: Lease, now: float) -> None:
        key = lease.key
        known = self._leases.get(key)
        if known is not None:
            if lease.expires == ENDED and lease.fence == known.fence:
                self._end(key, known, now)
                return
            lease = later(known, lease)
            if lease is known:
                return
            if lease.fence == known.fence and lease.expires > now:
                self._put(key, lease)
                return
            self._end(key, known, now)
        if lease.expires <= now or lease.fence <= max(self._past[0].get(key, 0), self._past[1].get(key, 0)):
            if lease.expires == ENDED:
                self._past[0][key] = max(lease.fence, self._past[0].get(key, 0))
            return
        if lease.proxy_id in self.fleet:
            self.fleet.take(lease.proxy_id, now, beyond=True)
            self._taken[lease.pool] = self._taken.get(lease.pool, 0) | 1 << lease.slot
            self._put(key, lease)

    def _put(self, key: int, lease: Lease) -> None:
        self._leases[key] = lease
        if lease.holder.label.startswith(SESSION):
            self._sessions[lease.holder] = key
        tick = int(lease.expires * TICKS) + 1
        waiting = self._ticks.get(tick)
        if waiting is None:
            self._ticks[tick] = [key]
            heappush(self._order, tick)
        else:
            waiting.append(key)

    def _end(self, key: int, lease: Lease, now: float) -> None:
        self._past[0][key] = lease.fence
        self._drop(key, lease, now)

    def _drop(self, key: int, lease: Lease, now: float) -> None:
        del self._leases[key]
        if self._sessions and self._sessions.get(lease.holder) == key:
            del self._sessions[lease.holder]
        self._ended.append(lease)
        self._vacate(lease.pool, lease.slot)
        self._give(lease.proxy_id, now)

    def _vacate(self, pool: int, slot: int) -> None:
        left = self._taken.get(pool, 0) & ~(1 << slot)
        if left:
            self._taken[pool] = left
        else:
            self._taken.pop(pool, None)

    def _give(self, proxy_id: int, now: float) -> None:
        self.freed = True
        if proxy_id in self.fleet:
            self.fleet.give(proxy_id, now)

    def _learn_hold(self, hold: Hold, now: float) -> None:
        known = self._holds.get(hold.pair)
        if known is not None and known.version >= hold.version:
            return
        self._holds[hold.pair] = hold
        stands = hold.stands(now)
        self._show_hold(hold, stands)
        if stands and hold.until != float("inf"):
            heappush(self._hold_ends, (hold.until, hold.version, hold.pair))
        self.freed = self.freed or not stands

    def _show_hold(self, hold: Hold, stands: bool) -> None:
        """Picks for the resource skip the proxy; a rotating one is unique by session and never skipped."""
        if hold.session or hold.proxy_id not in self.fleet:
            return
        if stands:
            self.fleet.hold(hold.resource, hold.proxy_id)
        else:
            self.fleet.unhold(hold.resource, hold.proxy_id)

    # time ---------------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """End what has expired by now."""
        while self._order and self._order[0] <= now * TICKS:
            for key in self._ticks.pop(heappop(self._order)):
                lease = self._leases.get(key)
                if lease is not None and lease.expires <= now:
                    self._drop(key, lease, now)  # not remembered as ended: another node may have renewed it
        while self._hold_ends and self._hold_ends[0][0] <= now:
            _, version, pair = heappop(self._hold_ends)
            hold = self._holds.get(pair)
            if hold is not None and hold.version == version:
                self._show_hold(hold, False)
                self.freed = True
        if now >= self._forgets:
            self._forgets = now + REMEMBERED
            self._past = [{}, self._past[0]]
            self._holds = {p: h for p, h in self._holds.items() if h.stands(now) or h.since > now - REMEMBERED}

    def take_ended(self) -> list[Lease]:
        """The leases that have ended since the last call: released, expired, reassigned, or gone with their proxy."""
        ended, self._ended = self._ended, []
        return ended

    # asking -------------------------------------------------------------------------------------------------------

    def find(self, token: Token, now: float) -> Lease | None:
        """The running lease that the token names."""
        lease = self._leases.get(token.key)
        return lease if lease is not None and lease.fence == token.fence and lease.expires > now else None

    def session(self, holder: Holder, now: float) -> Lease | None:
        """The running lease of a session; `holder` has the label of one."""
        key = self._sessions.get(holder)
        lease = None if key is None else self._leases[key]
        return lease if lease is not None and lease.expires > now else None

    def soonest(self, now: float) -> float:
        """Seconds until the next lease may expire; at most a minute."""
        return min(max(self._order[0] / TICKS - now, 0.05), 60.0) if self._order else 60.0

    def __len__(self) -> int:
        return len(self._leases)

    def leases(self, now: float) -> Iterator[Lease]:
        """All running leases, as far as this node knows."""
        return (lease for lease in list(self._leases.values()) if lease.expires > now)

    def holds(self, now: float) -> Iterator[Hold]:
        """All standing reservations, assignments and pairs that cool down."""
        return (hold for hold in list(self._holds.values()) if hold.stands(now))

    def hold_of(self, proxy_id: int, resource: str, now: float) -> Hold | None:
        """Who has the pair of a static proxy."""
        hold = self._holds.get((proxy_id, resource, ""))
        return hold if hold is not None and hold.stands(now) else None

    def drop(self, gone: Collection[int], now: float) -> None:
        """These proxies are about to leave the fleet, and with them what was claimed of them."""
        keys = [key for key, lease in self._leases.items() if lease.proxy_id in gone or lease.pool in gone]
        for key in keys:
            self._end(key, self._leases[key], now)
        for pair in [pair for pair in self._holds if pair[0] in gone]:
            self._show_hold(self._holds.pop(pair), False)

    def replace(self, leases: Collection[Lease], holds: Collection[Hold], now: float) -> None:
        """Everything as a store tells it: what it does not name has ended."""
        named = {lease.key for lease in leases}
        for key in [key for key in self._leases if key not in named]:
            self._end(key, self._leases[key], now)
        for lease in leases:
            self._learn_lease(lease, now)
        for hold in self._holds.values():
            self._show_hold(hold, False)
        self._holds.clear()
        for hold in holds:
            self._learn_hold(hold, now)
        self._hold_ends = [one for one in self._hold_ends if one[2] in self._holds]
        heapify(self._hold_ends)
