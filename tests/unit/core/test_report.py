"""What the core says of its proxies and of itself."""

import pytest

from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Details, Measured, Status
from proxyfleet.core.report import hot_fact
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0


def test_of_a_new_proxy_nothing_is_known(fleet_of) -> None:
    health = fleet_of(1).health(1, NOW)
    unknown = ("success_rate", "response_time", "last_success", "last_failure", "last_used", "last_error", "rest_until")
    assert [getattr(health, name) for name in unknown] == [None] * 7
    assert (health.reputation, health.circuit, health.standing, health.attempts) == (50, "closed", "ready", 0)
    assert (health.leases, health.active, health.free, health.latency) == (0, 0, 5, (-1.0, -1.0, -1.0))


def test_the_health_of_one_proxy(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    fleet.record(1, Outcome.failed("quota"), NOW + 1)
    for _ in range(5):
        fleet.record(1, Outcome.failed("network"), NOW + 2)
    fleet.take(1, NOW + 2)
    fleet.begin(1)
    health = fleet.health(1, NOW + 2)
    assert (health.successes, health.failures, health.strangers, health.attempts) == (1, 5, 1, 7)
    assert (health.consecutive_failures, health.last_error) == (5, "network")
    assert (health.last_success, health.last_failure) == (NOW, NOW + 2)
    assert health.success_rate == pytest.approx(0.8**5)
    assert (health.circuit, health.suppressed, health.resting, health.rest_until) == ("open", True, False, None)
    assert (health.leases, health.active, health.free) == (1, 1, 4)
    assert health.latency.p50 == pytest.approx(0.2, rel=0.13)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("status", "active"),
        ("days_left", 2),
        ("reputation", 95),
        ("health", 1.0),
        ("free", 4),
        ("uses", 1),
        ("nothing", None),
    ],
)
def test_facts_that_change_with_traffic_or_time(fleet_of, field: str, found: object) -> None:
    fleet = fleet_of(1, expires_at=NOW + 3 * 86_400 - 1)
    fleet.record(1, Outcome.succeeded(0.2505), NOW)
    fleet.take(1, NOW)
    assert hot_fact(fleet._doctor, fleet._slot(1), field, NOW) == found


def test_no_expiry_has_no_days_left(fleet_of) -> None:
    fleet = fleet_of(1)
    assert hot_fact(fleet._doctor, fleet._slot(1), "days_left", NOW) is None


def test_the_whole_fleet_in_numbers(fleet_of) -> None:
    fleet = fleet_of(
        [
            *(a_proxy(n, capacity=2) for n in range(1, 5)),
            a_proxy(5, status=Status.PENDING),
            a_proxy(6, status=Status.FAILED),
            a_proxy(7, status=Status.DISABLED),
            a_proxy(8, expires_at=NOW + 1),
        ]
    )
    for proxy_id in range(1, 5):
        fleet.record(proxy_id, Outcome.succeeded(0.2), NOW)
    for _ in range(5):
        fleet.record(1, Outcome.failed("timeout"), NOW)
    for _ in range(2):
        fleet.take(2, NOW)
    fleet.begin(3)
    fleet.pick(ANY, NOW)
    report = fleet.report(NOW + 1)
    assert (report.total, report.ready, report.full, report.held, report.absent) == (8, 3, 1, 1, 3)
    assert report.by_status == {"pending": 1, "active": 5, "failed": 1, "disabled": 1}
    assert report.by_circuit == {"closed": 7, "open": 1, "half_open": 0}
    assert (report.leases, report.active, report.capacity) == (2, 1, 4 * 2 + 4 * 5)
    assert report.free == 2 + 0 + 2 + 2 + 5
    assert (report.worked, report.resting, report.circuit_opens) == (4, 1, 1)
    assert report.latency.p50 == pytest.approx(0.2, rel=0.03)


def test_an_exit_that_is_shared_counts_once(fleet_of) -> None:
    same = Details(measured=Measured("192.0.2.1"))
    proxies = [a_proxy(1, details=same), a_proxy(2, details=same), a_proxy(3)]
    fleet = fleet_of(proxies, rules=Rules(share_exits=True))
    fleet.take(2, NOW)
    report = fleet.report(NOW)
    assert (report.leases, report.capacity, report.free) == (1, 10, 9)
    assert [fleet.health(number, NOW).leases for number in (1, 2)] == [0, 1]
    assert [fleet.health(number, NOW).free for number in (1, 2)] == [4, 4]
