"""Whose fault is it when a target fails through many proxies at once (SPEC C5, rule 9)? Keeps the attempts of the last minute
per target, judges, and changes nothing else.

A target is at fault when at least 3 proxies failed and at least half of at least 10 attempts failed within 60 s. Only
attempts that got past the proxy's own door count. Memory is bounded: the targets seen last, and the last attempts of each.
"""

from collections import OrderedDict, deque

from proxyfleet.core.rules import Rules

MOST_TARGETS, MOST_ATTEMPTS = 4096, 1024
UNPRUNED = 64
"""Successes on a target without failures are looked through only once in so many."""
LOOKS = 16
"""How many targets that are still in use are spared before one is forgotten all the same."""


class Window:
    """The recent attempts on one target, with running counts."""

    __slots__ = ("at_fault", "attempts", "failed", "failures")

    def __init__(self) -> None:
        self.attempts: deque[tuple[float, int]] = deque()
        """(when, slot that failed, or -1 for a success)"""
        self.failures = 0
        self.failed: dict[int, int] = {}
        self.at_fault = False

    def add(self, now: float, failed_slot: int) -> None:
        """One attempt; the oldest goes when there are too many."""
        self.attempts.append((now, failed_slot))
        if failed_slot >= 0:
            self.failures += 1
            self.failed[failed_slot] = self.failed.get(failed_slot, 0) + 1
        if len(self.attempts) > MOST_ATTEMPTS:
            self._drop()

    def prune(self, before: float) -> None:
        """Forget attempts older than `before`."""
        while self.attempts and self.attempts[0][0] < before:
            self._drop()

    def _drop(self) -> None:
        _, slot = self.attempts.popleft()
        if slot < 0:
            return
        self.failures -= 1
        self.failed[slot] -= 1
        if not self.failed[slot]:
            del self.failed[slot]


class Targets:
    """`add` an attempt, learn whether the target is at fault now."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def add(self, target: str, slot: int, success: bool, now: float) -> tuple[bool, bool]:
        """Count one attempt through `slot`; whether the target was at fault before it and is after it."""
        window = self._windows.get(target)
        if window is None:
            window = self._windows[target] = Window()
            if len(self._windows) > MOST_TARGETS:
                self._forget_one(now)
        before = window.at_fault
        window.add(now, -1 if success else slot)
        if window.failures:
            window.at_fault = self._judge(window, now)
        else:
            window.at_fault = False
            if len(window.attempts) % UNPRUNED == 0:
                window.prune(now - self.rules.blame_window)
        return before, window.at_fault

    def calm(self, target: str, now: float) -> bool:
        """Count a success on a target that has not failed lately, which is the everyday case; False where `add` must."""
        window = self._windows.get(target)
        if window is None or window.failures or window.at_fault:
            return False
        attempts = window.attempts
        attempts.append((now, -1))
        count = len(attempts)
        if count > MOST_ATTEMPTS:
            attempts.popleft()
        if count % UNPRUNED == 0:
            window.prune(now - self.rules.blame_window)
        return True

    def _forget_one(self, now: float) -> None:
        for _ in range(LOOKS):
            target, window = next(iter(self._windows.items()))
            if not window.attempts or window.attempts[-1][0] < now - self.rules.blame_window:
                break
            self._windows.move_to_end(target)
        self._windows.popitem(last=False)

    def at_fault(self, target: str, now: float) -> bool:
        """Whether the target is at fault at `now`."""
        window = self._windows.get(target)
        return window is not None and self._judge(window, now)

    def _judge(self, window: Window, now: float) -> bool:
        rules = self.rules
        window.prune(now - rules.blame_window)
        attempts = len(window.attempts)
        return (
            window.failures >= rules.blame_share * attempts
            and attempts >= rules.blame_attempts
            and len(window.failed) >= rules.blame_proxies
        )

    def failed_slots(self, target: str) -> list[int]:
        """The slots that failed on the target within the window."""
        window = self._windows.get(target)
        return list(window.failed) if window else []

    def known(self) -> list[str]:
        """The targets that are remembered, the oldest first."""
        return list(self._windows)

    def forget_slot(self, slot: int) -> None:
        """A removed proxy's failures must not be booked to whoever gets its slot, nor count as successes."""
        for window in self._windows.values():
            if slot in window.failed:
                window.attempts = deque(attempt for attempt in window.attempts if attempt[1] != slot)
                window.failures -= window.failed.pop(slot)
