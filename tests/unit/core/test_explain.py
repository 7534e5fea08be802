"""Why this one: the reason codes, in the order of rule 8, and that asking changes nothing."""

import pytest

from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Details, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0
OK, BAD = Outcome.succeeded(0.1), Outcome.failed("timeout")


def code(fleet, text: str = "", now: float = NOW, **how: object) -> str:
    return next(e.code for e in fleet.explain(Selector.parse(text), now, **how) if e.proxy_id == 1)


def test_every_test_is_named_by_the_first_that_fails(fleet_of) -> None:
    """Everything is wrong with one proxy; what is mended one by one comes in the order of rule 8."""
    details = Details(min_interval=50.0, target_capacity=1)
    proxy = a_proxy(1, country="US", capacity=1, expires_at=NOW + 5_000, details=details)
    others = [a_proxy(n) for n in (2, 3, 4)]
    fleet = fleet_of([proxy, *others], rules=Rules(jitter=0.0, auth_gap=1.0))
    for proxy_id in fleet:
        fleet.record(proxy_id, OK, NOW)
    fleet.take(1, NOW)
    fleet.hold("r", 1)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    fleet.record(1, Outcome.failed("banned", target="t", retry_after=1_000.0), NOW)
    fleet.begin(1, "t")
    ask = "country=US port=8080 min_score=0.9 resource=r"
    seen = [code(fleet, "country=DE " + ask), code(fleet, "port=1 " + ask), code(fleet, ask, exclude=[1])]
    fleet.disable(1, NOW)
    seen.append(code(fleet, ask, target="t"))
    fleet.enable(1, NOW)
    for at in (NOW, NOW + 2):
        fleet.record(1, Outcome.failed("authentication"), at)
    seen.append(code(fleet, ask, target="t", now=NOW + 2))
    fleet.replace(a_proxy(1, country="US", capacity=1, expires_at=NOW + 3, details=details, username="new"), NOW + 2)
    for _ in range(5):
        fleet.record(1, BAD, NOW + 2)
    seen.append(code(fleet, ask, target="t", now=NOW + 3))
    now = NOW + 4
    fleet.replace(a_proxy(1, country="US", capacity=1, expires_at=NOW + 5_000, details=details, username="new"), now)
    seen.append(code(fleet, ask, target="t", now=now))
    fleet.unhold("r", 1)
    seen.append(code(fleet, ask, target="t", now=now))
    fleet.give(1, now)
    fleet._slots.waits[fleet._slot(1)] = now + 1
    seen.append(code(fleet, ask, target="t", now=now))
    fleet._slots.waits.clear()
    seen.append(code(fleet, ask, target="t", now=now))
    fleet._doctor.pairs.succeeded("t", fleet._slot(1))
    seen.append(code(fleet, ask, target="t", now=now))
    fleet.end(1, "t")
    seen.append(code(fleet, ask, target="t", now=now))
    now = NOW + 2 + 480
    fleet.advance(now)
    fleet._doctor.used(fleet._slot(1), now)
    fleet._slots.waits.clear()
    seen.append(code(fleet, ask, target="t", now=now))
    fleet.record(1, OK, now)
    seen.append(code(fleet, ask.replace("0.9", "1.0"), target="t", now=now))
    seen.append(code(fleet, ask.replace("0.9", "0.1"), target="t", now=now))
    assert seen == [
        "not_wanted",
        "not_wanted",
        "excluded",
        "disabled",
        "wrong_credentials",
        "expired",
        "resource_taken",
        "capacity",
        "min_interval",
        "target_memory",
        "target_capacity",
        "resting",
        "probing",
        "low_score",
        "eligible",
    ]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"status": Status.PENDING, "require_check": True}, "not_checked"),
        ({"status": Status.FAILED}, "check_failed"),
        ({"status": Status.DISABLED}, "disabled"),
        ({"status": Status.PENDING}, "eligible"),
        ({"expires_at": NOW}, "expired"),
    ],
)
def test_states_that_a_record_brings_along(fleet_of, fields: dict[str, object], wanted: str) -> None:
    fleet = fleet_of([a_proxy(1, **fields)])
    assert code(fleet) == wanted
    assert isinstance(fleet.pick(ANY, NOW), Pick) is (wanted == "eligible")


def explained(fleet, text: str = "", now: float = NOW, **how: object):
    return next(iter(fleet.explain(Selector.parse(text), now, **how)))


def test_reasons_are_readable_and_say_until_when(fleet_of) -> None:
    fleet = fleet_of(1, capacity=2)
    assert explained(fleet) == (1, True, "eligible", "reputation 50, health 0.50", None, False)
    assert explained(fleet, "tag=a country=DE").reason == "does not satisfy country=DE"
    assert explained(fleet, "free>=3").reason == "does not satisfy free>=3"
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    assert explained(fleet)[2:5] == ("resting", "5 consecutive failures, last: timeout", NOW + 300)
    fleet.reset(1, NOW)
    assert explained(fleet, "min_score=0.7")[2:5] == ("low_score", "health 0.50 is below 0.70", 299.0)
    for _ in range(2):
        fleet.take(1, NOW)
    assert explained(fleet)[2:4] == ("capacity", "carries 2 of 2 leases")


