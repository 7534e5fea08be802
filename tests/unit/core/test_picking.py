"""Which proxy a question gets: tests per call, spread, sharing full proxies, lifting soft states."""

from collections import Counter
from decimal import Decimal

import pytest

from proxyfleet.core.columns import ABSENT
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick, Refusal, tier_price
from proxyfleet.core.proxy import Details, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.strategies.registry import STRATEGIES
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0
OK = Outcome.succeeded(0.1)


def who(fleet, times: int = 60, selector: Selector = ANY, now: float = NOW, **how: object) -> set[int]:
    found = [fleet.pick(selector, now, **how) for _ in range(times)]
    return {pick.proxy_id for pick in found if isinstance(pick, Pick)}


@pytest.mark.parametrize(
    ("text", "how", "picked"),
    [
        ("", {}, {1, 2, 3, 4}),
        ("", {"exclude": [1, 2]}, {3, 4}),
        ("exclude=1", {"exclude": (2,)}, {3, 4}),
        ("resource=shop", {}, {2, 3, 4}),
        ("resource=other", {}, {1, 2, 3, 4}),
        ("port=82", {}, {2}),
        ("host=198.18.0.3", {}, {3}),
        ("free>=6", {}, {4}),
        ("status=pending", {}, {3}),
        ("reputation>=90", {}, {2}),
        ("uses>=1", {}, {2}),
        ("health>0.9 days_left>=2", {}, {2}),
        ("days_left<2", {}, {1}),
        ("days_left>=3", {}, {2, 3, 4}),
        ("username=", {}, {1, 2, 3}),
        ("username=joe", {}, {4}),
        ("country=US port!=81", {}, {2, 3, 4}),
        ("target=banned.example", {}, {1, 2, 3}),
        ("", {"target": "banned.example"}, {1, 2, 3}),
        ("port>=82 resource=shop exclude=2", {"target": "banned.example"}, {3}),
        ("city=Nowhere", {}, set()),
        ("port=9", {}, set()),
    ],
)
def test_what_a_call_tests_on_each_candidate(fleet_of, text: str, how: dict[str, object], picked: set[int]) -> None:
    fleet = fleet_of(
        [
            a_proxy(1, country="US", port=81, expires_at=NOW + 86_400),
            a_proxy(2, country="US", port=82, expires_at=NOW + 9 * 86_400),
            a_proxy(3, country="US", port=83, status=Status.PENDING),
            a_proxy(4, country="US", port=84, capacity=9, username="joe"),
        ]
    )
    fleet.hold("shop", 1)
    fleet.record(2, OK, NOW)
    fleet.block(4, "banned.example")
    assert who(fleet, selector=Selector.parse(text), **how) == picked


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("count", [12, 1_500])
def test_one_eligible_among_many_is_found_by_every_strategy(fleet_of, name: str, count: int) -> None:
    fleet = fleet_of(count)
    fleet.prepare(ANY, name)
    for proxy_id in fleet:
        if proxy_id != 7:
            fleet.hold("r", proxy_id)
    for _ in range(5):
        assert fleet.pick(Selector.parse("resource=r"), NOW, strategy=name, key="k").proxy_id == 7
    assert fleet.report(NOW).scans <= 5


def test_a_claim_insists_on_a_free_slot_and_a_request_shares(fleet_of) -> None:
    fleet = fleet_of(2, capacity=1)
    fleet.take(1, NOW)
    assert who(fleet) == {2}
    fleet.take(2, NOW)
    assert who(fleet) == {1, 2}
    assert fleet.pick(ANY, NOW, claim=True).code == "none_eligible"
    fleet.give(1, NOW)
    assert who(fleet) == who(fleet, claim=True) == {1}


def test_connections_are_capped_for_requests_too(fleet_of) -> None:
    fleet = fleet_of(2, details=Details(max_connections=1))
    fleet.begin(1)
    assert who(fleet) == {2}
    fleet.begin(2)
    assert fleet.pick(ANY, NOW).code == "none_eligible"
    fleet.end(1)
    assert who(fleet) == {1}


def test_politeness_is_waited_out(fleet_of) -> None:
    fleet = fleet_of(1, details=Details(min_interval=2.0))
    assert isinstance(fleet.pick(ANY, NOW), Pick)
    assert isinstance(fleet.pick(ANY, NOW + 1.999), Refusal)
    assert isinstance(fleet.pick(ANY, NOW + 2.0), Pick)
    assert isinstance(fleet.pick(ANY, NOW + 3.0), Refusal)


def test_a_target_gets_no_more_than_its_share_of_a_proxy(fleet_of) -> None:
    fleet = fleet_of(1, details=Details(target_capacity=1))
    fleet.begin(1, "a")
    assert isinstance(fleet.pick(ANY, NOW, target="a"), Refusal)
    assert isinstance(fleet.pick(ANY, NOW, target="b"), Pick)
    fleet.end(1, "a")
    assert isinstance(fleet.pick(ANY, NOW, target="a"), Pick)


