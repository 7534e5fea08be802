"""Drives a `FleetState` and the naive model side by side and compares them: every pick, every figure, every inner structure.

A difference is an AssertionError. Used by the Hypothesis machine and by the planted faults alike; nothing here is random
but the generator that the fleet itself is given.
"""

from random import Random

from tests.property.eligible import Ask, Eligible
from tests.property.known import Known
from tests.property.model import Model
from tests.property.preferences import Preferences
from tests.property.structures import check_due, check_memory, check_structures

from proxyfleet.core.columns import SCORE_PROBE
from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.rules import Rules

START = 1_000_000.0
GRAIN = 1.0 / 512.0
"""All instants lie on this grid: sums of them are exact, and each step is longer than the core's rounding of due times."""


class Twin:
    """Both fleets. Methods are the events; `check` compares everything."""

    def __init__(self, rules: Rules | None = None, seed: int = 0) -> None:
        self.rules = rules or Rules()
        self.fleet = FleetState(self.rules, rng=Random(seed))
        self.model = Model(self.rules)
        self.model.tick(START)
        self.preferences = Preferences(self.model)
        self.rules_say = Eligible(self.model, self.probing_score)
        self.allowed: set[int] = set()
        """Proxies that had the permit of a probe by score at the last comparison; it stays until it is used."""
        self.settled = False
        """Whether time has just moved on: permits are given when it does, not before."""
        self.counted = True
        """Whether the guard's counters can still be compared; taking failures back may book some again."""

    @property
    def now(self) -> float:
        return self.model.now

    @property
    def ids(self) -> list[int]:
        return list(self.model.proxies)

    # events -------------------------------------------------------------------------------------------------------

    def add(self, proxy: Proxy) -> None:
        self.fleet.add(proxy, self.now)
        self.model.add(proxy)
        self._settle()

    def remove(self, number: int) -> None:
        self.fleet.remove(number, self.now)
        self.model.remove(number)
        self.preferences.gone(number, removed=True)
        self._settle()

    def replace(self, proxy: Proxy) -> None:
        moved = self.model.proxies[proxy.id].profile() != (proxy.scheme, proxy.labels)
        self.fleet.replace(proxy, self.now)
        self.model.replace(proxy)
        if moved:
            self.preferences.gone(proxy.id, removed=False)
        self._settle()

    def disable(self, number: int) -> None:
        self.fleet.disable(number, self.now)
        self.model.proxies[number].disabled = True
        self._settle()

    def enable(self, number: int) -> None:
        self.fleet.enable(number, self.now)
        self.model.proxies[number].disabled = False
        self._settle()

    def reset(self, number: int) -> None:
        self.fleet.reset(number, self.now)
        self.model.reset(number)
        self._settle()

    def block(self, number: int, target: str, until: float) -> None:
        self.fleet.block(number, target, until)
        self.model.block(number, target, until)

    def hold(self, resource: str, number: int) -> None:
        self.fleet.hold(resource, number)
        self.model.held.add((resource, number))

    def unhold(self, resource: str, number: int) -> None:
        self.fleet.unhold(resource, number)
        self.model.held.discard((resource, number))

    def record(self, number: int, outcome: Outcome) -> None:
        self.fleet.record(number, outcome, self.now)
        self.model.record(number, outcome)
        self._settle()

    def take(self, number: int) -> None:
        known = self.model.proxies[number]
        fits = known.carried() < known.proxy.slots
        try:
            self.fleet.take(number, self.now)
        except NoFreeSlot:
            assert not fits, f"{number}: a free slot was refused"
            return
        assert fits, f"{number}: more leases than its capacity"
        known.leases += 1

    def give(self, number: int) -> None:
        known = self.model.proxies[number]
        try:
            self.fleet.give(number, self.now)
        except NoFreeSlot:
            assert not known.leases, f"{number}: its lease could not be given back"
            return
        assert known.leases, f"{number}: a lease that was never taken was given back"
        known.leases -= 1

    def begin(self, number: int, target: str | None) -> None:
        self.fleet.begin(number, target)
        self.model.begin(number, target)

    def end(self, number: int, target: str | None) -> None:
        self.fleet.end(number, target)
        self.model.end(number, target)

    def advance(self, seconds: float, ask: Ask | None = None) -> None:
        """Move time; `ask` is picked at that very instant, before the fleet has been told of the time."""
        self.model.tick(self.now + max(GRAIN, round(seconds * 512.0) / 512.0))
        if ask is not None:
            self.pick(ask, exactly=False)
        self._settle()
        self.model.tick(self.now + GRAIN)
        self._settle()
        self.settled = True

    def to_the_next_change(self) -> float:
        """Seconds until the earliest known end of a rest or an expiry; 60 without any."""
        ends = [known.learnt.rest_until for known in self.model.proxies.values()]
        ends += [known.proxy.expires_at or 0.0 for known in self.model.proxies.values()]
        later = [end - self.now for end in ends if self.now < end < float("inf")]
        return -(-min(later) * 512.0 // 1.0) / 512.0 if later else 60.0

    def _settle(self) -> None:
        check_due(self.fleet)
        while not self.fleet.advance(self.now):
            pass
        model = self.model
        for known in model.proxies.values():
            self._take_jitter(known)
        for number in model.taken_back:
            self._read_circuit(number)
        self.counted = self.counted and not model.taken_back
        model.taken_back.clear()

    def _take_jitter(self, known: Known) -> None:
        if known.learnt.rest_range is not None:
            low, high = known.learnt.rest_range
            until = self.fleet._columns.rest_until[self.slot(known.proxy.id)]
            if known.proxy.id not in self.model.taken_back:
                assert low - 1e-6 <= until <= high + 1e-6, f"{known.proxy.id}: rests until {until}, not {low}..{high}"
            known.learnt.rest_until, known.learnt.rest_range = until, None

    def _read_circuit(self, number: int) -> None:
        """Time that passed between is not replayed alike: take the circuit over, but a clean record must be closed."""
        known, columns = self.model.proxies[number], self.fleet._columns
        slot, learnt = self.slot(number), known.learnt
        report = self.fleet.health(number, self.now)
        clean = (
            learnt.circuit == "closed" and not learnt.resting and all(b.before.circuit == "closed" for b in known.log)
        )
        if clean:
            assert report.circuit == "closed", f"{number}: still {report.circuit} though the target was at fault"
            assert not report.resting, f"{number}: still rests though the target was at fault"
            assert self.fleet._doctor.circuit.started.get(slot) == learnt.starting, f"{number}: its slow start was lost"
        learnt.circuit, learnt.resting, learnt.suppressed = report.circuit, report.resting, report.suppressed
        learnt.probing = bool(columns.flags[slot] & 256)
        learnt.rest_until = columns.rest_until[slot]
        learnt.starting = self.fleet._doctor.circuit.started.get(slot)

    # picking ------------------------------------------------------------------------------------------------------

    def slot(self, number: int) -> int:
        return self.fleet._by_id[number]

    def probing_score(self, number: int) -> bool:
        return bool(self.fleet._columns.flags[self.slot(number)] & SCORE_PROBE)

    def pick(self, ask: Ask, *, exactly: bool = True) -> Pick | Refusal:
        """Ask both. Not `exactly`: only the hard rules, because what is due is settled by the pick itself."""
        full = self.rules_say.full(ask) if not ask.claim else []
        eligible, liftable, guard = self.rules_say.eligible(ask), self.rules_say.liftable(ask), self.model.guard_full()
        probes = {number: self.probing_score(number) for number in self.ids}
        found = self.fleet.pick(
            ask.asked.selector,
            self.now,
            strategy=ask.strategy,
            key=ask.key,
            target=ask.target,
            exclude=ask.exclude,
            claim=ask.claim,
        )
        lost = isinstance(found, Pick) and found.proxy_id not in self.model.proxies
        assert not lost, f"{found} is no proxy of this fleet"
        if isinstance(found, Pick) and found.proxy_id not in (*eligible, *full) and self._newly_permitted(found):
            low = ask._replace(asked=ask.asked.with_floor(0.0))
            eligible = [n for n in self.rules_say.eligible(low) if n == found.proxy_id]
            full = [n for n in self.rules_say.full(low) if n == found.proxy_id]
        if isinstance(found, Refusal):
            assert not (exactly and eligible), f"refused though {eligible} are eligible: {found}"
            assert not (exactly and full), f"refused though {full} could be shared"
            assert not (exactly and guard and liftable), f"refused though the guard lifts {liftable}"
            self._settle()
            return found
        self._check_hard(found.proxy_id, ask)
        if exactly:
            self._check_pick(found, ask, eligible, full, liftable if guard else [])
            known = self.model.proxies[found.proxy_id]
            half_open = known.learnt.circuit == "half_open" and not known.learnt.probing and not known.learnt.suppressed
            permitted = half_open or probes[found.proxy_id]
            due = self.now >= self.model.probe_time(known)
            assert found.probe >= permitted, f"{found} is a probe and must say so"
            assert permitted or due >= found.probe, f"{found}: no probe is permitted"
        shared = found.proxy_id in full and found.proxy_id not in eligible
        self._used(found, ask, shared=shared, lifted=not shared and found.proxy_id not in eligible)
        self._settle()
        return found

    def _newly_permitted(self, found: Pick) -> bool:
        """A question with a new floor holds proxies back by score, and gives those their probe that were idle for long."""
        known = self.model.proxies[found.proxy_id]
        return found.probe and not found.degraded and self.now >= self.model.probe_time(known)

    def _check_hard(self, number: int, ask: Ask) -> None:
        """R7: whatever the guard lifts, these hold."""
        reason = self.rules_say.why_not(number, ask)
        allowed = (None, "target_memory", "resting", "probing", "low_score")
        shared = reason == "capacity" and not ask.claim and self.model.proxies[number].connects()
        assert reason in allowed or shared, f"{number} was handed out though: {reason}"

    def _check_pick(self, found: Pick, ask: Ask, eligible: list[int], full: list[int], liftable: list[int]) -> None:
        number, known = found.proxy_id, self.model.proxies[found.proxy_id]
        if eligible or full:
            assert not found.degraded or known.learnt.suppressed, f"{found} though {eligible or full} fit"
            assert found.degraded == known.learnt.suppressed, f"{found}: degraded or not?"
            among = eligible if number in eligible or not ask.asked.spread else full
            if not ask.asked.spread and not eligible:
                among = full
            assert number in among, f"{number} is not among {among}"
            self.preferences.check(number, among, ask, shared=number not in eligible)
            self._check_spread(number, ask, eligible, full)
            return
        assert number in liftable, f"{number} lifted, allowed are {liftable}"
        assert found.degraded, f"{found} was lifted and must say so"
        best = max(self.model.proxies[n].health(self.now) for n in liftable)
        assert known.health(self.now) >= best - 1e-9, f"{number} is not the least bad of {liftable}"

    def _check_spread(self, number: int, ask: Ask, eligible: list[int], full: list[int]) -> None:
        if ask.asked.spread == "cheapest":
            price = self.model.proxies[number].price()
            cheapest = min(self.model.proxies[n].price() for n in (*eligible, *full))
            assert price == cheapest, f"{number} costs {price}, the cheapest costs {cheapest}"

    def _used(self, found: Pick, ask: Ask, *, shared: bool, lifted: bool) -> None:
        known, model = self.model.proxies[found.proxy_id], self.model
        self.preferences.used(found, ask, shared=shared, lifted=lifted)
        known.last_used = self.now
        learnt = known.learnt
        if learnt.circuit == "half_open" and not learnt.probing and not learnt.suppressed:
            learnt.probing, learnt.rest_until = True, self.now + model.rules.probe_timeout
        if known.details.min_interval:
            known.waits = self.now + known.details.min_interval

    def explain(self, ask: Ask) -> None:
        """The dry run tells of each proxy what the model finds; it asks for a request, never for a lease."""
        ask = ask._replace(claim=False)
        told = self.fleet.explain(ask.asked.selector, self.now, target=ask.target, exclude=ask.exclude)
        codes, last = {}, set()
        for each in told:
            codes[each.proxy_id] = each.code
            last |= {each.proxy_id} if each.last_resort else set()
        shared, eligible = self.rules_say.full(ask), self.rules_say.eligible(ask)
        lifted = self.rules_say.liftable(ask) if self.model.guard_full() else []
        assert last == {*shared, *lifted} - {*eligible}, (
            f"as a last resort {last} are told, but it is {shared}, {lifted}"
        )
        for number in self.ids:
            expected = self.rules_say.why_not(number, ask) or "eligible"
            assert codes[number] == expected, f"{number}: explained as {codes[number]}, but it is {expected}"

    # comparison ---------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Everything both know must be the same."""
        for number, known in self.model.proxies.items():
            self._check_figures(number, known)
            self._check_state(number, known)
        self._check_guard()
        check_memory(self.fleet, self.model)
        check_structures(self.fleet, self.now)
        self.settled = False

    def _check_figures(self, number: int, known: Known) -> None:
        report, learnt = self.fleet.health(number, self.now), known.learnt
        for name, expected in (
            ("successes", learnt.successes), ("failures", learnt.failures), ("strangers", known.strangers),
            ("consecutive_failures", learnt.streak), ("success_rate", learnt.success_rate),
            ("response_time", learnt.response_time), ("last_success", learnt.last_success),
            ("last_failure", learnt.last_failure), ("last_error", learnt.last_error), ("leases", known.leases),
            ("active", known.active), ("circuit", learnt.circuit), ("resting", learnt.resting),
            ("suppressed", learnt.suppressed), ("refused", known.refused),
        ):  # fmt: skip
            found = getattr(report, name)
            assert found == expected, f"{number}: {name} is {found}, must be {expected}"
        near(report.reputation, known.reputation(), f"{number}: reputation")
        assert abs(report.health - known.health(self.now)) < 1e-9, f"{number}: health {report.health}"

    def _check_state(self, number: int, known: Known) -> None:
        columns, slot = self.fleet._columns, self.slot(number)
        near(columns.weight[slot], max(self.model.weight(known), 1.0), f"{number}: weight")
        standing = known.standing(self.now)
        assert columns.standing[slot] == standing, f"{number}: standing {columns.standing[slot]}, must be {standing}"
        assert self.fleet.get(number).status is known.status(), f"{number}: {self.fleet.get(number).status}"
        low = columns.health[slot] < self.fleet._index.top_floor
        due = self.now >= self.model.probe_time(known)
        wanted = (
            self.settled
            and columns.due[slot] > self.now + GRAIN
            and any(columns.health[slot] < view.floor for view in self.fleet._index.views_of(columns.profile[slot]))
        )
        allowed = low and (due or number in self.allowed)
        assert self.probing_score(number) <= allowed, f"{number}: a probe by score without need or too early"
        assert self.probing_score(number) >= (wanted and due and standing >= 2), (
            f"{number}: no probe by score though it is time"
        )
        (self.allowed.add if self.probing_score(number) else self.allowed.discard)(number)

    def _check_guard(self) -> None:
        guard, model = self.fleet._doctor.guard, self.model
        assert (guard.worked, guard.resting) == (model.worked(), model.resting()), "the guard has miscounted"
        if self.counted:
            found = (guard.detected, guard.enforced, guard.suppressed, self.fleet._doctor.circuit.opens)
            expected = (model.detected, model.enforced, model.suppressed, model.opens)
            assert found == expected, f"ejections counted as {found}, must be {expected}"


def near(found: int, exact: float, what: str) -> None:
    """A floored figure: either side of a rounding of the sum."""
    assert found in (int(exact - 1e-9), int(exact + 1e-9)), f"{what} {found}, must be {exact}"
