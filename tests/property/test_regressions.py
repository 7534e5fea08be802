"""Faults that the machine or a reading of the core has found, each as the shortest story that shows it."""

from dataclasses import replace
from itertools import islice
from random import Random

from proxyfleet.core.columns import Columns
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.health.ledger import MOST_SUSPECTS
from proxyfleet.core.order import Order
from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector

NOW = 1_000_000.0
DOWN = Outcome.failed("timeout", target="a.example", phase=Phase.EXCHANGE)


def _fleet(count: int, **fields: object) -> FleetState:
    fleet = FleetState(rng=Random(1))
    for number in range(1, count + 1):
        fleet.add(_proxy(number, **fields), NOW)
    return fleet


def _proxy(number: int, **fields: object) -> Proxy:
    return Proxy(Scheme.HTTP, "proxy.example", 1000 + number, id=number, **{"status": Status.ACTIVE, **fields})


def test_an_expiry_that_comes_with_a_success_of_the_same_instant_is_not_missed() -> None:
    fleet = _fleet(1)
    fleet.record(1, Outcome.succeeded(0.1), NOW - 5.0)
    fleet.record(1, Outcome.succeeded(0.1), NOW)
    fleet.replace(replace(fleet.get(1), expires_at=NOW + 10.0), NOW)
    assert isinstance(fleet.pick(ANY, NOW + 10.0), Refusal)


def test_a_new_note_does_not_give_another_turn_in_the_round() -> None:
    fleet = _fleet(3)
    first = [fleet.pick(ANY, NOW, strategy="round_robin") for _ in range(2)]
    fleet.replace(replace(fleet.get(1), details=Details(notes="seen"), capacity=9), NOW)
    third = fleet.pick(ANY, NOW, strategy="round_robin")
    assert [found.proxy_id for found in (*first, third) if isinstance(found, Pick)] == [1, 2, 3]


def test_an_edit_while_it_is_off_does_not_unprove_a_proxy() -> None:
    fleet = _fleet(1)
    fleet.disable(1, NOW)
    fleet.replace(replace(fleet.get(1), capacity=2), NOW)
    fleet.enable(1, NOW)
    assert fleet.get(1).status is Status.ACTIVE


def test_an_edit_while_it_is_off_does_not_check_a_proxy() -> None:
    fleet = _fleet(1, status=Status.PENDING, require_check=True)
    fleet.disable(1, NOW)
    fleet.replace(replace(fleet.get(1), capacity=2), NOW)
    fleet.enable(1, NOW)
    assert isinstance(fleet.pick(ANY, NOW), Refusal)


def test_connections_stay_capped_when_everybody_is_full() -> None:
    fleet = _fleet(1, details=Details(max_connections=1), capacity=1)
    fleet.begin(1)
    assert isinstance(fleet.pick(ANY, NOW), Refusal)
    fleet.end(1)
    fleet.take(1, NOW)
    assert isinstance(fleet.pick(ANY, NOW), Pick)


def test_the_guard_lifts_no_cap_of_a_target() -> None:
    fleet = _fleet(1, details=Details(target_capacity=1))
    fleet.record(1, Outcome.succeeded(0.1), NOW)
    fleet.begin(1, "a.example")
    assert isinstance(fleet.pick(ANY, NOW, target="a.example"), Refusal)
    assert isinstance(fleet.pick(ANY, NOW, target="b.example"), Pick)


def test_a_removed_proxy_turns_its_failures_not_into_successes_of_the_target() -> None:
    fleet = _fleet(5)
    for number in range(1, 6):
        for _ in range(2 if number < 5 else 1):
            fleet.record(number, DOWN, NOW)
    for _ in range(3):
        fleet.record(1, Outcome.succeeded(0.1, "a.example"), NOW)
    fleet.remove(4, NOW)
    fleet.record(2, DOWN, NOW)
    assert fleet.health(2, NOW).strangers == 3, "7 of 10 attempts that are still known failed"


def test_a_target_at_fault_forgives_failures_that_have_not_yet_rested_the_pair() -> None:
    fleet = _fleet(5)
    for _ in range(2):
        for number in range(1, 6):
            fleet.record(number, DOWN, NOW)
    later = NOW + 100.0
    fleet.record(1, DOWN, later)
    found = [fleet.pick(ANY, later, target="a.example", strategy="round_robin") for _ in range(5)]
    assert {each.proxy_id for each in found if isinstance(each, Pick)} == {1, 2, 3, 4, 5}


