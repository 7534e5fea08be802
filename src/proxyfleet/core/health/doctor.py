"""Keeps every proxy's scores and standing true: after an outcome, after a use, and when time alone changes something.

Joins ledger, circuit, blame, pairs and credentials; tells the index what changed and collects events. The order of the
tests in `judge` is that of SPEC rule 8. Picks nothing.
"""

from collections import deque

from proxyfleet.core.columns import (
    ABSENT,
    FULL,
    GATED,
    HALF_OPEN,
    HELD,
    INFINITY,
    OUT,
    PENDING,
    PROBING,
    READY,
    REFUSED,
    RESTING,
    SCORE_PROBE,
    STARTING,
    SUPPRESSED,
    UNKNOWN,
    USED,
    WORKED,
    Columns,
)
from proxyfleet.core.duetimes import DueTimes
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.health.blame import Targets
from proxyfleet.core.health.circuit import Circuit
from proxyfleet.core.health.credentials import Credentials
from proxyfleet.core.health.guard import Guard
from proxyfleet.core.health.latency import Latencies
from proxyfleet.core.health.ledger import Booking, Ledger
from proxyfleet.core.health.pairs import Pairs
from proxyfleet.core.health.score import (
    BEST_HEALTH,
    BEST_REPUTATION,
    FAST,
    FRESH,
    PROVEN_USES,
    health,
    recency_changes,
    reputation,
)
from proxyfleet.core.index import Index
from proxyfleet.core.outcome import FAULT, Category, Fault, Outcome
from proxyfleet.core.records import Records
from proxyfleet.core.rules import Rules
from proxyfleet.core.slots import Slots
from proxyfleet.core.strategies.contract import Draw

ORDINARY = USED | WORKED
"""The flags of a proxy in its everyday state: an outcome changes its scores, and nothing else unless a circuit opens."""
FIRSTS = WORKED | PENDING | GATED | REFUSED
"""Flags that a success may change."""
OF_PROXY = Fault.PROXY
MOST_EVENTS = 100_000
"""Where nobody collects events, the oldest are dropped."""
SOON = 0.001
"""Nothing is scheduled closer than this, so that rounding of instants cannot make a slot due for ever."""


