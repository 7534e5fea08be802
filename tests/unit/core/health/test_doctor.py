"""Outcomes booked to whom they belong, and what time alone changes. Driven through the fleet, read from its reports."""

from random import Random

import pytest

from proxyfleet.core.columns import CLOSED
from proxyfleet.core.events import Happened
from proxyfleet.core.health import doctor
from proxyfleet.core.health.score import health, reputation
from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.core.proxy import Kind, Secret, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0
OK = Outcome.succeeded(0.2505)
BAD = Outcome.failed("timeout")


def test_a_new_proxy_and_one_success(fleet_of) -> None:
    fleet = fleet_of(1)
    assert (fleet.health(1, NOW).reputation, fleet.health(1, NOW).health) == (50, 0.5)
    fleet.record(1, OK, NOW)
    health = fleet.health(1, NOW)
    assert (health.reputation, health.health, health.attempts) == (95, 1.0, 1)


@pytest.mark.parametrize(
    ("category", "booked"),
    [
        ("connect", "proxy"),
        ("timeout", "proxy"),
        ("protocol", "proxy"),
        ("authentication", "proxy"),
        ("network", "proxy"),
        ("unknown", "proxy"),
        ("rate_limit", "stranger"),
        ("banned", "stranger"),
        ("quota", "stranger"),
        ("client_abort", "stranger"),
        ("target", "stranger"),
    ],
)
def test_only_the_proxys_own_failures_count_against_it(fleet_of, category: str, booked: str) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.failed(category, target="t"), NOW)
    health = fleet.health(1, NOW)
    assert (health.failures, health.strangers) == ((1, 0) if booked == "proxy" else (0, 1))
    assert health.consecutive_failures == health.failures


@pytest.mark.parametrize("category", ["banned", "rate_limit"])
def test_a_refusal_by_the_target_rests_the_pair_only(fleet_of, category: str) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.failed(category, target="t", retry_after=90.0), NOW)
    assert fleet.pick(ANY, NOW + 89, target="t").code == "none_eligible"
    assert fleet.pick(ANY, NOW + 89, target="u").proxy_id == 1
    assert fleet.pick(ANY, NOW + 90, target="t").proxy_id == 1
    (event,) = fleet.take_events()
    assert (event.what, event.target, event.reason, event.until) == (Happened.PAIR_RESTED, "t", category, NOW + 90)


def test_quota_is_told_as_such(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.failed("quota"), NOW)
    assert [event.what for event in fleet.take_events()] == [Happened.QUOTA_EXHAUSTED]


@pytest.mark.parametrize(
    ("outcome", "failures"),
    [
        (Outcome.failed("timeout"), 0),
        (Outcome.failed("protocol", phase=Phase.EXCHANGE), 0),
        (Outcome.failed("network"), 0),
        (Outcome.failed("connect"), 1),
        (Outcome.failed("timeout", phase=Phase.DIAL), 1),
        (Outcome.failed("authentication"), 1),
        (Outcome.failed("authentication", parameterised=True), 0),
    ],
)
def test_a_rotating_endpoint_answers_only_for_itself(fleet_of, outcome: Outcome, failures: int) -> None:
    fleet = fleet_of(1, kind=Kind.ROTATING)
    fleet.record(1, outcome, NOW)
    assert fleet.health(1, NOW).failures == failures


def refuse(fleet, at: float, **fields: object) -> None:
    fleet.record(1, Outcome.failed("authentication", **fields), at)


def test_refused_credentials_are_a_hard_state(fleet_of) -> None:
    fleet = fleet_of(1)
    refuse(fleet, NOW)
    refuse(fleet, NOW + 59)
    assert not fleet.health(1, NOW + 59).refused
    refuse(fleet, NOW + 60)
    assert fleet.health(1, NOW + 60).refused
    event = fleet.take_events()[-1]
    assert (event.what, event.until) == (Happened.CREDENTIALS_REFUSED, NOW + 60 + 86_400)
    assert fleet.pick(ANY, NOW + 61).code == "none_eligible"


def test_credentials_with_parameters_are_never_a_hard_state(fleet_of) -> None:
    fleet = fleet_of(1)
    for number in range(9):
        refuse(fleet, NOW + 100 * number, parameterised=True)
    health = fleet.health(1, NOW + 900)
    assert (health.refused, health.failures, health.strangers) == (False, 0, 9)


