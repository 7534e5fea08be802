"""When the next call may go: own limits below Google's quota, so that it is never used up. Pure; the time is an argument."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`rate` calls per second overall after a burst of so many, `reads` and `writes` per minute each."""

    rate: float = 1.5
    burst: int = 2
    reads: int = 55
    writes: int = 55


@dataclass(slots=True)
class Pace:
    """Reserves the moments of calls in the order in which they ask. The burst is a GCRA, the minutes are sliding."""

    limits: Limits = Limits()
    _next: float = 0.0
    _not_before: float = 0.0
    _calls: dict[str, deque[float]] = field(default_factory=lambda: {"read": deque(), "write": deque()})

    def reserve(self, kind: str, now: float) -> float:
        """Seconds to wait before a `read` or `write` is sent; its place is taken from now on."""
        at = self._earliest(kind, now)
        # A call that waits for its minute must not hold up those of the other kind: it counts from when it could have gone.
        self._next = max(self._next, min(at, self._by_rate(now))) + 1.0 / self.limits.rate
        calls = self._calls[kind]
        calls.append(at)
        while calls and calls[0] <= at - WINDOW:
            calls.popleft()
        return at - now

    def foresee(self, kind: str, now: float) -> float:
        """The same without taking the place."""
        return self._earliest(kind, now) - now

    def _earliest(self, kind: str, now: float) -> float:
        calls = self._calls[kind]
        most = self.limits.reads if kind == "read" else self.limits.writes
        free = calls[-most] + WINDOW if len(calls) >= most else 0.0
        last = calls[-1] if calls else 0.0  # first come, first served
        return max(self._by_rate(now), free, self._not_before, last)

    def _by_rate(self, now: float) -> float:
        return max(now, self._next - (self.limits.burst - 1) / self.limits.rate)

    def hold(self, until: float) -> None:
        """Send nothing before that moment: Google says that the quota is used up, by whomever."""
        self._not_before = max(self._not_before, until)
