"""The aggregate: the inventory, leases, operator verbs, refusals, and that a slot used again remembers nothing."""

import random
from dataclasses import replace

import pytest

from proxyfleet.core.columns import NAMES
from proxyfleet.core.errors import BadProxy, DuplicateProxy, NoFreeSlot, UnknownProxy, UnknownStrategy
from proxyfleet.core.fleet import DRAINED, FleetState
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Details, Labels, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.strategies.registry import STRATEGIES
from proxyfleet.lab.builders import a_proxy, some_proxies

NOW = 1_000_000.0
OK, BAD = Outcome.succeeded(0.1), Outcome.failed("timeout", target="t")


def who(fleet: FleetState, times: int = 60, text: str = "", **how: object) -> set[int]:
    found = [fleet.pick(Selector.parse(text), NOW, **how) for _ in range(times)]
    return {pick.proxy_id for pick in found if isinstance(pick, Pick)}


# the inventory ----------------------------------------------------------------------------------------------------


def test_what_was_added_is_read_back(fleet_of) -> None:
    proxies = [
        a_proxy(1, capacity=3, username="u", password="p", country="US", tags=["a"], expires_at=NOW + 9),
        a_proxy(2, capacity=5, details=Details(notes="n", max_connections=2), status=Status.PENDING),
    ]
    fleet = fleet_of(proxies)
    assert [fleet.get(proxy_id) for proxy_id in fleet] == proxies
    assert fleet.endpoint(1) == proxies[0].endpoint
    assert (len(fleet), 1 in fleet, 3 in fleet) == (2, True, False)


def test_ids_are_positive_and_new(fleet_of) -> None:
    fleet = fleet_of(1)
    for impossible in (0, 1 << 32):
        with pytest.raises(BadProxy, match=f"id {impossible} is out of range; the inventory gives ids from 1 to"):
            fleet.add(a_proxy(1, id=impossible), NOW)
    with pytest.raises(DuplicateProxy, match="id 1 is already in this fleet; use replace"):
        fleet.add(a_proxy(1), NOW)
    assert len(fleet) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda fleet: fleet.get(9),
        lambda fleet: fleet.endpoint(9),
        lambda fleet: fleet.remove(9, NOW),
        lambda fleet: fleet.replace(a_proxy(9), NOW),
        lambda fleet: fleet.take(9, NOW),
        lambda fleet: fleet.give(9, NOW),
        lambda fleet: fleet.begin(9),
        lambda fleet: fleet.terms(9),
        lambda fleet: fleet.rotates(9),
        lambda fleet: fleet.hold("r", 9),
        lambda fleet: fleet.unhold("r", 9),
        lambda fleet: fleet.reset(9, NOW),
        lambda fleet: fleet.disable(9, NOW),
        lambda fleet: fleet.enable(9, NOW),
        lambda fleet: fleet.block(9, "t"),
        lambda fleet: fleet.health(9, NOW),
        lambda fleet: fleet.leases(9),
    ],
)
def test_an_unknown_id_is_an_error(fleet_of, call) -> None:
    with pytest.raises(UnknownProxy, match="no proxy with id 9"):
        call(fleet_of(1))


