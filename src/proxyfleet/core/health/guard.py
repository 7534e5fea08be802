"""The fleet-wide guard (SPEC C7): at most a set share of the proxies that once worked rests for failures at once.

Only counts and judges; the circuit asks before it lets a proxy rest. Proxies that never worked are not counted: on a
public list most are dead on arrival, and resting those must not use the share up. Hard states are never its business.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Guard:
    """`worked` proxies once worked, `resting` of them rest now; the three counters tell what was and was not done."""

    share: float
    worked: int = 0
    resting: int = 0
    detected: int = 0
    enforced: int = 0
    suppressed: int = 0

    @property
    def full(self) -> bool:
        """True when one more proxy at rest would exceed the share."""
        return self.resting + 1 > self.share * self.worked

    def recount(self, before: "Guard") -> None:
        """What was booked again has been counted before: take the three counters from then."""
        self.detected, self.enforced, self.suppressed = before.detected, before.enforced, before.suppressed

    def allows(self, once_worked: bool) -> bool:
        """Whether a proxy may rest now; counts the ejection as enforced or suppressed."""
        self.detected += 1
        allowed = not once_worked or not self.full
        if allowed:
            self.enforced += 1
        else:
            self.suppressed += 1
        return allowed