def test_a_target_at_fault_keeps_the_ban_of_a_proxy_that_failed_too() -> None:
    fleet = _fleet(5)
    fleet.record(1, Outcome.failed("banned", target="a.example", retry_after=5000.0), NOW)
    for _ in range(4):
        for number in range(1, 6):
            fleet.record(number, DOWN, NOW)
    codes = {each.proxy_id: each.code for each in fleet.explain(ANY, NOW, target="a.example")}
    assert codes == {1: "target_memory", 2: "eligible", 3: "eligible", 4: "eligible", 5: "eligible"}


def test_failures_long_ago_are_no_history_to_go_back_to() -> None:
    """What lies more than a minute back can be taken back no more and must not pile up."""
    fleet = _fleet(3)
    for hour in range(200):
        fleet.record(1, DOWN, NOW + hour * 3600.0)
    assert len(fleet._doctor.ledger._histories[0 if 0 in fleet._doctor.ledger._histories else 1].booked) == 1


def test_histories_are_bounded_however_fast_failures_come() -> None:
    fleet = _fleet(1)
    for step in range(3 * MOST_SUSPECTS):
        fleet.record(1, DOWN, NOW + step * 0.001)
    assert all(len(history.booked) <= MOST_SUSPECTS for history in fleet._doctor.ledger._histories.values())


def test_leaders_of_an_order_skip_nobody_who_was_not_looked_at() -> None:
    """One who never moves, then more entries that are gone than are looked at, and a late one in the heap."""
    order = Order()
    for key in range(241):
        order.put(0 if key == 0 else 1 + (key - 1) % 100, key)
    order.put(200, 250)
    order.put(201, 245)
    leading = order.leading(32)
    everyone = sorted((order._keys[slot], slot) for slot in (*range(101), 200, 201))
    assert leading == [slot for _, slot in islice(everyone, len(leading))]


def test_outcomes_while_a_rare_view_is_being_built_are_taken_in() -> None:
    fleet = FleetState(rng=Random(1))
    rare, plain = Labels(tags=frozenset("a")), Labels()
    fleet.reserve(24_000)
    for number in range(1, 24_001):
        fleet.add(_proxy(number, labels=plain if number % 12 else rare), NOW)
    wanted = Selector.of(tag="a")
    for _ in range(40):
        fleet.pick(wanted, NOW)
        for number in (12, 12_000, 24_000):
            fleet.record(number, Outcome.failed("connect"), NOW)
    structure = fleet._views[wanted.key].finished["weighted_random"]
    columns: Columns = fleet._columns
    assert structure.total == sum(columns.weight[slot] for slot in fleet._views[wanted.key].ready)


def test_after_a_quiet_time_nobody_is_refused_because_others_are_due_first() -> None:
    fleet = FleetState(Rules(guard=1.0), rng=Random(1))
    for number in range(1, 301):
        fleet.add(_proxy(number, labels=Labels(country="DE" if number <= 200 else "US")), NOW)
    wanted = Selector.of(country="US")
    fleet.prepare(wanted)
    for number in range(1, 301):
        for _ in range(5):
            fleet.record(number, Outcome.failed("connect", phase=Phase.DIAL), NOW if number <= 200 else NOW + 70.0)
    assert isinstance(fleet.pick(wanted, NOW + 71.0), Refusal)
    assert isinstance(fleet.pick(wanted, NOW + 1000.0), Pick)


def test_taking_failures_back_does_not_end_a_slow_start() -> None:
    fleet = _fleet(5)
    for number in range(1, 6):
        fleet.record(number, Outcome.succeeded(0.1), NOW)
    for _ in range(5):
        fleet.record(1, Outcome.failed("connect", phase=Phase.DIAL), NOW)
    later, slot = NOW + 400.0, fleet._by_id[1]
    fleet.record(1, Outcome.succeeded(0.1), later)
    light = fleet._columns.weight[slot]
    for number in range(1, 6):
        for _ in range(2):
            fleet.record(number, DOWN, later)
    assert fleet._columns.weight[slot] == light
    fleet.advance(later + 60.0)
    assert fleet._columns.weight[slot] == fleet.health(1, later + 60.0).reputation


def test_refused_credentials_are_no_rest_and_use_up_no_share_of_the_guard() -> None:
    fleet = _fleet(1)
    fleet.record(1, Outcome.succeeded(0.1), NOW)
    for second in (0.0, 60.0):
        fleet.record(1, Outcome.failed("authentication"), NOW + second)
    for _ in range(9):
        fleet.record(1, Outcome.failed("connect", phase=Phase.DIAL), NOW + 60.0)
    assert fleet.health(1, NOW + 60.0).refused
    assert fleet.report(NOW + 60.0).ejections_detected == 0
    assert not fleet.health(1, NOW + 60.0).suppressed