def test_outcomes_and_ends_of_a_proxy_that_is_gone_are_none(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.remove(1, NOW)
    fleet.record(1, OK, NOW)
    fleet.end(1, "t")
    assert fleet.take_events() == []


@pytest.mark.parametrize("reserved", [0, 10, 1_000])
def test_many_come_and_go(fleet_of, reserved: int) -> None:
    fleet, rng, there = fleet_of(0), random.Random(15), dict[int, str]()
    fleet.reserve(reserved)
    for number in range(1, 400):
        there[number] = rng.choice(["US", "DE"])
        fleet.add(a_proxy(number, country=there[number]), NOW)
        if rng.random() < 0.4:
            gone = rng.choice(list(there))
            del there[gone]
            fleet.remove(gone, NOW)
        if number == 100:
            fleet.pick(Selector.of(country="US"), NOW)
    assert set(fleet) == set(there)
    assert {fleet.get(n).labels.country for n in there} == {"US", "DE"}
    assert who(fleet, 3_000, "country=US") == {n for n in there if there[n] == "US"}


def used_in_every_way(fleet: FleetState, proxy_id: int) -> None:
    """Leave a trace of this proxy wherever one can be left."""
    for name in STRATEGIES:
        fleet.pick(Selector.parse(f"id={proxy_id}"), NOW, strategy=name, key="k")
        fleet.pick(ANY, NOW, strategy=name, key="k")
    fleet.record(proxy_id, OK, NOW)
    fleet.take(proxy_id, NOW)
    fleet.begin(proxy_id, "t")
    fleet.hold("r", proxy_id)
    fleet.block(proxy_id, "t")
    for _ in range(6):
        fleet.record(proxy_id, BAD, NOW)
    for at in (NOW, NOW + 60):
        fleet.record(proxy_id, Outcome.failed("authentication"), at)
    fleet.record(proxy_id, Outcome.failed("banned", target="u"), NOW)


def test_a_slot_used_again_remembers_nothing(fleet_of) -> None:
    rich = {
        "country": "US",
        "tags": ["a"],
        "username": "u",
        "password": "p",
        "expires_at": NOW + 90,
        "details": Details(2, 1.0, 1),
    }
    fleet, fresh = (fleet_of([a_proxy(1, **rich), a_proxy(2)]) for _ in range(2))
    used_in_every_way(fleet, 1)
    slot = fleet._slot(1)
    fleet.remove(1, NOW + 60)
    fresh.remove(1, NOW)
    for each in (fleet, fresh):
        each.add(a_proxy(3), NOW + 61)
    assert fleet._slot(3) == slot == fresh._slot(3)
    assert fleet.get(3) == fresh.get(3)
    assert fleet.health(3, NOW + 61) == fresh.health(3, NOW + 61)
    differ = [n for n in NAMES if getattr(fleet._columns, n)[slot] != getattr(fresh._columns, n)[slot]]
    assert differ == []
    assert who(fleet, text="resource=r", target="t") == who(fleet, target="u") == {2, 3}
    doctor = fleet._doctor
    assert (doctor.pairs.count, doctor.ledger._histories, doctor.credentials.first, fleet._slots.waits) == (
        0,
        {},
        {},
        {},
    )
    assert (doctor.guard.worked, doctor.guard.resting, doctor.circuit.started) == (0, 0, {})
    assert slot not in doctor.targets.failed_slots("t")
    assert slot not in fleet._picking.definition("round_robin").turns


def test_replacing_keeps_health_and_leases_and_follows_the_labels(fleet_of) -> None:
    fleet = fleet_of(2, country="US")
    fleet.record(1, OK, NOW)
    fleet.take(1, NOW)
    for text in ("country=US", "country=DE"):
        fleet.pick(Selector.parse(text), NOW)
    fleet.replace(a_proxy(1, country="DE", capacity=2, port=9), NOW)
    assert who(fleet, text="country=US") == {2}
    assert who(fleet, text="country=DE") == {1}
    health = fleet.health(1, NOW)
    assert (health.successes, health.leases, health.free, fleet.get(1).port) == (1, 1, 1, 9)


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (Status.ACTIVE, Status.PENDING, Status.ACTIVE),
        (Status.ACTIVE, Status.FAILED, Status.FAILED),
        (Status.ACTIVE, Status.DISABLED, Status.DISABLED),
        (Status.ACTIVE, Status.ACTIVE, Status.ACTIVE),
    ],
)
def test_a_proxy_that_has_worked_is_not_pending_again(fleet_of, before: Status, status: Status, after: Status) -> None:
    fleet = fleet_of([a_proxy(1, status=before)])
    fleet.record(1, OK, NOW)
    fleet.replace(a_proxy(1, status=status), NOW)
    assert fleet.get(1).status is after


def test_lowering_a_capacity_stops_new_leases_only(fleet_of) -> None:
    fleet = fleet_of(1, capacity=3)
    for _ in range(3):
        fleet.take(1, NOW)
    fleet.replace(a_proxy(1, capacity=1), NOW)
    assert (fleet.leases(1), fleet.health(1, NOW).free) == (3, 0)
    for left in (2, 1, 0):
        assert fleet.pick(ANY, NOW, claim=True).code == "none_eligible"
        fleet.give(1, NOW)
        assert fleet.leases(1) == left
    assert fleet.pick(ANY, NOW, claim=True).proxy_id == 1


def test_a_new_expiry_date_counts_at_once(fleet_of) -> None:
    fleet = fleet_of(1, expires_at=NOW + 10)
    fleet.replace(a_proxy(1, expires_at=NOW - 1), NOW)
    assert fleet.pick(ANY, NOW).code == "none_eligible"
    fleet.replace(a_proxy(1), NOW + 20)
    assert fleet.pick(ANY, NOW + 20).proxy_id == 1


