"""Books successes and failures into the columns, and can take failures back exactly (SPEC C1, rules 7 and 9).

From a proxy's first failure on some target on, the ledger keeps what the proxy was like before and every outcome since,
for as long as the blame may still move to the target. Taking back restores that state and books the rest again.
"""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

from proxyfleet.core.columns import INFINITY, REFUSED, RESTING, STARTING, SUPPRESSED, WORKED, Columns
from proxyfleet.core.events import Event
from proxyfleet.core.health.circuit import HELD, Circuit
from proxyfleet.core.health.score import ALPHA, average
from proxyfleet.core.outcome import Category
from proxyfleet.core.rules import Rules

CATEGORIES = tuple(Category)
CODES: dict[Category | None, int] = {category: code for code, category in enumerate(CATEGORIES, start=1)}
MOST_SUSPECTS = 1024
MOST_HISTORIES = 4096
NOTHING: list[Event] = []
"""Shared by all that report no event; never changed."""
REMEMBERED = (
    "success_rate", "response_time", "streak", "successes", "failures", "last_success", "last_failure", "last_error",
    "window_start", "window_tries", "window_successes", "circuit", "rest_until",
)  # fmt: skip
"""The columns that booking changes."""


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
        self.circuit = circuit
        self._histories: dict[int, History] = {}

    def succeeded(self, slot: int, now: float, response_time: float, target: str | None) -> list[Event]:
        """Book a success."""
        if self._histories and (history := self._histories.get(slot)) is not None:
            self._remember(slot, history, Booked(now, None, response_time, target), False)
        return self._succeed(slot, now, response_time)

    def failed(self, slot: int, entry: Booked) -> list[Event]:
        """Book a failure; one on a known target may turn out to be the target's fault."""
        history, suspect = self._histories.get(slot), entry.target is not None
        if suspect and (history is None or history.over(entry.at)):
            if history is None and len(self._histories) >= MOST_HISTORIES:
                self._drop_the_settled(entry.at)
            history = self._histories[slot] = History(self.columns, slot, self.circuit.started.get(slot))
        if history is not None:
            self._remember(slot, history, entry, suspect)
        return self._fail(slot, entry)

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

    def _succeed(self, slot: int, now: float, response_time: float) -> list[Event]:
        columns = self.columns
        before = columns.success_rate[slot]
        columns.success_rate[slot] = before + ALPHA * (1.0 - before) if before >= 0.0 else 1.0
        before = columns.response_time[slot]
        columns.response_time[slot] = before + ALPHA * (response_time - before) if before >= 0.0 else response_time
        columns.successes[slot] += 1
        columns.streak[slot] = 0
        columns.last_success[slot] = now
        if now - columns.window_start[slot] >= self.rules.window or columns.window_tries[slot] == 65_535:
            self._new_window(slot, now)
        columns.window_tries[slot] += 1
        columns.window_successes[slot] += 1
        if columns.flags[slot] & HELD or columns.circuit[slot]:
            return self.circuit.succeeded(slot, now)
        return NOTHING

    def _fail(self, slot: int, entry: Booked) -> list[Event]:
        columns, rules = self.columns, self.rules
        columns.success_rate[slot] = average(columns.success_rate[slot], 0.0)
        columns.failures[slot] += 1
        columns.streak[slot] = min(columns.streak[slot] + 1, 65_535)
        columns.last_failure[slot] = entry.at
        columns.last_error[slot] = CODES.get(entry.category, 0)
        if entry.at - columns.window_start[slot] >= rules.window or columns.window_tries[slot] == 65_535:
            self._new_window(slot, entry.at)
        tries = columns.window_tries[slot] = columns.window_tries[slot] + 1
        poor = tries >= rules.window_samples and columns.window_successes[slot] < rules.window_success * tries
        return self.circuit.failed(slot, entry.at, poor)

    def _new_window(self, slot: int, now: float) -> None:
        self.columns.window_start[slot] = now
        self.columns.window_tries[slot] = self.columns.window_successes[slot] = 0

    def take_back(self, slot: int, target: str, since: float) -> bool:
        """Undo the failures on `target` from `since` on; False when there was nothing to undo."""
        history = self._histories.get(slot)
        if history is None:
            return False
        kept = [e for e in history.booked if e.category is None or e.target != target or e.at < since]
        if len(kept) == len(history.booked):
            return False
        guard, opens = replace(self.circuit.guard), self.circuit.opens
        self._restore(slot, history)
        self.columns.strangers[slot] += len(history.booked) - len(kept)
        history.booked = deque()
        for entry in kept:
            history.booked.append(entry)
            if entry.category is None:
                self._succeed(slot, entry.at, entry.response_time)
            else:
                self._fail(slot, entry)
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
