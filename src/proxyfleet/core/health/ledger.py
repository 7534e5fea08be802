"""Books successes and failures into the columns, and can take failures back exactly (SPEC C1, rules 7 and 9).

From a proxy's first failure on some target on, the ledger keeps what the proxy was like before and every outcome since,
for as long as the blame may still move to the target. Taking back restores that state and books the rest again.
"""

from collections import deque
from dataclasses import replace
from math import exp
from typing import NamedTuple

from proxyfleet.core.columns import (
    BOOKED,
    INFINITY,
    REFUSED,
    RESTING,
    SCORED,
    STARTING,
    SUPPRESSED,
    WIDTH,
    WORKED,
    Columns,
)
from proxyfleet.core.events import Event
from proxyfleet.core.health.circuit import HELD, Circuit
from proxyfleet.core.health.score import ALPHA
from proxyfleet.core.outcome import Category
from proxyfleet.core.rules import Rules

CATEGORIES = tuple(Category)
CODES: dict[Category | None, int] = {category: code for code, category in enumerate(CATEGORIES, start=1)} | {None: 0}
FAILED_COST = 5.0
"""Seconds that a failure counts for in the peak latency that two_choices reads."""
FULL_WINDOW = FULL_STREAK = 65_535
MOST_SUSPECTS = 1024
MOST_HISTORIES = 4096
REMEMBERED = (
    "success_rate", "response_time", "streak", "successes", "failures", "last_success", "last_failure", "last_error",
    "window_start", "window_tries", "window_successes", "circuit", "rest_until",
)  # fmt: skip
"""The columns that booking changes and taking back restores; the peak latency only fades."""


Booking = tuple[float, float, float, int, int, int, int, float, float, int, int, int, int]
"""What scoring needs after an outcome was booked, and what was so before: success rate, response time, last success, streak,
uses; flags, profile, health, due, circuit, standing, reputation and weight. Read in one step with the booking itself.
"""
read = SCORED.unpack_from
write = BOOKED.pack_into


class Booked(NamedTuple):
    """One booked outcome; category None is a success."""

    at: float
    category: Category | None
    response_time: float
    target: str | None


class History:
    """What a proxy was like before its first suspect failure, and what was booked since."""

    __slots__ = ("before", "booked", "flags", "starting", "suspect_until")

    def __init__(self, columns: Columns, slot: int, starting: float | None) -> None:
        self.before = [getattr(columns, name)[slot] for name in REMEMBERED]
        self.flags = columns.flags[slot] & HELD
        self.starting = starting
        self.booked: deque[Booked] = deque()
        self.suspect_until = INFINITY

    def over(self, now: float) -> bool:
        """Nothing in it can be taken back any more, or it is too long to keep."""
        return now > self.suspect_until or len(self.booked) >= MOST_SUSPECTS