class Doctor:
    """`record` outcomes, `settle` what is due, `rescore` after any change."""

    def __init__(self, columns: Columns, records: Records, slots: Slots, rules: Rules, draw: Draw) -> None:
        self.columns = columns
        columns.peak_tau = rules.ewma_tau
        self.records = records
        self.slots = slots
        self.rules = rules
        self.by_reputation = rules.weigh_by == "reputation"
        self.due = DueTimes(columns)
        self.guard = Guard(rules.guard)
        self.circuit = Circuit(columns, rules, self.guard, draw)
        self.ledger = Ledger(columns, rules, self.circuit)
        self.targets = Targets(rules)
        self.pairs = Pairs(rules)
        self.credentials = Credentials(rules)
        self.latencies = Latencies(columns)
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.now = 0.0
        """The latest time anything was scored at; nothing is judged by an earlier one."""
        self.index = Index(columns, records.profiles, rules.min_score, self._score_probe_due)

    def record(self, slot: int, outcome: Outcome, now: float) -> None:
        """Book one outcome to whom it belongs."""
        if self.columns.due[slot] <= now:
            self.settle(slot, now)
        if outcome.category is None:
            self._succeeded(slot, outcome, now)
        else:
            self._failed(slot, outcome, outcome.category, now)

    def _succeeded(self, slot: int, outcome: Outcome, now: float) -> None:
        _, response_time, target, _, _, _ = outcome
        self.latencies.observe(slot, response_time)
        if self.columns.flags[slot] & FIRSTS != WORKED:
            self._proven(slot, now)
        if self.credentials.first:
            self.credentials.accepted(slot)
        if target is not None:
            if self.pairs.count:
                self.pairs.succeeded(target, slot)
            if not self.targets.calm(target, now):
                self._count_on_target(target, slot, True, now)
        booking = self.ledger.succeeded(slot, now, response_time, target)
        if self.ledger.told:
            self.events += self.ledger.take_told()
        self._rate(slot, now, booking)

    def _proven(self, slot: int, now: float) -> None:
        flags = self.columns.flags[slot]
        if not flags & WORKED:
            self.guard.worked += 1
            self.guard.resting += (flags & RESTING) > 0
        if flags & (PENDING | GATED):
            self.events.append(Event(Happened.PROXY_PROVEN, now, self.columns.ids[slot], reason="worked in traffic"))
        self.columns.flags[slot] = flags & ~(PENDING | GATED | REFUSED) | WORKED

    def _failed(self, slot: int, outcome: Outcome, category: Category, now: float) -> None:
        _, response_time, target, _, _, _ = outcome
        fault = FAULT[category]
        if fault is OF_PROXY and self.records.rotating(slot) and not outcome.at_endpoint:
            fault = Fault.CLIENT
        if category is Category.AUTHENTICATION and outcome.parameterised:
            fault = Fault.CLIENT
        reached = target if target is not None and outcome.reached_target else None
        at_fault = False
        if reached is not None and (fault is OF_PROXY or fault is Fault.TARGET):
            at_fault = self._count_on_target(reached, slot, False, now)
        if fault is OF_PROXY and not at_fault:
            self._rate(slot, now, self._blame_proxy(slot, category, response_time, reached, now))
        else:
            self._blame_others(slot, outcome, fault, now)
            self.rescore(slot, now)

    def _blame_others(self, slot: int, outcome: Outcome, fault: Fault, now: float) -> None:
        why, target = str(outcome.category), outcome.target
        self.columns.strangers[slot] += 1
        self.circuit.returned(slot)
        if fault is Fault.PAIR and target is not None:
            pair = self.pairs.refused(target, slot, now, outcome.retry_after, why)
            self._tell_pair(slot, target, pair.until, why, now)
        if fault is Fault.ACCOUNT:
            self.events.append(Event(Happened.QUOTA_EXHAUSTED, now, self.columns.ids[slot], reason=why))

    def _blame_proxy(
        self, slot: int, category: Category, took: float, target: str | None, now: float
    ) -> Booking | None:
        """`target` is the one that the attempt has reached. None when more than the scores has changed."""
        booking = self.ledger.failed(slot, now, category, took, target)
        if self.ledger.told:
            self.events += self.ledger.take_told()
        if category is Category.AUTHENTICATION and self.credentials.refused(slot, now):
            self._refuse(slot, now)
            booking = None
        if target is not None and (pair := self.pairs.failed(target, slot, now)) is not None:
            self._tell_pair(slot, target, pair.until, f"{pair.failures} failures in a row", now)
        return booking

    def _refuse(self, slot: int, now: float) -> None:
        columns = self.columns
        if columns.flags[slot] & REFUSED:
            return
        self.circuit.reset(slot)
        columns.flags[slot] |= REFUSED
        until = self.credentials.recheck[slot]
        reason = "its own credentials were refused twice"
        self.events.append(Event(Happened.CREDENTIALS_REFUSED, now, columns.ids[slot], reason=reason, until=until))

    def _tell_pair(self, slot: int, target: str, until: float, reason: str, now: float) -> None:
        self.events.append(Event(Happened.PAIR_RESTED, now, self.columns.ids[slot], target, reason, until))

    def _count_on_target(self, target: str, slot: int, success: bool, now: float) -> bool:
        """Count an attempt; when the target turns out to be at fault, take back what was booked to proxies for it."""
        before, after = self.targets.add(target, slot, success, now)
        if after and not before:
            self.events.append(Event(Happened.TARGET_AT_FAULT, now, target=target, reason="fails through many proxies"))
            self.pairs.absolve(target)
            for failed in self.targets.failed_slots(target):
                was_open = self.columns.circuit[failed]
                if self.ledger.take_back(failed, target, now - self.rules.blame_window):
                    self.rescore(failed, now)
                    if was_open and not self.columns.circuit[failed]:
                        closed = Event(
                            Happened.CIRCUIT_CLOSED, now, self.columns.ids[failed], target, "target at fault"
                        )
                        self.events.append(closed)
        elif before and not after:
            self.events.append(Event(Happened.TARGET_RECOVERED, now, target=target, reason="works again"))
        return after

    def settle(self, slot: int, now: float) -> None:
        """Apply everything that time has changed about the slot."""
        columns = self.columns
        columns.due[slot] = INFINITY
        if not columns.flags[slot]:
            return
        self.events += self.circuit.tick(slot, now)
        if self.slots.waits and self.slots.waits.get(slot, INFINITY) <= now:
            del self.slots.waits[slot]
        if columns.flags[slot] & REFUSED and self.credentials.recheck.get(slot, INFINITY) <= now:
            columns.flags[slot] &= ~REFUSED
            columns.circuit[slot] = HALF_OPEN
        if columns.health[slot] < self.index.top_floor and now >= self.probe_time(slot):
            columns.flags[slot] |= SCORE_PROBE
        was_there = columns.standing[slot] != ABSENT
        self.rescore(slot, now)
        if was_there and columns.expires[slot] <= now:
            self.events.append(Event(Happened.PROXY_EXPIRED, now, columns.ids[slot], reason="its expiry date has come"))

    def advance(self, now: float, most: int) -> bool:
        """Settle up to `most` slots whose time has come; True when none is left."""
        come = self.due.come(now, most)
        for slot in come:
            self.settle(slot, now)
        return len(come) < most

    def _rate(self, slot: int, now: float, booking: Booking | None) -> None:
        """Score after a booking. A proxy in its everyday state that was ready stays so, and its due time holds."""
        if now > self.now:
            self.now = now
        if booking is None:
            self.rescore(slot, now)
            return
        rate, response, last, streak, uses, flags, profile, before, due, circuit, standing, had, weighed = booking
        if flags != ORDINARY or standing != READY or not now < due <= now + FRESH or self.slots.waits:
            self.rescore(slot, now)
            return
        if (
            before == BEST_HEALTH
            and rate == 1.0
            and response < FAST
            and uses >= PROVEN_USES
            and had == weighed == BEST_REPUTATION
        ):
            self.index.rated(slot, profile, False)  # flawless as before: no score can change
            return
        columns = self.columns
        columns.reputation[slot] = points = reputation(rate, response, streak, uses)
        columns.health[slot] = score = health(rate, last, response, circuit, now)
        weight = (points if self.by_reputation else int(score * 100.0)) or 1
        if weight != weighed:
            columns.weight[slot] = weight
        if before >= self.index.top_floor <= score:
            self.index.rated(slot, profile, weight != weighed)
        else:
            self.rescore(slot, now)

    def rescore(self, slot: int, now: float) -> None:
        """Bring scores, weight, standing, due time and views of one slot up to date."""
        columns = self.columns
        if now > self.now:
            self.now = now
        response, rate = columns.response_time[slot], columns.success_rate[slot]
        columns.reputation[slot] = points = reputation(rate, response, columns.streak[slot], columns.uses(slot))
        columns.health[slot] = score = health(rate, columns.last_success[slot], response, columns.circuit[slot], now)
        weight = points if self.by_reputation else int(score * 100.0)
        flags = columns.flags[slot]
        if flags & (STARTING | PENDING):
            weight = int(weight * self.circuit.ramp(slot, now) * (0.5 if flags & PENDING else 1.0))
        columns.weight[slot] = weight or 1
        if flags & SCORE_PROBE and score >= self.index.top_floor:
            columns.flags[slot] = flags & ~SCORE_PROBE
        columns.standing[slot] = self.judge(slot, now)
        self.schedule(slot, now)
        self.index.refresh(slot)

    def judge(self, slot: int, now: float) -> int:
        """ABSENT for a hard state, HELD while it rests, FULL without a free slot, READY otherwise."""
        columns = self.columns
        flags = columns.flags[slot]
        if flags & OUT != USED or columns.expires[slot] <= now:
            return ABSENT
        if flags & (RESTING | PROBING) and (flags & RESTING or not flags & SUPPRESSED):
            return HELD
        if self.slots.waits and self.slots.waits.get(slot, now) > now:
            return HELD
        if self.records.polite or self.slots.shares(slot):
            return READY if self.slots.has_room(slot) else FULL
        return READY if columns.leases[slot] < columns.capacity[slot] else FULL

    def schedule(self, slot: int, now: float) -> None:
        """See that the slot is settled when something about it changes by itself."""
        columns = self.columns
        flags = columns.flags[slot]
        when = columns.expires[slot]
        if when <= now:
            when = INFINITY
        when = min(when, columns.rest_until[slot])
        if columns.last_success[slot] != UNKNOWN:
            when = min(when, recency_changes(columns.last_success[slot], now))
        if flags & STARTING:
            when = min(when, self.circuit.ramp_changes(slot, now))
        if flags & REFUSED:
            when = min(when, self.credentials.recheck.get(slot, INFINITY))
        if columns.health[slot] < self.index.top_floor and not flags & SCORE_PROBE:
            when = min(when, self.probe_time(slot))
        if self.slots.waits:
            when = min(when, self.slots.waits.get(slot, INFINITY))
        if when < columns.due[slot]:
            self.due.at(slot, max(when, now + SOON))

    def probe_time(self, slot: int) -> float:
        """When a proxy that is held back by its score alone may be picked once again."""
        return max(self.columns.last_used[slot], self.columns.last_failure[slot]) + self.rules.score_probe_every

    def _score_probe_due(self, slot: int) -> None:
        if not self.columns.flags[slot] & SCORE_PROBE:
            self.due.at(slot, self.probe_time(slot))

    def used(self, slot: int, now: float) -> bool:
        """A pick has chosen the slot: probe permits are spent; True when this use is a probe."""
        columns = self.columns
        flags = columns.flags[slot]
        half_open = columns.circuit[slot] == HALF_OPEN and not flags & (PROBING | SUPPRESSED)
        probe = half_open or bool(flags & SCORE_PROBE)
        polite = bool(self.records.polite) and self.slots.used(slot, now)
        if half_open:
            self.circuit.probe(slot, now)
        if probe or polite:
            columns.flags[slot] &= ~SCORE_PROBE
            self.rescore(slot, now)
        return probe

    def rejudge(self, slot: int) -> None:
        """Only load or room have changed: standing and views, no scores."""
        self.columns.standing[slot] = self.judge(slot, self.now)
        self.index.refresh(slot)

    def eject(self, slot: int, now: float, seconds: float) -> None:
        """It rests from now on, on an operator's word."""
        self.events.extend(self.circuit.eject(slot, now, seconds))
        self.rescore(slot, now)

    def reinstate(self, slot: int, now: float) -> None:
        """It rests no longer, on an operator's word; scores stay."""
        self.circuit.reset(slot)
        self.rescore(slot, now)

    def renewed(self, slot: int) -> None:
        """The proxy got new credentials: a refusal of the old ones is over."""
        self.columns.flags[slot] &= ~REFUSED
        self.credentials.accepted(slot)

    def reset(self, slot: int, now: float) -> None:
        """Forget everything that was learnt; hard states by failures end, a person's `disabled` stays."""
        columns = self.columns
        if columns.failures[slot] or columns.strangers[slot]:
            self.targets.forget_slot(slot)
        self.circuit.reset(slot)
        self.guard.worked -= (columns.flags[slot] & WORKED) > 0
        columns.flags[slot] &= ~(WORKED | REFUSED | SCORE_PROBE)
        columns.forget(slot)
        self.ledger.forget(slot)
        self.credentials.accepted(slot)
        self.pairs.forget(slot)
        self.latencies.forget(slot)
        self.rescore(slot, now)
