"""Whether Google is asked at all: after failures in a row nobody waits for it, and one call at a time tries again. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Final

AFTER: Final = 3
"""Failures in a row that open it."""
SHORTEST, LONGEST = 15.0, 300.0
"""Seconds that it stays open, doubling with each try that fails."""
PROBE: Final = 60.0
"""Seconds after which a try that never told its end is forgotten."""


@dataclass(slots=True)
class Circuit:
    """Closed while calls succeed. `since` is when the failures began, None while there are none."""

    rng: Random
    since: float | None = None
    _failures: int = 0
    _until: float = 0.0
    _pause: float = SHORTEST
    _probing: float = -PROBE

    def admits(self, now: float) -> bool:
        """Whether a call may go now; the first one after the pause is the try, the others wait for its end."""
        if self._failures < AFTER:
            return True
        if now < self._until or now < self._probing + PROBE:
            return False
        self._probing = now
        return True

    @property
    def opens_at(self) -> float:
        """When the next try may go; 0 while it is closed."""
        return self._until if self._failures >= AFTER else 0.0

    def failed(self, now: float) -> None:
        """No answer, or one that says that Google is in trouble."""
        self.since = now if self.since is None else self.since
        self._failures += 1
        self._probing = -PROBE
        if self._failures >= AFTER:
            self._until = now + self._pause * (1.0 + 0.2 * self.rng.random())
            self._pause = min(self._pause * 2, LONGEST)

    def succeeded(self) -> None:
        """Google answers."""
        self.since, self._failures, self._pause, self._until = None, 0, SHORTEST, 0.0
        self._probing = -PROBE