class Ledger:
    """All writes to averages, counts, streaks and windows go through here."""

    def __init__(self, columns: Columns, rules: Rules, circuit: Circuit) -> None:
        self.columns = columns
        self.rules = rules
        self.window = rules.window
        self.fading = rules.ewma_tau
        """A peak latency counts at once and fades with this time constant (Finagle's peak EWMA)."""
        self.circuit = circuit
        self._histories: dict[int, History] = {}
        self.told: list[Event] = []
        """What the circuit said to the bookings, until `take_told`."""

    def take_told(self) -> list[Event]:
        """The events since the last call."""
        told, self.told = self.told, []
        return told

    def succeeded(self, slot: int, now: float, response_time: float, target: str | None) -> Booking:
        """Book a success."""
        if self._histories and (history := self._histories.get(slot)) is not None:
            self._remember(slot, history, Booked(now, None, response_time, target), False)
        return self._succeed(slot, now, response_time)

    def failed(
        self, slot: int, now: float, category: Category, response_time: float = 0.0, target: str | None = None
    ) -> Booking | None:
        """Book a failure; one on a known target may turn out to be the target's fault. None when a circuit has opened."""
        history = self._histories.get(slot)
        if target is not None and (history is None or history.over(now)):
            if history is None and len(self._histories) >= MOST_HISTORIES:
                self._drop_the_settled(now)
            history = self._histories[slot] = History(self.columns, slot, self.circuit.started.get(slot))
        if history is not None:
            self._remember(slot, history, Booked(now, category, response_time, target), target is not None)
        return self._fail(slot, now, category, response_time)

    def _remember(self, slot: int, history: History, entry: Booked, suspect: bool) -> None:
        if suspect:
            history.suspect_until = entry.at + self.rules.blame_window
        elif history.over(entry.at):
            del self._histories[slot]
            return
        history.booked.append(entry)

    def _drop_the_settled(self, now: float) -> None:
        over = [slot for slot, history in self._histories.items() if history.suspect_until < now]
        for slot in over or list(self._histories)[: MOST_HISTORIES // 4]:
            del self._histories[slot]

    def _succeed(self, slot: int, now: float, took: float) -> Booking:
        rows, row = self.columns.rows, slot * WIDTH
        (
            seen, peak, begun, rate, response, _, good, _, tries, won, flags,
            failures, strangers, profile, health, due, circuit, standing, points, weight,
        ) = read(rows, row)  # fmt: skip
        if now - begun >= self.window or tries == FULL_WINDOW:
            begun, tries, won = now, 0, 0
        if took >= peak:
            peak = took
        elif now > seen:
            peak = took + (peak - took) * exp((seen - now) / self.fading)
        rate = rate + ALPHA * (1.0 - rate) if rate >= 0.0 else 1.0
        response = response + ALPHA * (took - response) if response >= 0.0 else took
        good += 1
        write(rows, row, now, peak, begun, rate, response, now, good, 0, tries + 1, won + 1, flags)
        if flags & HELD or circuit:
            self.told += self.circuit.succeeded(slot, now)
        uses = good + failures + strangers
        return rate, response, now, 0, uses, flags, profile, health, due, circuit, standing, points, weight

    def _fail(self, slot: int, now: float, category: Category | None, took: float) -> Booking | None:
        columns, rules = self.columns, self.rules
        rows, row = columns.rows, slot * WIDTH
        (
            seen, peak, begun, rate, response, last, good, streak, tries, won, flags,
            failures, strangers, profile, health, due, circuit, standing, points, weight,
        ) = read(rows, row)  # fmt: skip
        if now - begun >= rules.window or tries == FULL_WINDOW:
            begun, tries, won = now, 0, 0
        cost = took if took > FAILED_COST else FAILED_COST
        if cost >= peak:
            peak = cost
        elif now > seen:
            peak = cost + (peak - cost) * exp((seen - now) / self.fading)
        rate = rate - ALPHA * rate if rate >= 0.0 else 0.0
        streak += streak < FULL_STREAK
        tries += 1
        write(rows, row, now, peak, begun, rate, response, last, good, streak, tries, won, flags)
        columns.failures[slot] = failures = failures + 1
        columns.last_failure[slot] = now
        columns.last_error[slot] = CODES[category]
        told = self.circuit.failed(slot, now, tries >= rules.window_samples and won < rules.window_success * tries)
        if told:
            self.told += told
            return None
        uses = good + failures + strangers
        return rate, response, last, streak, uses, flags, profile, health, due, circuit, standing, points, weight

    def take_back(self, slot: int, target: str, since: float) -> bool:
        """Undo the failures on `target` from `since` on; False when there was nothing to undo."""
        history = self._histories.get(slot)
        if history is None:
            return False
        kept = [e for e in history.booked if e.category is None or e.target != target or e.at < since]
        if len(kept) == len(history.booked):
            return False
        guard, opens = replace(self.circuit.guard), self.circuit.opens
        peak = (self.columns.peak[slot], self.columns.peak_at[slot])
        self._restore(slot, history)
        self.columns.strangers[slot] += len(history.booked) - len(kept)
        history.booked = deque()
        for entry in kept:
            history.booked.append(entry)
            if entry.category is None:
                self._succeed(slot, entry.at, entry.response_time)
            else:
                self._fail(slot, entry.at, entry.category, entry.response_time)
        self.columns.peak[slot], self.columns.peak_at[slot] = peak
        self.told.clear()
        self.circuit.guard.recount(guard)
        self.circuit.opens = opens
        return True

    def _restore(self, slot: int, history: History) -> None:
        columns = self.columns
        self.circuit.reset(slot)
        for name, value in zip(REMEMBERED, history.before, strict=True):
            getattr(columns, name)[slot] = value
        if columns.flags[slot] & REFUSED:
            self.circuit.reset(slot)
            return
        columns.flags[slot] |= history.flags & (RESTING | SUPPRESSED)
        if history.starting is not None:
            columns.flags[slot] |= STARTING
            self.circuit.started[slot] = history.starting
        if history.flags & RESTING:
            self.circuit.guard.resting += (columns.flags[slot] & WORKED) > 0

    def forget(self, slot: int) -> None:
        """Nothing about this slot can be taken back any more."""
        self._histories.pop(slot, None)
