"""A node tells what it learnt once, and takes over averages only where it knows nothing itself."""

import pytest

from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.outcome import Outcome

NOW = 1_000_000.0


def test_each_outcome_is_told_once(fleet_of) -> None:
    fleet = fleet_of(3)
    for _ in range(3):
        fleet.record(1, Outcome.succeeded(0.2), NOW)
    fleet.record(1, Outcome.failed("connect"), NOW)
    fleet.record(2, Outcome.failed("timeout"), NOW)
    told = {one.proxy_id: one for one in fleet.take_sums(NOW, 10)}
    assert (told[1].tries, told[1].successes, sum(told[1].bins.values())) == (4.0, 3.0, 3.0)
    assert told[1].seconds == pytest.approx(0.6)
    assert (told[2].tries, told[2].successes) == (1.0, 0.0)
    assert fleet.take_sums(NOW, 10) == []
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    assert [(one.proxy_id, one.tries) for one in fleet.take_sums(NOW, 10)] == [(1, 1.0)]


def test_what_is_nobody_elses_business_is_not_told(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.failed("client_abort"), NOW)
    assert fleet.take_sums(NOW, 10) == []


def test_a_few_at_a_time(fleet_of) -> None:
    fleet = fleet_of(5)
    for proxy_id in range(1, 6):
        fleet.record(proxy_id, Outcome.succeeded(0.2), NOW)
    told = [[one.proxy_id for one in fleet.take_sums(NOW, 2)]]
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    told += [[one.proxy_id for one in fleet.take_sums(NOW, 2)] for _ in range(3)]
    assert told == [[1, 2], [3, 4], [5, 1], []], "nobody is kept waiting by who always has news"


def test_after_a_reset_it_counts_anew(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    fleet.take_sums(NOW, 10)
    fleet.reset(1, NOW)
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    assert [one.tries for one in fleet.take_sums(NOW, 10)] == [1.0]
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    fleet.remove(1, NOW)
    assert fleet.take_sums(NOW, 10) == []


def test_a_node_that_knows_nothing_believes_the_others(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.record(2, Outcome.succeeded(0.1), NOW)
    bad = HealthSum(1, 20.0, 2.0, 8.0, {}, NOW)
    fleet.hear(bad, NOW)
    fleet.hear(bad._replace(proxy_id=2), NOW)
    fleet.hear(bad._replace(proxy_id=77), NOW)
    assert (fleet.health(1, NOW).success_rate, fleet.health(1, NOW).response_time) == (0.1, 4.0)
    assert fleet.health(1, NOW).reputation < 50
    assert fleet.health(2, NOW).success_rate == 1.0, "own evidence counts more"
    told = fleet.fleet_health(2, NOW)
    assert told is not None
    assert (told["success_rate"], told["tries"]) == (0.1, 20.0)
    assert fleet.fleet_health(77, NOW) is None
    fleet.remove(2, NOW)
    assert 2 not in fleet._exchange.heard


def test_who_comes_and_goes_untold_is_told_once_and_piles_nothing_up(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.record(2, Outcome.succeeded(0.2), NOW)
    for _ in range(50):
        proxy = fleet.get(1)
        fleet.record(1, Outcome.succeeded(0.2), NOW)
        fleet.remove(1, NOW)
        fleet.add(proxy, NOW)
    fleet.record(1, Outcome.succeeded(0.2), NOW)
    assert len(fleet._exchange._untold) < 5
    assert sorted((one.proxy_id, one.tries) for one in fleet.take_sums(NOW, 10)) == [(1, 1.0), (2, 1.0)]
