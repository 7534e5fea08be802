"""A little world around a `FleetState`: proxies and targets that work or not, traffic at a steady rate, a clock moved by hand.

One request at a time: pick, try, tell. A retry is spent from a budget, as the gateway's: a share of the requests so far.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector

START = 1_700_000_000.0
Fate = Callable[[int, str | None, float], Outcome]
"""How an attempt through a proxy to a target at a time ends."""


def proxy(number: int, country: str = "US", **fields: object) -> Proxy:
    """An active proxy with that id."""
    labels = Labels(country=country)
    whole = {"status": Status.ACTIVE, "labels": labels, "capacity": 1000, **fields}
    return Proxy(Scheme.HTTP, f"p{number}.example", 8080, id=number, **whole)


class World:
    """`request` is one request with its retries; `attempts` counts by proxy what reached it."""

    def __init__(self, proxies: int, seed: int, rules: Rules | None = None) -> None:
        self.rng = Random(seed)
        self.fleet = FleetState(rules or Rules(), rng=Random(seed + 1))
        self.now = START
        for number in range(1, proxies + 1):
            self.fleet.add(proxy(number), self.now)
        self.dead: set[int] = set()
        self.down: set[str] = set()
        self.attempts: Counter[int] = Counter()
        self.requests = self.retries = 0
        self.budget = 0.2

    def outcome(self, number: int, target: str | None) -> Outcome:
        if number in self.dead:
            return Outcome.failed("connect", target=target, phase=Phase.DIAL)
        if target in self.down:
            return Outcome.failed("timeout", target=target, phase=Phase.EXCHANGE)
        return Outcome.succeeded(0.1 + 0.3 * self.rng.random(), target)

    def attempt(self, target: str | None, exclude: tuple[int, ...] = (), selector: Selector = ANY) -> tuple[int, bool]:
        """(proxy id, success); (0, False) when nobody was found."""
        found = self.fleet.pick(selector, self.now, target=target, exclude=exclude)
        if not isinstance(found, Pick):
            return 0, False
        self.attempts[found.proxy_id] += 1
        outcome = self.outcome(found.proxy_id, target)
        self.fleet.record(found.proxy_id, outcome, self.now)
        return found.proxy_id, outcome.success

    def request(self, target: str | None = None) -> bool:
        """One request, with as many retries on other proxies as the budget has."""
        self.requests += 1
        tried: list[int] = []
        while True:
            number, success = self.attempt(target, tuple(tried))
            if success or not number or len(tried) >= 3 or self.retries >= self.budget * self.requests:
                return success
            tried.append(number)
            self.retries += 1

    def run(self, seconds: float, rate: float, targets: tuple[str | None, ...] = (None,)) -> list[bool]:
        """Traffic at so many requests a second; the success of each."""
        results = []
        for _ in range(round(seconds * rate)):
            self.now += 1.0 / rate
            results.append(self.request(self.rng.choice(targets)))
        return results
