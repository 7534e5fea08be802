"""Who is tried next: the unproven first, then the idle, never the disabled, the expired or those just tried."""

from dataclasses import replace
from random import Random

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Details, Measured, Status
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.warming import Warmth, due

NOW = 2_000_000_000.0


def fleet_of(*proxies):
    fleet = FleetState(rng=Random(1))
    for proxy in proxies:
        fleet.add(proxy, NOW - 100_000)
    return fleet


async def ids(fleet, tried=None, **warmth):
    return [proxy.id for proxy in await due(fleet, tried or {}, Warmth(**warmth), NOW)]


async def test_new_ones_come_before_idle_ones_and_the_busy_are_left_alone():
    fleet = fleet_of(a_proxy(1), a_proxy(2), a_proxy(3, status=Status.PENDING))
    fleet.record(2, Outcome.succeeded(0.1), NOW - 60)
    assert await ids(fleet) == [3, 1]
    assert await ids(fleet, most=1) == [3]


async def test_the_disabled_and_the_expired_are_none():
    fleet = fleet_of(a_proxy(1, status=Status.DISABLED), a_proxy(2, status=Status.PENDING, expires_at=NOW - 1))
    assert await ids(fleet) == []


async def test_nobody_is_tried_again_at_once_and_the_longest_waiting_goes_first():
    fleet = fleet_of(*(a_proxy(n, status=Status.PENDING) for n in (1, 2, 3)))
    assert await ids(fleet, {1: NOW - 10, 2: NOW - 4_000, 3: NOW - 5_000}) == [3, 2]


def turned(number, seconds_ago, **measured):
    return replace(a_proxy(number), details=Details(measured=Measured(rotated_at=NOW - seconds_ago, **measured)))


async def test_one_that_was_given_another_exit_is_measured_again_once_that_is_there():
    busy = [turned(1, 30), turned(2, 3), turned(3, 30, exit_address="203.0.113.9")]
    fleet = fleet_of(*busy)
    for one in busy:
        fleet.record(one.id, Outcome.succeeded(0.1), NOW - 60)
    assert await ids(fleet) == [1]
    assert await ids(fleet, {1: NOW - 40}) == [1]
    assert await ids(fleet, {1: NOW - 20}) == []
