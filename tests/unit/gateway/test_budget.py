"""Budgets: a fifth of the traffic and ten a second; ten failures a minute."""

from proxyfleet.gateway.budget import FailureBudget, RetryBudget
from proxyfleet.gateway.settings import Failover


def taken(budget, now, tries=100_000):
    return next((number for number in range(tries) if not budget.take(now)), tries)


def test_little_traffic_may_retry_at_the_fixed_rate():
    assert taken(RetryBudget(Failover(rate=10.0), 0.0), 1.0) == 100


def test_much_traffic_may_retry_a_fifth():
    budget = RetryBudget(Failover(share=0.2, rate=0.0), 0.0)
    budget.requests = 1000
    assert taken(budget, 1.0) == 200


def test_the_window_moves_on():
    budget = RetryBudget(Failover(share=0.2, rate=0.0), 0.0)
    budget.requests = 1000
    assert taken(budget, 1.0) == 200
    budget.requests += 500
    assert taken(budget, 6.0) == 100, "requests of the last window still count, and so do its retries"
    assert taken(budget, 11.0) == 0
    budget.requests = 100
    assert taken(budget, 16.0) == 20


def test_an_old_window_counts_for_nothing():
    budget = RetryBudget(Failover(share=0.2, rate=0.0), 0.0)
    budget.requests = 1000
    assert not budget.take(3600.0)


def test_failures_are_counted_per_key_and_minute():
    budget = FailureBudget(2)
    assert not budget.exhausted("a", 0.0)
    budget.add("a")
    budget.add("a")
    assert budget.exhausted("a", 1.0)
    assert not budget.exhausted("b", 1.0)
    assert 1 <= budget.wait(1.0) <= 60
    budget.refund("a")
    assert not budget.exhausted("a", 1.0)
    budget.add("a")
    assert not budget.exhausted("a", 61.0)


def test_refunds_leave_nothing_behind():
    budget = FailureBudget(2)
    budget.add("a")
    budget.refund("a")
    budget.refund("a")
    assert not budget._failed


def test_memory_is_bounded():
    budget = FailureBudget(1)
    for number in range(70_000):
        budget.add(str(number))
    assert len(budget._failed) == 65_536