@pytest.mark.parametrize("name", STRATEGIES)
def test_spread_gives_every_country_the_same_chance(fleet_of, name: str) -> None:
    sizes = {"US": 60, "DE": 6, "FR": 1, None: 3}
    countries = [country for country, size in sizes.items() for _ in range(size)]
    fleet = fleet_of([a_proxy(n, country=country) for n, country in enumerate(countries, start=1)])
    spread = Selector.parse("spread=country")
    counts = Counter(countries[fleet.pick(spread, NOW, strategy=name).proxy_id - 1] for _ in range(2_000))
    assert all(410 < counts[country] < 590 for country in sizes)


def test_spread_passes_over_countries_without_an_eligible_proxy(fleet_of) -> None:
    fleet = fleet_of([a_proxy(1, country="US"), a_proxy(2, country="DE"), a_proxy(3, country="FR", tags=["t"])])
    fleet.disable(1, NOW)
    assert who(fleet, selector=Selector.parse("spread=country")) == {2, 3}
    assert who(fleet, selector=Selector.parse("spread=country tag=t")) == {3}
    assert who(fleet, selector=Selector.parse("spread=country tag=none")) == set()


def test_the_cheapest_tier_comes_first(fleet_of) -> None:
    prices = [
        {},
        {"cost_per_gb": Decimal(2)},
        {"cost_per_month": Decimal(9)},
        {"cost_per_month": Decimal("1.5")},
        {"cost_per_month": Decimal("1.5")},
    ]
    fleet = fleet_of([a_proxy(n, **price) for n, price in enumerate(prices, start=1)])
    cheapest = Selector.parse("spread=cheapest")
    for expected in ({4, 5}, {3}, {2}, {1}, set()):
        assert who(fleet, selector=cheapest) == expected
        for proxy_id in expected:
            fleet.disable(proxy_id, NOW)


@pytest.mark.parametrize(
    ("cheaper", "dearer"),
    [("0/1", "0/2"), ("0/9", "0.1/0"), ("0.9/0", "1/0"), ("10/0", ""), ("2/1", "2/3"), ("9/0", "10/0")],
)
def test_the_order_of_tiers(cheaper: str, dearer: str) -> None:
    assert tier_price(cheaper) < tier_price(dearer)


def guarded(fleet_of, count: int, **fields: object):
    """Every proxy once worked; all but those that the guard keeps rest."""
    fleet = fleet_of(count, rules=Rules(jitter=0.0, guard=0.5), **fields)
    for proxy_id in fleet:
        fleet.record(proxy_id, OK, NOW)
    for proxy_id in fleet:
        for _ in range(5):
            fleet.record(proxy_id, Outcome.failed("timeout"), NOW)
    return fleet


def test_the_guard_keeps_half_in_rotation_marked_degraded(fleet_of) -> None:
    fleet = guarded(fleet_of, 10)
    report = fleet.report(NOW)
    assert (report.ready, report.held, report.resting) == (5, 5, 5)
    assert (report.ejections_detected, report.ejections_enforced, report.ejections_suppressed) == (10, 5, 5)
    picks = [fleet.pick(ANY, NOW) for _ in range(60)]
    assert {pick.proxy_id for pick in picks} == {6, 7, 8, 9, 10}
    assert all(pick.degraded and not pick.probe for pick in picks)


def test_with_the_guard_full_the_least_bad_is_used_rather_than_none(fleet_of) -> None:
    fleet = guarded(fleet_of, 4)
    for proxy_id in (3, 4):
        fleet.disable(proxy_id, NOW)
    fleet.record(2, Outcome.failed("client_abort"), NOW)
    fleet._columns.health[fleet._slot(2)] = 0.9
    assert [fleet.pick(ANY, NOW) for _ in range(5)] == [(2, True, False)] * 5
    assert fleet.pick(ANY, NOW, exclude=[2]) == (1, True, False)


def test_with_room_in_the_guard_nothing_is_lifted(fleet_of) -> None:
    fleet = fleet_of(4)
    for proxy_id in fleet:
        fleet.record(proxy_id, OK, NOW)
    for _ in range(5):
        fleet.record(1, Outcome.failed("timeout"), NOW)
    assert fleet.pick(Selector.parse("id=1"), NOW).code == "none_eligible"


