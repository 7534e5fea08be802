"""What the core says of its proxies and of itself: read-only figures for faces, put together on demand. Decides nothing."""

from dataclasses import dataclass

from proxyfleet.core.columns import (
    ABSENT,
    CIRCUITS,
    FULL,
    READY,
    REFUSED,
    RESTING,
    SUPPRESSED,
    UNKNOWN,
)
from proxyfleet.core.health.doctor import Doctor
from proxyfleet.core.health.latency import Quantiles
from proxyfleet.core.health.ledger import CATEGORIES
from proxyfleet.core.records import status_of
from proxyfleet.core.room import Room

STANDINGS = ("absent", "held", "full", "ready")


@dataclass(frozen=True, slots=True)
class HealthReport:
    """One proxy's health. Times are seconds, instants UTC epoch seconds; None where nothing is known yet."""

    reputation: int
    health: float
    circuit: str
    standing: str
    resting: bool
    suppressed: bool
    refused: bool
    successes: int
    failures: int
    strangers: int
    consecutive_failures: int
    success_rate: float | None
    response_time: float | None
    last_success: float | None
    last_failure: float | None
    last_used: float | None
    last_error: str | None
    rest_until: float | None
    leases: int
    active: int
    free: int
    latency: Quantiles

    @property
    def attempts(self) -> int:
        """All attempts, whoever was at fault."""
        return self.successes + self.failures + self.strangers


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The whole fleet in numbers; `ready` proxies may be picked now, `full` ones lack a free slot."""

    total: int
    ready: int
    full: int
    held: int
    absent: int
    by_status: dict[str, int]
    by_circuit: dict[str, int]
    leases: int
    active: int
    capacity: int
    free: int
    worked: int
    resting: int
    ejections_detected: int
    ejections_enforced: int
    ejections_suppressed: int
    circuit_opens: int
    scans: int
    latency: Quantiles


def _known(value: float) -> float | None:
    return None if value == UNKNOWN else value


def health_report(doctor: Doctor, slot: int) -> HealthReport:
    """The figures of one slot as they stand."""
    columns, flags = doctor.columns, doctor.columns.flags[slot]
    code = columns.last_error[slot]
    resting = bool(flags & RESTING)
    return HealthReport(
        reputation=columns.reputation[slot],
        health=columns.health[slot],
        circuit=CIRCUITS[columns.circuit[slot]],
        standing=STANDINGS[columns.standing[slot]],
        resting=resting,
        suppressed=bool(flags & SUPPRESSED),
        refused=bool(flags & REFUSED),
        successes=columns.successes[slot],
        failures=columns.failures[slot],
        strangers=columns.strangers[slot],
        consecutive_failures=columns.streak[slot],
        success_rate=_known(columns.success_rate[slot]),
        response_time=_known(columns.response_time[slot]),
        last_success=_known(columns.last_success[slot]),
        last_failure=_known(columns.last_failure[slot]),
        last_used=_known(columns.last_used[slot]),
        last_error=CATEGORIES[code - 1].value if code else None,
        rest_until=columns.rest_until[slot] if resting else None,
        leases=columns.leases[slot],
        active=columns.active[slot],
        free=doctor.slots.free(slot),
        latency=doctor.latencies.of(slot),
    )


def hot_fact(doctor: Doctor, slot: int, field: str, now: float) -> int | float | str | None:
    """The facts that selectors may ask for and that change with traffic or time."""
    columns = doctor.columns
    if field == "status":
        return status_of(columns.flags[slot]).value
    if field == "days_left":
        left = columns.expires[slot] - now
        return None if left == float("inf") else int(left // 86_400)
    if field == "reputation":
        return columns.reputation[slot]
    if field == "health":
        return columns.health[slot]
    if field == "free":
        return doctor.slots.free(slot)
    return columns.uses(slot) if field == "uses" else None


def fleet_report(doctor: Doctor, scans: int) -> FleetReport:
    """Count everything once; O(n)."""
    columns = doctor.columns
    standings, statuses, circuits = [0] * 4, dict.fromkeys(("pending", "active", "failed", "disabled"), 0), [0] * 3
    leases = active = 0
    everyone, usable = Room(doctor.slots), Room(doctor.slots)
    for slot in doctor.index.postings.everyone:
        standings[columns.standing[slot]] += 1
        statuses[status_of(columns.flags[slot]).value] += 1
        circuits[columns.circuit[slot]] += 1
        active += columns.active[slot]
        leases += columns.leases[slot]
        everyone.count(slot)
        if columns.standing[slot] != ABSENT:
            usable.count(slot)
    guard = doctor.guard
    return FleetReport(
        total=sum(standings),
        ready=standings[READY],
        full=standings[FULL],
        held=standings[1],
        absent=standings[ABSENT],
        by_status=statuses,
        by_circuit=dict(zip(CIRCUITS, circuits, strict=True)),
        leases=leases,
        active=active,
        capacity=everyone.capacity,
        free=usable.free,
        worked=guard.worked,
        resting=guard.resting,
        ejections_detected=guard.detected,
        ejections_enforced=guard.enforced,
        ejections_suppressed=guard.suppressed,
        circuit_opens=doctor.circuit.opens,
        scans=scans,
        latency=doctor.latencies.of_fleet(),
    )