def test_a_cap_on_connections_is_named(fleet_of) -> None:
    fleet = fleet_of(1, details=Details(max_connections=1))
    fleet.begin(1)
    assert explained(fleet)[2:4] == ("capacity", "carries 0 of 5 leases and 1 connections, its cap")


def test_what_is_unproven_or_kept_by_the_guard_is_said(fleet_of) -> None:
    fleet = fleet_of([a_proxy(1, status=Status.PENDING)])
    assert explained(fleet).reason.endswith("; not proven yet")
    fleet.record(1, OK, NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    assert explained(fleet).reason.endswith("; should rest, but the guard keeps it in rotation")


def test_everyone_is_explained_once_and_nothing_is_changed(fleet_of) -> None:
    fleet = fleet_of(5)
    fleet.record(2, OK, NOW)
    before = fleet._columns.rows[:]
    told = list(fleet.explain(Selector.parse("min_score=0.9 exclude=3"), NOW, exclude=[4], target="t"))
    assert sorted(e.proxy_id for e in told) == [1, 2, 3, 4, 5]
    assert [e.proxy_id for e in told if e.eligible] == [2]
    assert (fleet._columns.rows, fleet.selections, fleet.refusals, fleet._index.views) == (before, 0, 0, {})


def test_explaining_agrees_with_picking(fleet_of) -> None:
    fleet = fleet_of(12, capacity=1)
    for proxy_id in range(1, 13):
        fleet.record(proxy_id, OK, NOW)
    fleet.take(1, NOW)
    fleet.disable(2, NOW)
    fleet.hold("r", 3)
    fleet.block(4, "t")
    for _ in range(5):
        fleet.record(5, BAD, NOW)
    selector = Selector.parse("resource=r exclude=6")
    eligible = {e.proxy_id for e in fleet.explain(selector, NOW, target="t", exclude=[7]) if e.eligible}
    picked = {fleet.pick(selector, NOW, target="t", exclude=[7]).proxy_id for _ in range(300)}
    assert eligible == picked == {8, 9, 10, 11, 12}


def test_a_proxy_that_is_removed_meanwhile_is_left_out(fleet_of) -> None:
    fleet = fleet_of(3)
    answers = fleet.explain(ANY, NOW)
    first = next(answers)
    for proxy_id in {1, 2, 3} - {first.proxy_id}:
        fleet.remove(proxy_id, NOW)
    assert list(answers) == []


def last_resorts(fleet, text: str = "", **how: object) -> set[int]:
    return {e.proxy_id for e in fleet.explain(Selector.parse(text), NOW, **how) if e.last_resort}


def test_who_is_full_and_nothing_else_is_a_last_resort(fleet_of) -> None:
    """A request may share a proxy without a free slot; the picks agree."""
    plain = [a_proxy(n, capacity=1, country="DE" if n == 2 else "US") for n in (1, 2, 3)]
    fleet = fleet_of([*plain, a_proxy(4, capacity=1, country="US", details=Details(max_connections=1))])
    for proxy_id in fleet:
        fleet.take(proxy_id, NOW)
    fleet.begin(4)
    fleet.block(3, "t")
    assert last_resorts(fleet) == {1, 2, 3}
    assert last_resorts(fleet, "country=US") == {1, 3}
    assert last_resorts(fleet, target="t") == last_resorts(fleet, "target=t") == {1, 2}
    assert last_resorts(fleet, "min_score=0.9") == set()
    for text in ("", "country=US"):
        selector = Selector.parse(text)
        fleet.prepare(selector)
        assert {fleet.pick(selector, NOW).proxy_id for _ in range(50)} == last_resorts(fleet, text)
    assert not explained(fleet).eligible


def test_whom_the_guard_lifts_is_a_last_resort(fleet_of) -> None:
    """Half of what once worked may rest; for a request that only fits those they are lifted, hard states are not."""
    fleet = fleet_of([a_proxy(n, country="DE" if n < 4 else "US") for n in range(1, 7)], rules=Rules(jitter=0.0))
    for proxy_id in fleet:
        fleet.record(proxy_id, OK, NOW)
    for proxy_id in (1, 2, 3):
        for _ in range(5):
            fleet.record(proxy_id, BAD, NOW)
    fleet.disable(2, NOW)
    fleet.block(3, "t")
    assert last_resorts(fleet, "country=DE") == {1, 3}
    assert last_resorts(fleet, "country=DE", target="t") == {1}
    assert last_resorts(fleet, "country=US") == set()
    selector = Selector.parse("country=DE")
    assert fleet.pick(selector, NOW, target="t").proxy_id == 1
    assert fleet.pick(selector, NOW, target="t").degraded
    for proxy_id in (2, 3):
        fleet.reset(proxy_id, NOW)
    assert last_resorts(fleet, "country=DE exclude=3") == set()
