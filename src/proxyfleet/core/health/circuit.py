"""One proxy's circuit and its rests (SPEC C3, C4, rule 7). Changes columns of one slot at a time and reports events.

    closed     --5 consecutive failures, or a poor share of successes in the window-->  open
    open       --its rest is over-->  half_open, one probe at a time
    half_open  --a failure-->  open, with a longer rest          --a success-->  closed, in slow start
    any        --a success-->  closed

With the breaker off there is only the rest, from the first failure on. The guard may forbid a rest: the circuit opens
all the same, but the proxy stays in rotation, marked suppressed, and asks again at its next failure.
"""

from proxyfleet.core.columns import (
    CLOSED,
    HALF_OPEN,
    INFINITY,
    OPEN,
    PROBING,
    REFUSED,
    RESTING,
    STARTING,
    SUPPRESSED,
    WORKED,
    Columns,
)
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.health.guard import Guard
from proxyfleet.core.rules import Rules
from proxyfleet.core.strategies.contract import Draw

EJECTED = "an operator has ejected it"
HELD = RESTING | SUPPRESSED | PROBING


class Circuit:
    """The rules applied to the columns. `draw` gives the jitter."""

    def __init__(self, columns: Columns, rules: Rules, guard: Guard, draw: Draw) -> None:
        self.columns = columns
        self.rules = rules
        self.guard = guard
        self.draw = draw
        self.opens = 0
        self.started: dict[int, float] = {}
        """Slots in slow start, and since when."""

    def failed(self, slot: int, now: float, poor: bool) -> list[Event]:
        """A failure has been booked; `poor` says that the window's share of successes is too low."""
        columns, rules = self.columns, self.rules
        flags = columns.flags[slot]
        if flags & PROBING:
            columns.flags[slot] = flags & ~PROBING
        streak = columns.streak[slot]
        if rules.breaker and streak < rules.open_after and columns.circuit[slot] == CLOSED and not poor:
            return []
        if flags & (RESTING | REFUSED):
            return []
        return self._open(slot, now, rules.rest(streak), poor)

    def eject(self, slot: int, now: float, seconds: float) -> list[Event]:
        """Open it on an operator's word, whatever the guard says."""
        columns, flags = self.columns, self.columns.flags
        self.reset(slot)
        columns.circuit[slot] = OPEN if self.rules.breaker else CLOSED
        columns.rest_until[slot] = now + seconds
        flags[slot] |= RESTING
        self.guard.resting += (flags[slot] & WORKED) > 0
        return [Event(Happened.CIRCUIT_OPENED, now, columns.ids[slot], reason=EJECTED, until=now + seconds)]

    def _open(self, slot: int, now: float, rest: float, poor: bool) -> list[Event]:
        columns, flags = self.columns, self.columns.flags
        self.started.pop(slot, None)
        allowed = self.guard.allows(bool(flags[slot] & WORKED))
        if self.rules.breaker:
            self.opens += columns.circuit[slot] == CLOSED
            columns.circuit[slot] = OPEN
        until = now + rest * (1.0 + self.rules.jitter * self.draw())
        columns.rest_until[slot] = until
        flags[slot] &= ~(STARTING | SUPPRESSED)
        if allowed:
            flags[slot] |= RESTING
            self.guard.resting += (flags[slot] & WORKED) > 0
        else:
            flags[slot] |= SUPPRESSED
        why = "poor share of successes" if poor else f"{columns.streak[slot]} consecutive failures"
        what = Happened.CIRCUIT_OPENED if allowed else Happened.EJECTION_SUPPRESSED
        return [Event(what, now, columns.ids[slot], reason=why, until=until)]

    def succeeded(self, slot: int, now: float) -> list[Event]:
        """A success has been booked: whatever was open closes."""
        columns = self.columns
        if not columns.flags[slot] & HELD and columns.circuit[slot] == CLOSED:
            return []
        was_open = columns.circuit[slot] != CLOSED
        self.reset(slot)
        if was_open:
            columns.flags[slot] |= STARTING
            self.started[slot] = now
        return [Event(Happened.CIRCUIT_CLOSED, now, columns.ids[slot], reason="a success")] if was_open else []

    def reset(self, slot: int) -> None:
        """Close without slow start, as if nothing had happened."""
        columns = self.columns
        self._wake(slot)
        columns.flags[slot] &= ~(HELD | STARTING)
        columns.circuit[slot] = CLOSED
        columns.rest_until[slot] = INFINITY
        self.started.pop(slot, None)

    def _wake(self, slot: int) -> None:
        flags = self.columns.flags
        if flags[slot] & RESTING:
            flags[slot] &= ~RESTING
            self.guard.resting -= (flags[slot] & WORKED) > 0

    def tick(self, slot: int, now: float) -> list[Event]:
        """Apply what time alone changes: rests end, lost probes free their permit, slow start ends."""
        columns, flags = self.columns, self.columns.flags
        if flags[slot] & STARTING and now >= self.started[slot] + self.rules.slow_start:
            flags[slot] &= ~STARTING
            del self.started[slot]
        if now < columns.rest_until[slot]:
            return []
        if flags[slot] & PROBING:
            flags[slot] &= ~PROBING
            columns.rest_until[slot] = INFINITY
            return []
        columns.rest_until[slot] = INFINITY
        self._wake(slot)
        if columns.circuit[slot] != OPEN:
            flags[slot] &= ~SUPPRESSED
            return []
        columns.circuit[slot] = HALF_OPEN
        return [Event(Happened.CIRCUIT_HALF_OPEN, now, columns.ids[slot], reason="its rest is over")]

    def probe(self, slot: int, now: float) -> None:
        """The one probe of a half-open circuit goes out; its permit is free again after `probe_timeout`."""
        self.columns.flags[slot] |= PROBING
        self.columns.rest_until[slot] = now + self.rules.probe_timeout

    def returned(self, slot: int) -> None:
        """An attempt came back that says nothing about the proxy: its probe permit is free again."""
        if self.columns.flags[slot] & PROBING:
            self.columns.flags[slot] &= ~PROBING
            self.columns.rest_until[slot] = INFINITY

    def ramp(self, slot: int, now: float) -> float:
        """The share of its weight that a proxy in slow start has: from 0.1 in ten steps to 1."""
        since = self.started.get(slot)
        if since is None:
            return 1.0
        return min(1.0, 0.1 + 0.1 * int(10.0 * max(now - since, 0.0) / self.rules.slow_start))

    def ramp_changes(self, slot: int, now: float) -> float:
        """The next instant at which `ramp` changes; infinity when it does not."""
        since = self.started.get(slot)
        if since is None:
            return INFINITY
        step = self.rules.slow_start / 10.0
        return since + step * (int((now - since) / step) + 1)