# leases and groups ------------------------------------------------------------------------------------------------


def test_leases_are_counted_exactly(fleet_of) -> None:
    fleet = fleet_of(1, capacity=2)
    for _ in range(2):
        fleet.take(1, NOW)
    with pytest.raises(NoFreeSlot):
        fleet.take(1, NOW)
    assert (fleet.leases(1), fleet.health(1, NOW).standing) == (2, "full")
    for _ in range(2):
        fleet.give(1, NOW)
    with pytest.raises(NoFreeSlot):
        fleet.give(1, NOW)
    assert (fleet.leases(1), fleet.health(1, NOW).standing) == (0, "ready")


# picking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "text", "code", "words"),
    [
        (0, "", "empty_fleet", "the fleet is empty; import or add proxies"),
        (1, "country=DE", "no_match", "no proxy satisfies country=DE; widen the selector"),
        (1, "exclude=1", "none_eligible", "no proxy of those that satisfy exclude=1 may be used now; ask for an"),
        (1, "tag=a", "none_eligible", "no proxy of those that satisfy tag=a may be used now"),
    ],
)
def test_a_refusal_has_a_stable_code_and_a_remedy(fleet_of, proxies: int, text: str, code: str, words: str) -> None:
    fleet = fleet_of(proxies, tags=["a"])
    if text == "tag=a":
        fleet.disable(1, NOW)
    refusal = fleet.pick(Selector.parse(text), NOW)
    assert refusal.code == code
    assert words in refusal.reason
    assert 1.0 <= refusal.retry_after <= 60.0
    assert (fleet.refusals, fleet.selections) == (1, 0)


def test_a_refusal_says_when_it_may_be_different(fleet_of) -> None:
    fleet = fleet_of(1, details=Details(min_interval=20.0))
    fleet.pick(ANY, NOW)
    assert fleet.pick(ANY, NOW + 5).retry_after == pytest.approx(15.0, abs=0.01)


def test_the_strategy_is_the_fleets_or_the_calls(fleet_of) -> None:
    fleet = fleet_of(3, rules=Rules(strategy="lru"))
    assert fleet.strategy == "least_recently_used"
    fleet.switch("round_robin")
    assert [fleet.pick(ANY, NOW).proxy_id for _ in range(4)] == [1, 2, 3, 1]
    fleet.record(2, OK, NOW)
    assert {fleet.pick(ANY, NOW, strategy="best_reputation").proxy_id for _ in range(9)} == {2}
    assert fleet.pick(ANY, NOW).proxy_id == 2
    assert fleet.selections == 14


@pytest.mark.parametrize("call", ["pick", "switch", "prepare", "rules"])
def test_an_unknown_strategy_is_refused_everywhere(fleet_of, call: str) -> None:
    fleet = fleet_of(1)
    with pytest.raises(UnknownStrategy, match="unknown strategy 'best'; use one of: weighted_random"):
        {
            "pick": lambda: fleet.pick(ANY, NOW, strategy="best"),
            "switch": lambda: fleet.switch("best"),
            "prepare": lambda: fleet.prepare(ANY, "best"),
            "rules": lambda: FleetState(Rules(strategy="best"), rng=random.Random()),
        }[call]()
    assert fleet.strategy == "weighted_random"


def test_equal_dice_make_equal_picks() -> None:
    def picks() -> list[int]:
        fleet = FleetState(rng=random.Random(3))
        for proxy in some_proxies(50):
            fleet.add(proxy, NOW)
        return [fleet.pick(ANY, NOW).proxy_id for _ in range(100)]

    assert picks() == picks()