def test_a_success_between_two_refusals(fleet_of) -> None:
    fleet = fleet_of(1)
    refuse(fleet, NOW)
    fleet.record(1, OK, NOW + 30)
    refuse(fleet, NOW + 90)
    assert not fleet.health(1, NOW + 90).refused


@pytest.mark.parametrize("ended_by", ["credentials", "reset", "a day"])
def test_how_the_hard_state_ends(fleet_of, ended_by: str) -> None:
    fleet = fleet_of([a_proxy(1, username="u", password="old")])
    refuse(fleet, NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW + 30)
    refuse(fleet, NOW + 60)
    later = NOW + 61
    if ended_by == "credentials":
        fleet.replace(a_proxy(1, username="u", password="new"), later)
    elif ended_by == "reset":
        fleet.reset(1, later)
    else:
        later = NOW + 60 + 86_400
        assert fleet.pick(ANY, later - 1).code == "none_eligible"
    picked = fleet.pick(ANY, later)
    assert (picked.proxy_id, picked.probe) == (1, ended_by == "a day")
    if ended_by == "a day":
        refuse(fleet, later + 1)
        assert fleet.health(1, later + 1).refused
        assert fleet.pick(ANY, later + 1).code == "none_eligible"


def test_the_same_password_again_ends_nothing(fleet_of) -> None:
    proxy = a_proxy(1, username="u", password="old")
    fleet = fleet_of([proxy])
    refuse(fleet, NOW)
    refuse(fleet, NOW + 60)
    fleet.replace(a_proxy(1, username="u", password=Secret("old"), country="US"), NOW + 61)
    assert fleet.health(1, NOW + 61).refused


def test_a_target_that_fails_through_many_proxies_takes_the_blame(fleet_of) -> None:
    fleet = fleet_of(4, rules=Rules(jitter=0.0))
    for proxy_id in range(1, 5):
        fleet.record(proxy_id, OK, NOW)
    for number in range(9):
        fleet.record(number % 3 + 1, Outcome.failed("timeout", target="t"), NOW + number)
    assert fleet.health(1, NOW + 9).failures == 3
    fleet.record(4, Outcome.failed("timeout", target="t"), NOW + 9)
    for proxy_id in range(1, 5):
        health = fleet.health(proxy_id, NOW + 9)
        assert (health.failures, health.consecutive_failures, health.success_rate) == (0, 0, 1.0)
        assert health.attempts == (4 if proxy_id < 4 else 2)
    assert fleet.pick(ANY, NOW + 9, target="t")
    what = [event.what for event in fleet.take_events()]
    assert what == [Happened.PAIR_RESTED] * 3 + [Happened.TARGET_AT_FAULT]


def test_an_ejection_that_is_taken_back_is_told(fleet_of) -> None:
    fleet = fleet_of(4)
    for proxy_id in range(1, 5):
        fleet.record(proxy_id, OK, NOW)
    for number in range(10):
        fleet.record(1 if number < 7 else number % 3 + 2, Outcome.failed("timeout", target="t"), NOW + number)
    health = fleet.health(1, NOW + 10)
    assert (health.circuit, health.resting, health.failures) == ("closed", False, 0)
    assert [event.what for event in fleet.take_events() if event.proxy_id == 1] == [
        Happened.PAIR_RESTED,
        Happened.PAIR_RESTED,
        Happened.CIRCUIT_OPENED,
        Happened.PAIR_RESTED,
        Happened.PAIR_RESTED,
        Happened.PAIR_RESTED,
        Happened.CIRCUIT_CLOSED,
    ]


def test_attempts_that_never_reached_the_target_do_not_accuse_it(fleet_of) -> None:
    fleet = fleet_of(4)
    for number in range(12):
        fleet.record(number % 4 + 1, Outcome.failed("connect", target="t", phase=Phase.DIAL), NOW)
    assert all(fleet.health(proxy_id, NOW).failures == 3 for proxy_id in range(1, 5))
    assert fleet.take_events() == []


def test_a_target_recovers(fleet_of) -> None:
    fleet = fleet_of(4)
    for number in range(10):
        fleet.record(number % 4 + 1, Outcome.failed("target", target="t"), NOW)
    fleet.record(1, Outcome.succeeded(0.1, "t"), NOW + 61)
    assert [event.what for event in fleet.take_events()] == [Happened.TARGET_AT_FAULT, Happened.TARGET_RECOVERED]


