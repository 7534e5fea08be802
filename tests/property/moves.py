"""What may happen to a fleet. Every choice is left to `choose`, which is Hypothesis or a seeded generator."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.property.asked import ASKED, DAY
from tests.property.eligible import Ask
from tests.property.twin import GRAIN, Twin

from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, Scheme, Secret, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.strategies.registry import STRATEGIES

Choose = Callable[[Sequence[Any]], Any]
MOST = 14
TARGETS = ("a.example", "b.example", None)
STEPS = (GRAIN, 0.5, 1.0, 7.25, 30.0, 59.998046875, 60.0, 61.0, 299.0, 300.0, 301.0, 825.0, 1200.0, 3600.0, DAY)
LABELS = tuple(
    Labels(kind=kind, country=country, tags=frozenset(tags), cost_per_gb=price, cost_per_month=month)
    for kind, country, tags, price, month in (
        (Kind.STATIC, "US", "a", None, None),
        (Kind.STATIC, "US", "ab", None, Decimal(2)),
        (Kind.STATIC, "DE", "a", Decimal(3), None),
        (Kind.STATIC, "DE", "", None, Decimal(2)),
        (Kind.STATIC, None, "b", Decimal("0.5"), None),
        (Kind.ROTATING, "US", "", Decimal(3), None),
    )
)
DETAILS = (
    *(None, None, None, Details(max_connections=1), Details(min_interval=5.0), Details(target_capacity=1)),
    *(Details(measured=Measured(exit_address)) for exit_address in ("192.0.2.1", "192.0.2.2")),
    Details(max_connections=2, measured=Measured("192.0.2.1")),
)
STATUSES = (Status.ACTIVE, Status.ACTIVE, Status.PENDING, Status.PENDING, Status.DISABLED, Status.FAILED)
RULES = (
    Rules(),
    Rules(min_score=0.3, weigh_by="health", guard=0.3),
    Rules(breaker=False, guard=1.0),
    Rules(open_after=2, guard=0.0, slow_start=30.0),
    Rules(share_exits=True),
)


class Moves:
    """One method a move; each draws what it needs and tells the twin."""

    def __init__(self, twin: Twin, choose: Choose) -> None:
        self.twin = twin
        self.choose = choose
        self.next = 1
        self.in_flight: list[tuple[int, str | None]] = []

    def _proxy(self, number: int) -> Proxy:
        choose = self.choose
        return Proxy(
            scheme=choose((Scheme.HTTP, Scheme.SOCKS5)),
            host="proxy.example",
            port=1000 + number,
            username="me",
            password=Secret(choose(("one", "two"))),
            id=number,
            capacity=choose((1, 1, 2, 3)),
            expires_at=choose((None, None, None, 90.0, 400.0, 2 * DAY)),
            status=choose(STATUSES),
            require_check=choose((False, False, True)),
            labels=choose(LABELS),
            details=choose(DETAILS),
        )

    def _dated(self, proxy: Proxy) -> Proxy:
        return proxy if proxy.expires_at is None else replace(proxy, expires_at=proxy.expires_at + self.twin.now)

    def _some(self) -> int | None:
        return self.choose(self.twin.ids) if self.twin.ids else None

    def add(self) -> None:
        if len(self.twin.ids) < MOST:
            self.twin.add(self._dated(self._proxy(self.next)))
            self.next += 1

    def remove(self) -> None:
        if (number := self._some()) is not None:
            self.twin.remove(number)

    def replace(self) -> None:
        if (number := self._some()) is None:
            return
        new, old = self._dated(self._proxy(number)), self.twin.fleet.get(number)
        names = ("labels", "capacity", "password", "expires_at", "status", "details", "require_check", "host")
        name = self.choose(names)
        self.twin.replace(replace(old, **{name: getattr(new, name)}))

    def switch(self) -> None:
        if (number := self._some()) is not None:
            self.choose((self.twin.disable, self.twin.enable, self.twin.enable, self.twin.reset))(number)

    def record(self) -> None:
        if (number := self._some()) is not None:
            self._record(number, self.choose((1, 1, 1, 2, 5, 6)))

    def _record(self, number: int, times: int) -> None:
        choose, target = self.choose, self.choose(TARGETS)
        category = choose((None, None, None, *Category))
        outcome = Outcome(
            category,
            choose((0.0, 0.2505, 0.4, 0.5, 1.1, 2.0, 2.5, 6.0)),
            target,
            choose((None, *Phase)) if category else None,
            choose((False, False, True)) if category else False,
            choose((0.0, 0.0, 600.0)),
        )
        for _ in range(times):
            self.twin.record(number, outcome)

    def attempt(self) -> None:
        """Traffic as it is: pick, then tell how it went."""
        found = self.twin.pick(self._ask(("weighted_random", "round_robin", "sticky")))
        if isinstance(found, Pick):
            self._record(found.proxy_id, 1)

    def login(self) -> None:
        """A proxy refuses its credentials, or gets new ones; who was refused before is likelier to be meant."""
        known = self.twin.model.proxies
        refused = [n for n in known if known[n].first_refusal is not None]
        if (number := self.choose(refused) if refused and self.choose((True, False)) else self._some()) is None:
            return
        if self.choose((True, False)):
            self.twin.record(number, Outcome.failed("authentication"))
        else:
            self.twin.replace(replace(self.twin.fleet.get(number), password=Secret(self.choose(("one", "two")))))

    def outage(self) -> None:
        """One target fails through everybody, or through most."""
        target = self.choose(TARGETS[:2])
        failure, success = (
            Outcome.failed("timeout", target=target, phase=Phase.EXCHANGE),
            Outcome.succeeded(0.4, target),
        )
        for number in self.twin.ids:
            for outcome in self.choose(((failure,), (failure,) * 2, (failure,) * 4, (success,), (failure, success))):
                self.twin.record(number, outcome)

    def success(self) -> None:
        """Good times, for some more than for others."""
        for number in self.twin.ids:
            for _ in range(self.choose((0, 1, 2))):
                self.twin.record(number, Outcome.succeeded(0.4))

    def answer(self) -> None:
        """News of a proxy whose one permitted probe is out."""
        known = self.twin.model.proxies
        probing = [number for number in known if known[number].learnt.probing]
        if (number := self.choose(probing) if probing else self._some()) is not None:
            self._record(number, 1)

    def slots(self) -> None:
        if (number := self._some()) is not None:
            self.choose((self.twin.take, self.twin.take, self.twin.take, self.twin.give))(number)

    def traffic(self) -> None:
        number, target = self._some(), self.choose(TARGETS)
        if self.in_flight and self.choose((True, False)):
            flight = self.choose(self.in_flight)
            self.in_flight.remove(flight)
            self.twin.end(*flight)
        elif number is not None:
            self.twin.begin(number, target)
            self.in_flight.append((number, target))

    def hold(self) -> None:
        if (number := self._some()) is not None:
            self.choose((self.twin.hold, self.twin.unhold))("shop", number)

    def block(self) -> None:
        if (number := self._some()) is not None:
            until = self.choose((float("inf"), self.twin.now + 100.0))
            self.twin.block(number, self.choose(TARGETS[:2]), until)

    def _ask(self, strategies: Sequence[str]) -> Ask:
        choose = self.choose
        return Ask(
            choose(ASKED),
            choose(strategies),
            choose((None, "alice", "bob", "carol")),
            choose((None, None, *TARGETS)),
            choose(((), (), (2, 4), (1, 2, 3, 6))),
            choose((False, False, True)),
        )

    def advance(self) -> None:
        step = self.choose((*STEPS, *(None,) * 5))
        seconds = self.twin.to_the_next_change() if step is None else step
        ask = self._ask(("random", "weighted_random", "best_health")) if self.choose((False, True)) else None
        self.twin.advance(seconds, ask)

    def pick(self) -> None:
        self.twin.pick(self._ask(tuple(STRATEGIES)))

    def picks(self) -> None:
        """The same question in a row: rounds, probes and full proxies show only then."""
        ask = self._ask(tuple(STRATEGIES))
        for _ in range(5):
            found = self.twin.pick(ask)
            if ask.claim and isinstance(found, Pick):
                self.twin.take(found.proxy_id)

    def explain(self) -> None:
        self.twin.explain(self._ask(("random",)))


NAMES = (
    "add", "add", "remove", "replace", "replace", "switch", "record", "record", "record", "record", "outage", "success",
    "answer", "login", "slots", "slots", "traffic", "traffic", "hold", "block", "advance", "advance", "advance",
    "pick", "pick", "picks", "picks", "attempt", "attempt", "explain",
)  # fmt: skip


def drive(seed: int, steps: int) -> Twin:
    """A seeded run of that many moves, compared after each; raises AssertionError with seed and step."""
    rng = Random(seed)
    twin = Twin(RULES[seed % len(RULES)], seed)
    moves = Moves(twin, rng.choice)
    for step in range(steps):
        name = "add" if step < 6 else rng.choice(NAMES)
        try:
            getattr(moves, name)()
            twin.check()
        except AssertionError as found:
            raise AssertionError(f"seed {seed}, step {step}, {name}: {found}") from found
    return twin