def test_a_pick_counts_as_a_use(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.pick(ANY, NOW + 5)
    assert (fleet.health(1, NOW + 5).last_used, fleet.selections) == (NOW + 5, 1)


@pytest.mark.parametrize("name", STRATEGIES)
def test_preparing_builds_all_a_pick_needs(fleet_of, name: str) -> None:
    fleet = fleet_of(3_000)
    fleet.prepare(ANY, name)
    assert list(fleet._index.views[""].finished) == [name]
    assert fleet.work()


# resources and operators ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_switching_off_and_on_keeps_the_status(fleet_of, status: Status) -> None:
    fleet = fleet_of([a_proxy(1, status=status)])
    fleet.disable(1, NOW)
    assert (fleet.get(1).status, who(fleet)) == (Status.DISABLED, set())
    fleet.enable(1, NOW)
    assert (fleet.get(1).status, who(fleet)) == (status, {1})


def test_switching_on_does_not_skip_the_check(fleet_of) -> None:
    fleet = fleet_of([a_proxy(1, status=Status.DISABLED, require_check=True)])
    fleet.enable(1, NOW)
    assert (fleet.get(1).status, who(fleet)) == (Status.PENDING, set())


def test_one_that_worked_is_active_again_although_it_was_edited_while_off(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, OK, NOW)
    fleet.disable(1, NOW)
    fleet.replace(replace(fleet.get(1), labels=Labels(country="US")), NOW)
    fleet.enable(1, NOW)
    assert fleet.get(1).status is Status.ACTIVE


def test_a_reset_forgets_all_but_a_persons_word(fleet_of) -> None:
    fleet = fleet_of(1)
    used_in_every_way(fleet, 1)
    fleet.disable(1, NOW + 60)
    fleet.reset(1, NOW + 60)
    health = fleet.health(1, NOW + 60)
    assert (health.reputation, health.health, health.attempts, health.circuit) == (50, 0.5, 0, "closed")
    assert (health.refused, health.resting, health.last_error, health.latency.p50) == (False, False, None, -1.0)
    assert (health.leases, health.active) == (1, 1)
    assert fleet.get(1).status is Status.DISABLED
    fleet.enable(1, NOW + 60)
    assert fleet.pick(ANY, NOW + 60, target="t").proxy_id == 1


# time and news ----------------------------------------------------------------------------------------------------


def test_what_is_due_is_settled_in_bounded_parts(fleet_of) -> None:
    fleet = fleet_of(3 * DRAINED, expires_at=NOW + 10)
    left = [fleet.advance(NOW + 10) for _ in range(4)]
    assert left == [False, False, False, True]
    assert len(fleet.take_events()) == 3 * DRAINED


def test_time_counts_even_when_nobody_advances_it(fleet_of) -> None:
    fleet = fleet_of(10 * DRAINED, expires_at=NOW + 10)
    fleet.prepare()
    fleet.add(a_proxy(9_999), NOW)
    assert {fleet.pick(ANY, NOW + 10).proxy_id for _ in range(20)} == {9_999}


def test_events_are_handed_over_once(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, Outcome.failed("quota"), NOW)
    assert [event.proxy_id for event in fleet.take_events()] == [1]
    assert fleet.take_events() == []


def test_far_expiry_dates_do_not_pile_up(fleet_of) -> None:
    fleet = fleet_of(4, expires_at=NOW + 1e9)
    now = NOW
    for _ in range(1_000):
        for proxy_id in fleet:
            fleet.record(proxy_id, OK, now)
        now += 4_000.0
        while not fleet.advance(now):
            pass
    assert len(fleet._due) < 2 * fleet._columns.size + 1_100


def test_who_stays_with_a_proxy_may_use_it_until_it_is_out_or_resting(fleet_of):
    fleet = fleet_of(3, capacity=1, country="US")
    fleet.take(1, NOW)
    assert fleet.repick(1, ANY, NOW).proxy_id == 1, "full is no reason to go"
    assert fleet.repick(1, Selector.parse("country=US"), NOW) is not None
    assert fleet.repick(1, Selector.parse("country=DE"), NOW) is None
    assert fleet.repick(1, Selector.parse("exclude=1"), NOW) is None
    assert fleet.repick(1, Selector.parse("id=2"), NOW) is None
    assert fleet.repick(99, ANY, NOW) is None
    before = fleet.selections
    fleet.repick(1, ANY, NOW)
    assert fleet.selections == before + 1
    for number in (1, 2, 3):
        fleet.record(number, Outcome.succeeded(0.1), NOW)
    for _ in range(5):
        fleet.record(1, Outcome.failed("connect"), NOW)
    assert fleet.repick(1, ANY, NOW) is None
    probe = fleet.repick(1, ANY, NOW + 3000.0)
    assert probe.probe, "one at a time after the rest"
    assert fleet.repick(1, ANY, NOW + 3000.0) is None
    fleet.disable(2, NOW)
    assert fleet.repick(2, ANY, NOW) is None