def test_a_probe_is_one_at_a_time_and_an_abort_frees_it(fleet_of) -> None:
    fleet = fleet_of(2)
    for proxy_id in (1, 2):
        fleet.record(proxy_id, OK, NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    fleet.disable(2, NOW)
    later = NOW + 300
    assert fleet.pick(ANY, later).probe
    assert fleet.health(1, later).circuit == "half_open"
    assert fleet.pick(ANY, later).code == "none_eligible"
    fleet.record(1, Outcome.failed(Category.CLIENT_ABORT), later + 1)
    assert fleet.pick(ANY, later + 1).probe
    fleet.record(1, OK, later + 2)
    assert fleet.pick(ANY, later + 2) == (1, False, False)


def test_a_low_score_alone_gets_one_attempt_every_five_minutes(fleet_of) -> None:
    fleet = fleet_of(1, rules=Rules(min_score=0.6, jitter=0.0))
    assert fleet.pick(ANY, NOW + 1).probe
    assert fleet.pick(ANY, NOW + 300).code == "none_eligible"
    assert fleet.pick(ANY, NOW + 301).probe
    assert fleet.pick(ANY, NOW + 302).code == "none_eligible"
    fleet.record(1, OK, NOW + 302)
    assert [fleet.pick(ANY, NOW + 303).probe for _ in range(2)] == [False, False]


def test_scores_fall_with_time_alone(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, OK, NOW)
    ages = (300, 301, 1_126, 1_951, 2_776, 3_601)
    assert [round(fleet.health(1, NOW + age).health, 2) for age in ages] == [1.0, 0.96, 0.92, 0.88, 0.84, 0.8]


def test_slow_start_and_pending_lower_the_weight(fleet_of) -> None:
    fleet = fleet_of([a_proxy(1), a_proxy(2, status=Status.PENDING)])
    assert fleet._columns.weight[fleet._slot(1)] == 50
    assert fleet._columns.weight[fleet._slot(2)] == 25
    for proxy_id in (1, 2):
        fleet.record(proxy_id, OK, NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    fleet.record(1, OK, NOW + 10)
    points = fleet.health(1, NOW + 10).reputation
    assert fleet._columns.weight[fleet._slot(1)] == points // 10
    assert fleet._columns.weight[fleet._slot(2)] == 95
    fleet.advance(NOW + 71)
    assert fleet._columns.weight[fleet._slot(1)] == points


def test_weighing_by_health(fleet_of) -> None:
    fleet = fleet_of(1, rules=Rules(weigh_by="health"))
    assert fleet._columns.weight[fleet._slot(1)] == 50
    fleet.record(1, Outcome.succeeded(5.0), NOW)
    assert fleet._columns.weight[fleet._slot(1)] == 80


def test_a_pending_proxy_that_works_is_proven(fleet_of) -> None:
    fleet = fleet_of([a_proxy(1, status=Status.PENDING, require_check=True)])
    assert fleet.pick(ANY, NOW).code == "none_eligible"
    fleet.record(1, OK, NOW)
    assert fleet.get(1).status is Status.ACTIVE
    assert fleet.pick(ANY, NOW).proxy_id == 1
    assert [event.what for event in fleet.take_events()] == [Happened.PROXY_PROVEN]


def test_expiry_is_told_once(fleet_of) -> None:
    fleet = fleet_of(1, expires_at=NOW + 10)
    assert fleet.pick(ANY, NOW + 9.999).proxy_id == 1
    assert fleet.pick(ANY, NOW + 10).code == "none_eligible"
    fleet.advance(NOW + 99)
    assert [(event.what, event.proxy_id) for event in fleet.take_events()] == [(Happened.PROXY_EXPIRED, 1)]


def test_the_peak_of_latency_rises_at_once_and_fades(fleet_of) -> None:
    fleet = fleet_of(1, rules=Rules(ewma_tau=10.0))
    peak = fleet._columns.peak
    for at, seconds, wanted in ((0.0, 2.0, 2.0), (10.0, 1.0, 1.0 + 0.3679), (10.0, 3.0, 3.0), (1_000.0, 0.5, 0.5)):
        fleet.record(1, Outcome.succeeded(seconds), NOW + at)
        assert peak[fleet._slot(1)] == pytest.approx(wanted, rel=1e-3)
    fleet.record(1, BAD, NOW + 1_000)
    assert peak[fleet._slot(1)] == 5.0


def test_a_clock_that_is_set_back_breaks_nothing(fleet_of) -> None:
    fleet = fleet_of(2)
    for proxy_id in (1, 2):
        fleet.record(proxy_id, Outcome.succeeded(2.0), NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    fleet.record(1, OK, NOW + 50)
    for back in (30, 7_200, 86_400):
        for proxy_id in (1, 2):
            fleet.record(proxy_id, OK, NOW - back)
            assert fleet.health(proxy_id, NOW - back).reputation > 50


def test_events_that_nobody_collects_are_bounded(fleet_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_EVENTS", 5)
    fleet = fleet_of(1)
    for number in range(9):
        fleet.record(1, Outcome.failed("quota"), NOW + number)
    assert [event.at - NOW for event in fleet.take_events()] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("breaker", [True, False])
def test_a_success_ends_every_rest(fleet_of, breaker: bool) -> None:
    fleet = fleet_of(2, rules=Rules(jitter=0.0, breaker=breaker))
    for proxy_id in (1, 2):
        fleet.record(proxy_id, OK, NOW)
    for _ in range(5):
        fleet.record(1, BAD, NOW)
    assert fleet.health(1, NOW).resting
    fleet.record(1, OK, NOW + 1)
    health = fleet.health(1, NOW + 1)
    assert (health.resting, health.circuit, health.standing) == (False, "closed", "ready")
    for _ in range(5):
        fleet.record(1, BAD, NOW + 100)
    fleet.advance(NOW + 5_000)
    fleet.record(1, OK, NOW + 5_000)
    assert fleet.health(1, NOW + 5_000).circuit == "closed"


def test_refused_credentials_stay_refused_whatever_else_is_due(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, OK, NOW)
    refuse(fleet, NOW + 1)
    refuse(fleet, NOW + 61)
    for later in (301, 1_200, 2_000, 4_000):
        assert fleet.health(1, NOW + later).refused


def test_resetting_one_that_never_worked_does_not_shrink_the_guard(fleet_of) -> None:
    fleet = fleet_of(3)
    fleet.record(1, OK, NOW)
    fleet.reset(2, NOW)
    fleet.remove(3, NOW)
    assert fleet.report(NOW).worked == 1
    fleet.reset(1, NOW)
    assert fleet.report(NOW).worked == 0


@pytest.mark.parametrize("weigh_by", ["reputation", "health"])
@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_the_formulas_however_long_it_goes_well(fleet_of, weigh_by: str, seed: int) -> None:
    """Flawless proxies take a shorter way; it must end where the long one does."""
    rng = Random(seed)
    fleet = fleet_of([a_proxy(1)], rules=Rules(jitter=0.0, weigh_by=weigh_by))
    fleet.prepare(ANY, "weighted_random")
    fleet.prepare(ANY, "fastest_response")
    fleet.prepare(ANY, "least_loaded")
    columns, slot, view = fleet._columns, fleet._slot(1), fleet._index.views[ANY.key]
    worst, now = rng.choice([0.3, 0.49, 0.6]), NOW
    for step in range(400):
        now += rng.choice([0.0, 0.01, 1.0, 200.0 if step % 50 == 0 else 0.1])
        if step in (250, 260) or (seed == 3 and rng.random() < 0.02):
            fleet.record(1, BAD, now)
        else:
            fleet.record(1, Outcome.succeeded(rng.uniform(0.1, worst)), now)
        rate, response, streak = columns.success_rate[slot], columns.response_time[slot], columns.streak[slot]
        assert columns.reputation[slot] == reputation(rate, response, streak, columns.uses(slot))
        assert columns.health[slot] == health(rate, columns.last_success[slot], response, CLOSED, now)
        weight = columns.reputation[slot] if weigh_by == "reputation" else int(columns.health[slot] * 100)
        assert columns.weight[slot] == max(weight, 1) == view.finished["weighted_random"].total
        fastest, least = view.finished["fastest_response"], view.finished["least_loaded"]
        assert fastest.buckets.level(slot) == fastest.rank(slot)
        assert least.order._keys[slot] == least.weigh(slot)
    assert columns.uses(slot) == 400
