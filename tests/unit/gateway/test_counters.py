"""Counters: plain integers inside, a copy outside."""

from dataclasses import fields

from proxyfleet.gateway.counters import Counters, GatewayStats, snapshot


def test_a_snapshot_does_not_change_any_more():
    counters = Counters()
    counters.refused("loop")
    counters.failed("timeout")
    taken = snapshot(counters)
    counters.refused("loop")
    counters.failed("timeout")
    counters.requests += 1
    assert (taken.refusals, taken.failures, taken.requests) == ({"loop": 1}, {"timeout": 1}, 0)
    assert snapshot(counters).refusals == {"loop": 2}


def test_everything_that_is_counted_is_shown():
    assert {field.name for field in fields(GatewayStats)} == set(Counters.__slots__)