@pytest.mark.parametrize("state", ["disabled", "expired", "refused", "resource", "excluded", "full", "polite", "block"])
def test_the_guard_never_lifts_more_than_the_last_three_tests(fleet_of, state: str) -> None:
    fleet = guarded(fleet_of, 2, capacity=1, expires_at=NOW + 100, details=Details(target_capacity=1))
    fleet.disable(2, NOW)
    now, how = NOW + 1, {}
    assert fleet.pick(ANY, now, target="t", claim=True) == (1, True, False)
    if state == "disabled":
        fleet.disable(1, now)
    elif state == "expired":
        now = NOW + 100
    elif state == "refused":
        for at in (NOW + 1, NOW + 62):
            fleet.record(1, Outcome.failed("authentication"), at)
        now = NOW + 63
    elif state == "resource":
        fleet.hold("r", 1)
        how = {"selector": Selector.parse("resource=r")}
    elif state == "excluded":
        how = {"exclude": [1]}
    elif state == "full":
        fleet.take(1, now)
        how = {"claim": True}
    elif state == "polite":
        fleet.begin(1, "t")
        how = {"target": "t"}
    else:
        fleet.block(1, "t")
        how = {"target": "t"}
    assert who(fleet, 5, now=now, **how) == set()


def test_target_memory_may_be_lifted(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.record(1, OK, NOW)
    fleet.record(1, Outcome.failed("banned", target="t"), NOW)
    assert fleet.pick(ANY, NOW, target="t") == (1, True, False)


def test_one_that_never_worked_is_not_lifted(fleet_of) -> None:
    fleet = fleet_of(1)
    for _ in range(5):
        fleet.record(1, Outcome.failed("timeout"), NOW)
    assert fleet.pick(ANY, NOW).code == "none_eligible"


def test_a_structure_that_is_not_built_yet_keeps_nobody_waiting(fleet_of) -> None:
    fleet = fleet_of(3_000)
    fleet.prepare(ANY, "random")
    assert isinstance(fleet.pick(ANY, NOW, strategy="lru"), Pick)
    assert "least_recently_used" not in fleet._index.views[""].finished


def test_nobody_holds_a_proxy_that_is_gone(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.hold("r", 1)
    fleet.pick(Selector.parse("resource=r"), NOW)
    fleet.remove(1, NOW)
    assert fleet._picking.holds == {}
    assert fleet._columns.standing[0] == ABSENT or fleet._columns.ids[0] == 2


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_hard_states_are_never_handed_out(fleet_of, name: str) -> None:
    fleet = fleet_of(
        [
            a_proxy(1),
            a_proxy(2, status=Status.DISABLED),
            a_proxy(3, expires_at=NOW - 1),
            a_proxy(4, status=Status.FAILED),
            a_proxy(5, status=Status.PENDING, require_check=True),
            a_proxy(6),
        ]
    )
    for at in (NOW - 100, NOW - 1):
        fleet.record(6, Outcome.failed("authentication"), at)
    assert who(fleet, strategy=name) == who(fleet, strategy=name, key="k") == {1}


def test_a_resource_is_held_by_one(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.hold("shop", 1)
    fleet.hold("shop", 1)
    assert who(fleet, selector=Selector.parse("resource=shop")) == {2}
    assert who(fleet, selector=Selector.parse("resource=other")) == who(fleet) == {1, 2}
    fleet.unhold("shop", 1)
    fleet.unhold("shop", 1)
    assert who(fleet, selector=Selector.parse("resource=shop")) == {1, 2}


def test_a_resource_whose_holder_is_removed_is_free(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.hold("shop", 1)
    fleet.remove(1, NOW)
    fleet.add(a_proxy(3), NOW)
    assert who(fleet, selector=Selector.parse("resource=shop")) == {2, 3}


def test_a_block_ends_when_it_says(fleet_of) -> None:
    fleet = fleet_of(1)
    fleet.block(1, "t", NOW + 10)
    assert fleet.pick(ANY, NOW + 9, target="t").code == "none_eligible"
    assert fleet.pick(ANY, NOW + 9, target="u").proxy_id == 1
    assert fleet.pick(ANY, NOW + 10, target="t").proxy_id == 1
    fleet.block(1, "t")
    assert fleet.pick(ANY, NOW + 1e9, target="t").code == "none_eligible"


def test_sticky_keeps_to_its_key_and_returns(fleet_of) -> None:
    fleet = fleet_of(9)
    home = fleet.pick(ANY, NOW, strategy="sticky", key="k").proxy_id
    assert {fleet.pick(ANY, NOW, strategy="sticky", key="k").proxy_id for _ in range(9)} == {home}
    fleet.disable(home, NOW)
    (second,) = {fleet.pick(ANY, NOW, strategy="sticky", key="k").proxy_id for _ in range(9)}
    assert second != home
    assert fleet.pick(ANY, NOW, strategy="sticky", key="k", exclude=[second]).proxy_id not in (home, second)
    fleet.enable(home, NOW)
    assert fleet.pick(ANY, NOW, strategy="sticky", key="k").proxy_id == home
