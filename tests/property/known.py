"""One proxy as the naive model knows it: plain records, and the formulas of SPEC C1 and C2 written out once more."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from proxyfleet.core.proxy import Details, Kind, Proxy, Status

INFINITY = float("inf")


@dataclass
class Learnt:
    """What booked outcomes change, and what can be taken back."""

    success_rate: float | None = None
    response_time: float | None = None
    streak: int = 0
    successes: int = 0
    failures: int = 0
    last_success: float | None = None
    last_failure: float | None = None
    last_error: str | None = None
    window_start: float = 0.0
    tries: int = 0
    wins: int = 0
    circuit: str = "closed"
    resting: bool = False
    suppressed: bool = False
    probing: bool = False
    rest_until: float = INFINITY
    rest_range: tuple[float, float] | None = None
    starting: float | None = None


@dataclass
class Pair:
    """What is remembered of one proxy for one target; `block` is an operator's word."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""
    block: float = 0.0


class Booked(NamedTuple):
    """One outcome in a proxy's log, and what was known before it."""

    at: float
    category: str | None
    response_time: float
    target: str | None
    before: Learnt


@dataclass
class Known:
    """One proxy as the model knows it."""

    proxy: Proxy
    disabled: bool = False
    pending: bool = False
    gated: bool = False
    worked: bool = False
    refused: bool = False
    first_refusal: float | None = None
    recheck: float = INFINITY
    strangers: int = 0
    last_used: float = -1.0
    turn: int = 0
    waits: float = -1.0
    leases: int = 0
    behind: Callable[[], Iterable["Known"]] = tuple
    """Everybody that shares its exit, itself among them; nobody where exits are not shared."""
    active: int = 0
    on_target: dict[str, int] = field(default_factory=dict)
    learnt: Learnt = field(default_factory=Learnt)
    log: list[Booked] = field(default_factory=list)

    @property
    def details(self) -> Details:
        return self.proxy.details or Details()

    @property
    def place(self) -> str | None:
        return self.proxy.labels.measured_country or self.proxy.labels.country

    def profile(self) -> tuple[object, object]:
        return self.proxy.scheme, self.proxy.labels

    def price(self) -> tuple[float, float]:
        """What orders the tiers: by the gigabyte, then by the month; unknown prices last."""
        labels = self.proxy.labels
        if labels.cost_per_gb is None and labels.cost_per_month is None:
            return INFINITY, INFINITY
        return float(labels.cost_per_gb or 0), float(labels.cost_per_month or 0)

    def status(self) -> Status:
        if self.disabled:
            return Status.DISABLED
        if self.pending:
            return Status.PENDING
        return Status.FAILED if self.gated else Status.ACTIVE

    def write(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.disabled = proxy.status is Status.DISABLED
        self.pending = proxy.status in (Status.PENDING, Status.DISABLED)
        self.gated = proxy.status is Status.FAILED or (self.pending and proxy.require_check)

    def hard(self, now: float) -> bool:
        return self.disabled or self.refused or self.gated or self.expired(now)

    def expired(self, now: float) -> bool:
        return self.proxy.expires_at is not None and self.proxy.expires_at <= now

    def connects(self) -> bool:
        most = self.details.max_connections
        return most is None or self.active < most

    def carried(self) -> int:
        """What counts against its capacity."""
        return max(self.leases, sum(known.leases for known in self.behind()))

    @property
    def exit(self) -> str | None:
        """The measured exit of a static proxy."""
        measured = self.details.measured
        return measured.exit_address if measured and self.proxy.labels.kind is Kind.STATIC else None

    def has_room(self) -> bool:
        return self.carried() < self.proxy.slots and self.connects()

    def held(self, now: float) -> bool:
        learnt = self.learnt
        return learnt.resting or (learnt.probing and not learnt.suppressed) or self.waits > now

    def standing(self, now: float) -> int:
        if self.hard(now):
            return 0
        if self.held(now):
            return 1
        return 3 if self.has_room() else 2

    def uses(self) -> int:
        return self.learnt.successes + self.learnt.failures + self.strangers

    def reputation(self) -> float:
        """C1, before it is floored."""
        learnt, points = self.learnt, 50.0
        if learnt.success_rate is not None:
            points += (learnt.success_rate - 0.5) * 60.0
        if learnt.response_time is not None:
            points += speed(learnt.response_time)
        points += -5.0 * learnt.streak + min(self.uses() / 10.0, 10.0)
        return min(max(points, 0.0), 100.0)

    def health(self, now: float) -> float:
        """C2 with rule 10."""
        learnt = self.learnt
        rate = 0.5 if learnt.success_rate is None else learnt.success_rate
        recent = 0.5 if learnt.last_success is None else recency(now - learnt.last_success)
        quick = 0.5 if learnt.response_time is None else min(max((5.0 - learnt.response_time) / 4.5, 0.0), 1.0)
        factor = {"closed": 1.0, "open": 0.1, "half_open": 0.5}[learnt.circuit]
        return (0.6 * rate + 0.2 * recent + 0.2 * quick) * factor


def speed(seconds: float) -> float:
    """C1: +15 under 500 ms, falling to 0 at 2000 ms, -15 beyond."""
    if seconds < 0.5:
        return 15.0
    return -15.0 if seconds > 2.0 else 15.0 - (seconds - 0.5) * 10.0


def recency(age: float) -> float:
    """Rule 10: 1 up to 5 min, 0 from 60 min on, in five levels."""
    steps = (300.0, 1125.0, 1950.0, 2775.0)
    if age <= 300.0:
        return 1.0
    if age >= 3600.0:
        return 0.0
    return 1.0 - 0.2 * sum(age >= step for step in steps)


def average(before: float | None, observed: float) -> float:
    """Rule 10: a = 0.2, the first value is the first observation."""
    return observed if before is None else before + 0.2 * (observed - before)
