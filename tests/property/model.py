"""A naive model of the decision core, written from SPEC alone (C1 to C7, rules 1, 6 to 12, 15): plain records, O(n) everything.

It shares no code with the core but the records that both are given. `Model` says what every proxy's state must be after
each event. Jitter is the core's to choose: the model gives a range, the comparison takes the value.
"""

from copy import copy

from tests.property.known import INFINITY, Booked, Known, Learnt, Pair, average

from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.proxy import Kind, Proxy, Status
from proxyfleet.core.rules import Rules

PROXY_FAULTS = ("connect", "timeout", "protocol", "authentication", "network", "unknown")
PAIR_FAULTS = ("rate_limit", "banned")


class Model:
    """`tick` applies time; the other methods are the events. Ids are those of the fleet."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = 0.0
        self.proxies: dict[int, Known] = {}
        self.pairs: dict[tuple[str, int], Pair] = {}
        """By (target, id)."""
        self.attempts: dict[str, list[tuple[float, int | None]]] = {}
        """target -> (when, id of the proxy that failed, None for a success)"""
        self.at_fault: dict[str, bool] = {}
        self.held: set[tuple[str, int]] = set()
        self.detected = self.enforced = self.suppressed = self.opens = 0
        self.taken_back: list[int] = []
        """Proxies whose circuit must be read from the fleet, because what time did meanwhile is not replayed."""

    # the guard ----------------------------------------------------------------------------------------------------

    def worked(self) -> int:
        return sum(known.worked for known in self.proxies.values())

    def resting(self) -> int:
        return sum(known.worked and known.learnt.resting for known in self.proxies.values())

    def guard_full(self) -> bool:
        return self.resting() + 1 > self.rules.guard * self.worked()

    # inventory ----------------------------------------------------------------------------------------------------

    def add(self, proxy: Proxy) -> None:
        self.proxies[proxy.id] = known = Known(proxy)
        known.behind = lambda: self.behind(known)
        known.write(proxy)

    def behind(self, known: Known) -> list[Known]:
        """All that have the same measured exit, where exits are shared."""
        if not self.rules.share_exits or known.exit is None:
            return []
        return [other for other in self.proxies.values() if other.exit == known.exit]

    def remove(self, number: int) -> None:
        self.reset(number)
        del self.proxies[number]
        self.held = {(resource, held) for resource, held in self.held if held != number}

    def replace(self, proxy: Proxy) -> None:
        known = self.proxies[proxy.id]
        before, pending, gated = known.proxy, known.pending, known.gated
        if (before.username, before.password) != (proxy.username, proxy.password):
            known.refused, known.first_refusal, known.recheck = False, None, INFINITY
        known.write(proxy)
        if proxy.status is Status.DISABLED:
            known.pending, known.gated = pending, gated
        if known.worked and proxy.status is Status.PENDING and not pending and not gated:
            known.pending = known.gated = False

    def reset(self, number: int) -> None:
        known = self.proxies[number]
        known.learnt, known.log, known.strangers = Learnt(), [], 0
        known.worked = known.refused = False
        known.first_refusal, known.recheck = None, INFINITY
        self.pairs = {key: pair for key, pair in self.pairs.items() if key[1] != number}
        for target, attempts in self.attempts.items():
            self.attempts[target] = [attempt for attempt in attempts if attempt[1] != number]

    # time ---------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        self.now = now
        for known in self.proxies.values():
            self._tick(known, now)

    def _tick(self, known: Known, now: float) -> None:
        learnt = known.learnt
        if learnt.starting is not None and now >= learnt.starting + self.rules.slow_start:
            learnt.starting = None
        if now >= learnt.rest_until:
            learnt.rest_until = INFINITY
            if learnt.probing:
                learnt.probing = False
            else:
                learnt.resting = False
                if learnt.circuit == "open":
                    learnt.circuit = "half_open"
                else:
                    learnt.suppressed = False
        if known.refused and known.recheck <= now:
            known.refused, learnt.circuit = False, "half_open"

    def ramp(self, known: Known) -> float:
        if known.learnt.starting is None:
            return 1.0
        return min(1.0, (1 + (self.now - known.learnt.starting) // (self.rules.slow_start / 10.0)) / 10.0)

    def weight(self, known: Known) -> float:
        whole = int(known.reputation() + 1e-9)
        base = whole if self.rules.weigh_by == "reputation" else int(known.health(self.now) * 100.0 + 1e-9)
        return base * self.ramp(known) * (0.5 if known.pending else 1.0)

    def probe_time(self, known: Known) -> float:
        return max(known.last_used, known.learnt.last_failure or -1.0) + self.rules.score_probe_every

    # outcomes -----------------------------------------------------------------------------------------------------

    def record(self, number: int, outcome: Outcome) -> None:
        known = self.proxies.get(number)
        if known is None:
            return
        if outcome.category is None:
            self._success(number, known, outcome)
        else:
            self._failure(number, known, outcome, outcome.category.value)

    def _success(self, number: int, known: Known, outcome: Outcome) -> None:
        known.worked, known.pending, known.gated, known.refused = True, False, False, False
        known.first_refusal, known.recheck = None, INFINITY
        if outcome.target is not None:
            self._forgive((outcome.target, number))
            self._attempt(outcome.target, None)
        self._log(known, None, outcome.response_time, outcome.target)
        self._succeed(known, self.now, outcome.response_time)

    def _log(self, known: Known, category: str | None, response_time: float, target: str | None) -> None:
        known.log.append(Booked(self.now, category, response_time, target, copy(known.learnt)))

    def _succeed(self, known: Known, at: float, response_time: float) -> None:
        learnt = known.learnt
        learnt.success_rate = average(learnt.success_rate, 1.0)
        learnt.response_time = average(learnt.response_time, response_time)
        learnt.successes += 1
        learnt.streak = 0
        learnt.last_success = at
        self._window(learnt, at, 1)
        was_open = learnt.circuit != "closed"
        if was_open or learnt.resting or learnt.suppressed:
            learnt.circuit, learnt.resting, learnt.suppressed, learnt.probing = "closed", False, False, False
            learnt.rest_until = INFINITY
            learnt.starting = at if was_open else None

    def _window(self, learnt: Learnt, at: float, win: int) -> None:
        if at - learnt.window_start >= self.rules.window:
            learnt.window_start, learnt.tries, learnt.wins = at, 0, 0
        learnt.tries += 1
        learnt.wins += win

    def _failure(self, number: int, known: Known, outcome: Outcome, category: str) -> None:
        rotating = known.proxy.labels.kind is Kind.ROTATING
        mine = category in PROXY_FAULTS
        if rotating and outcome.phase is not Phase.DIAL and category not in ("connect", "authentication"):
            mine = False
        if category == "authentication" and outcome.parameterised:
            mine = False
        reached = outcome.phase is not Phase.DIAL and category not in ("authentication", "quota")
        target = outcome.target if reached else None
        if target is not None and (mine or category == "target") and self._attempt(target, number):
            mine = False
        if mine:
            self._blame(number, known, category, outcome.response_time, target)
            return
        known.strangers += 1
        if known.learnt.probing:
            known.learnt.probing, known.learnt.rest_until = False, INFINITY
        if category in PAIR_FAULTS and outcome.target is not None:
            self._refuse_pair(outcome.target, number, category, outcome.retry_after)

    def _blame(self, number: int, known: Known, category: str, response_time: float, target: str | None) -> None:
        self._log(known, category, response_time, target)
        self._fail(known, self.now, category)
        if category == "authentication":
            self._refuse_credentials(known)
        if target is not None:
            pair = self.pairs.setdefault((target, number), Pair())
            pair.failures += 1
            if pair.failures >= self.rules.pair_failures:
                self._rest_pair(pair, pair.failures - self.rules.pair_failures, 0.0, "failing")

    def _refuse_pair(self, target: str, number: int, category: str, asked: float) -> None:
        pair = self.pairs.setdefault((target, number), Pair())
        pair.failures += 1
        self._rest_pair(pair, pair.failures - 1, asked, category)

    def _forgive(self, key: tuple[str, int]) -> None:
        """Drop the record, but an operator's block stays as it was."""
        pair = self.pairs.pop(key, None)
        if pair is not None and pair.block:
            self.pairs[key] = Pair(0, pair.block, "blocked", pair.block)

    def _rest_pair(self, pair: Pair, doublings: int, asked: float, reason: str) -> None:
        rest = min(self.rules.pair_max, self.rules.pair_base * 2.0**doublings)
        if (until := self.now + max(asked, rest)) > pair.until:
            pair.until, pair.reason = until, reason

    def block(self, number: int, target: str, until: float) -> None:
        self.pairs[(target, number)] = Pair(0, until, "blocked", until)

    def blocked(self, number: int, target: str) -> bool:
        return (target, number) in self.pairs and self.pairs[(target, number)].until > self.now

    def _refuse_credentials(self, known: Known) -> None:
        if known.first_refusal is None:
            known.first_refusal = self.now
        if known.recheck == INFINITY and self.now - known.first_refusal < self.rules.auth_gap:
            return
        known.recheck = self.now + self.rules.auth_recheck
        if not known.refused:
            known.refused = True
            learnt = known.learnt
            learnt.circuit, learnt.resting, learnt.suppressed, learnt.probing = "closed", False, False, False
            learnt.rest_until, learnt.rest_range, learnt.starting = INFINITY, None, None

    def _fail(self, known: Known, at: float, category: str) -> None:
        learnt, rules = known.learnt, self.rules
        learnt.success_rate = average(learnt.success_rate, 0.0)
        learnt.failures += 1
        learnt.streak += 1
        learnt.last_failure, learnt.last_error = at, category
        self._window(learnt, at, 0)
        poor = learnt.tries >= rules.window_samples and learnt.wins < rules.window_success * learnt.tries
        learnt.probing = False
        if rules.breaker and learnt.streak < rules.open_after and learnt.circuit == "closed" and not poor:
            return
        if not learnt.resting and not known.refused:
            self._open(known, at)

    def _open(self, known: Known, at: float) -> None:
        learnt, rules = known.learnt, self.rules
        allowed = not known.worked or not self.guard_full()
        self.detected += 1
        self.enforced += allowed
        self.suppressed += not allowed
        if rules.breaker:
            self.opens += learnt.circuit == "closed"
            learnt.circuit = "open"
            rest = max(
                rules.cooldown, min(rules.rest_max, rules.rest_base * 2.0 ** max(learnt.streak - rules.open_after, 0))
            )
        else:
            rest = min(rules.rest_max, rules.rest_base * 2.0 ** (learnt.streak - 1))
        learnt.rest_range = (at + rest, at + rest * 1.2)
        learnt.rest_until = at + rest
        learnt.resting, learnt.suppressed, learnt.starting = allowed, not allowed, None

    # blame --------------------------------------------------------------------------------------------------------

    def _attempt(self, target: str, failed: int | None) -> bool:
        """Rule 9: at least 3 proxies and half of at least 10 attempts within a minute; then take failures back."""
        attempts = self.attempts.setdefault(target, [])
        attempts.append((self.now, failed))
        attempts[:] = [one for one in attempts if one[0] >= self.now - self.rules.blame_window]
        failures = [one[1] for one in attempts if one[1] is not None]
        before = self.at_fault.get(target, False)
        after = len(attempts) >= 10 and 2 * len(failures) >= len(attempts) and len(set(failures)) >= 3
        self.at_fault[target] = after
        if after and not before:
            for key, pair in list(self.pairs.items()):
                if key[0] == target and pair.reason in ("", "failing", "blocked"):
                    self._forgive(key)
            for number in dict.fromkeys(failures):
                self._take_back(number, target)
        return after

    def _take_back(self, number: int, target: str) -> None:
        """As if the failures of the last minute on the target had never been: from before the first, all others again."""
        known = self.proxies[number]
        since = self.now - self.rules.blame_window
        gone = [i for i, one in enumerate(known.log) if one.category and one.target == target and one.at >= since]
        if not gone:
            return
        again = [one for i, one in enumerate(known.log) if i > gone[0] and i not in gone]
        known.learnt = copy(known.log[gone[0]].before)
        known.strangers += len(gone)
        known.log = known.log[: gone[0]]
        for one in again:
            known.log.append(one._replace(before=copy(known.learnt)))
            if one.category is None:
                self._succeed(known, one.at, one.response_time)
            else:
                self._fail(known, one.at, one.category)
        self.taken_back.append(number)

    # what proxies carry ---------------------------------------------------------------------------------------------

    def begin(self, number: int, target: str | None) -> None:
        known = self.proxies[number]
        known.active += 1
        if target is not None and known.details.polite:
            known.on_target[target] = known.on_target.get(target, 0) + 1

    def end(self, number: int, target: str | None) -> None:
        known = self.proxies.get(number)
        if known is None:
            return
        known.active = max(0, known.active - 1)
        if target is not None and known.on_target.get(target, 0):
            known.on_target[target] -= 1

    def polite(self, number: int, target: str | None) -> bool:
        known = self.proxies[number]
        most = known.details.target_capacity
        return target is None or most is None or known.on_target.get(target, 0) < most
