"""Two budgets: how many retries the traffic may cause (R5), and how often an address may send wrong credentials.

Pure arithmetic on times that are given in.
"""

from proxyfleet.gateway.settings import Failover

HALF_WINDOW = 5.0


class RetryBudget:
    """Retries may be a share of the requests of the last 5 to 10 seconds, plus a fixed rate (Finagle's RetryBudget)."""

    __slots__ = ("_before", "_requests_before", "_since", "requests", "retries", "rules")

    def __init__(self, rules: Failover, now: float) -> None:
        self.rules = rules
        self._since = now
        self._requests_before = 0
        self._before = 0
        self.requests = 0
        self.retries = 0

    def take(self, now: float) -> bool:
        """Whether one more retry is within the budget; if so it is counted."""
        if now - self._since >= HALF_WINDOW:
            self._turn(now)
        allowed = self.rules.share * (self.requests + self._requests_before) + self.rules.rate * 2 * HALF_WINDOW
        if self.retries + self._before >= allowed:
            return False
        self.retries += 1
        return True

    def _turn(self, now: float) -> None:
        recent = now - self._since < 2 * HALF_WINDOW
        self._requests_before, self._before = (self.requests, self.retries) if recent else (0, 0)
        self.requests = self.retries = 0
        self._since = now


class FailureBudget:
    """At most `most` failures per key and minute. Keys that cause none cost nothing; at most 65,536 are remembered."""

    __slots__ = ("_failed", "_since", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._since = 0.0
        self._failed: dict[str, int] = {}

    def exhausted(self, key: str, now: float) -> bool:
        """Whether `key` has used its failures of this minute."""
        if now - self._since >= 60.0:
            self._failed.clear()
            self._since = now
        return self._failed.get(key, 0) >= self.most

    def add(self, key: str) -> None:
        """One attempt that is a failure until `refund` says otherwise: parallel guesses do not get in for free."""
        if len(self._failed) < 65_536 or key in self._failed:
            self._failed[key] = self._failed.get(key, 0) + 1

    def refund(self, key: str) -> None:
        """The attempt was right."""
        left = self._failed.get(key, 0) - 1
        if left > 0:
            self._failed[key] = left
        else:
            self._failed.pop(key, None)

    def wait(self, now: float) -> int:
        """Whole seconds until the minute is over."""
        return max(1, round(60.0 - (now - self._since)))
