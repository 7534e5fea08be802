"""The index: views that follow every change, built in slices without a difference, bounded in number."""

from random import Random

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.index import MOST_ASKED, MOST_VIEWS, SMALL
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.picking import Pick
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.strategies.registry import STRATEGIES
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0
MANY = 3 * SMALL + 500
WANTED = Selector.parse("tag=wanted")


def proxies_for(count: int) -> list[Proxy]:
    return [a_proxy(n, capacity=1, tags=["wanted"] if n % 5 else ["other"]) for n in range(1, count + 1)]


def disturb(fleet: FleetState, rng: Random, steps: int) -> None:
    for _ in range(steps):
        proxy_id, what = rng.randrange(1, MANY + 1), rng.randrange(8)
        if proxy_id not in fleet:
            fleet.add(a_proxy(proxy_id, capacity=1, tags=["wanted"]), NOW)
        elif what == 0:
            fleet.remove(proxy_id, NOW)
        elif what == 1:
            fleet.replace(a_proxy(proxy_id, capacity=1, tags=["other" if rng.random() < 0.5 else "wanted"]), NOW)
        elif what == 2:
            fleet.disable(proxy_id, NOW)
        elif what == 3:
            fleet.enable(proxy_id, NOW)
        elif what == 4 and not fleet.leases(proxy_id):
            fleet.take(proxy_id, NOW)
        elif what == 5 and fleet.leases(proxy_id):
            fleet.give(proxy_id, NOW)
        else:
            fleet.record(proxy_id, Outcome.succeeded(rng.random()), NOW)


def told(fleet: FleetState) -> tuple[set[int], set[int]]:
    """Whom the definition says is ready and full: everyone, judged one by one."""
    ready, full = set(), set()
    for proxy_id in fleet:
        if "wanted" in fleet.get(proxy_id).labels.tags:
            standing = fleet.health(proxy_id, NOW).standing
            (ready if standing == "ready" else full if standing == "full" else set()).add(proxy_id)
    return ready, full


@pytest.mark.parametrize("slice_", [1, 7, 192, 100_000])
@pytest.mark.parametrize("name", ["weighted_random", "sticky", "least_loaded", "round_robin"])
def test_a_view_built_in_slices_between_changes_is_the_view_built_at_once(fleet_of, slice_: int, name: str) -> None:
    rng, fleet = Random(slice_), fleet_of(proxies_for(MANY))
    fleet.reserve(4 * MANY)
    for _ in range(2):
        fleet.pick(WANTED, NOW, strategy=name)
    view = fleet._index.views[WANTED.key]
    assert view.building
    for _ in range(40):
        disturb(fleet, rng, 5)
        fleet.work(slice_)
    while not fleet.work(1_000):
        disturb(fleet, rng, 3)
    ids = fleet._columns.ids
    assert ({ids[slot] for slot in view.ready}, {ids[slot] for slot in view.full}) == told(fleet)
    structure = view.finished[name]
    if name == "weighted_random":
        assert structure.total == sum(fleet._columns.weight[slot] for slot in view.ready)
    if name == "least_loaded":
        assert structure.order.count == len(view.ready)
    if name == "sticky":
        on_ring = {ids[entry & 0xFFFFFFFF] for arc in structure.arcs for entry in arc}
        assert on_ring == {proxy_id for proxy_id in fleet if "wanted" in fleet.get(proxy_id).labels.tags}
    assert structure.first(rng.random, "key") in view.ready


@pytest.mark.parametrize("name", STRATEGIES)
def test_scores_may_change_while_a_small_part_of_a_large_fleet_is_being_built(fleet_of, name: str) -> None:
    wanted = range(1, 3 * SMALL)
    fleet = fleet_of([a_proxy(n, tags=["wanted"]) for n in wanted])
    fleet.reserve(10 * len(wanted))
    for _ in range(2):
        fleet.pick(WANTED, NOW, strategy=name)
    assert not fleet._index.views[WANTED.key].size, "the view should be sparse"
    for proxy_id in wanted:
        fleet.record(proxy_id, Outcome.succeeded(0.1), NOW)
        fleet.begin(proxy_id)
    while not fleet.work(10_000):
        pass
    assert isinstance(fleet.pick(WANTED, NOW, strategy=name), Pick)


def test_a_small_answer_gets_its_view_at_once_and_a_large_one_when_asked_again(fleet_of) -> None:
    fleet = fleet_of(SMALL + 1, tags=["wanted"])
    fleet.pick(WANTED, NOW)
    assert WANTED.key not in fleet._index.views
    fleet.pick(WANTED, NOW)
    assert WANTED.key in fleet._index.views
    fleet.remove(1, NOW)
    fleet.pick(Selector.parse("type=datacenter"), NOW)
    assert fleet._index.views["type=datacenter"].complete


def test_an_unseen_question_is_answered_all_the_same(fleet_of) -> None:
    fleet = fleet_of([a_proxy(n, tags=["wanted"] if n <= 1_500 else []) for n in range(1, 4_000)])
    assert fleet.pick(WANTED, NOW).proxy_id <= 1_500
    assert not fleet._index.views


def test_a_needle_in_an_unseen_haystack_is_found_after_the_view_is_built(fleet_of) -> None:
    fleet = fleet_of([a_proxy(n, tags=["wanted"], city="Rome" if n == 3_000 else None) for n in range(1, 4_000)])
    needle = Selector.parse("tag=wanted city=Rome")
    for _ in range(40):
        found = fleet.pick(needle, NOW)
        if isinstance(found, Pick):
            break
        assert (found.code, found.retry_after) == ("none_eligible", 1.0)
        fleet.work()
    assert found.proxy_id == 3_000


def test_the_view_asked_longest_ago_makes_room(fleet_of) -> None:
    fleet = fleet_of(3, tags=["wanted"])
    questions = [Selector.parse(f"tag=wanted tag!=no{n}") for n in range(MOST_VIEWS + 5)]
    for question in questions[:MOST_VIEWS]:
        fleet.pick(question, NOW)
    fleet.pick(questions[0], NOW)
    for question in questions[MOST_VIEWS:]:
        fleet.pick(question, NOW)
    assert len(fleet._index.views) == MOST_VIEWS
    gone = [n for n, question in enumerate(questions) if question.key not in fleet._index.views]
    assert gone == [1, 2, 3, 4, 5]
    assert fleet.pick(questions[1], NOW).proxy_id in (1, 2, 3)


def test_a_view_that_went_is_no_longer_told(fleet_of) -> None:
    fleet = fleet_of(3, tags=["wanted"])
    fleet.pick(WANTED, NOW, strategy="least_loaded")
    fleet.pick(WANTED, NOW, strategy="lru")
    view = fleet._index.views[WANTED.key]
    assert (fleet._index.load_watchers, fleet._index.turn_watchers) == (1, 1)
    for number in range(MOST_VIEWS):
        fleet.pick(Selector.parse(f"tag!=no{number}"), NOW)
    fleet.disable(1, NOW)
    assert len(view.ready) == 3
    assert (fleet._index.load_watchers, fleet._index.turn_watchers) == (0, 0)


def test_questions_that_were_asked_once_are_bounded(fleet_of) -> None:
    fleet = fleet_of(SMALL + 10)
    for number in range(MOST_ASKED + 50):
        fleet.pick(Selector.parse(f"tag!=no{number}"), NOW)
    assert len(fleet._index._asked) <= MOST_ASKED


def test_a_higher_floor_holds_back_who_scores_too_low(fleet_of) -> None:
    fleet = fleet_of(2)
    fleet.record(1, Outcome.succeeded(0.1), NOW)
    high = Selector.parse("min_score=0.9")
    assert {pick.proxy_id for pick in [fleet.pick(high, NOW) for _ in range(20)] if not pick.probe} == {1}
    assert {fleet.pick(ANY, NOW).proxy_id for _ in range(50)} == {1, 2}
    assert fleet._index.top_floor == 0.9


def test_one_with_a_low_score_is_tried_once_by_a_new_view(fleet_of) -> None:
    fleet = fleet_of(1)
    high = Selector.parse("min_score=0.9")
    assert fleet.pick(high, NOW).probe
    assert fleet.pick(high, NOW + 1).code == "none_eligible"


@pytest.mark.parametrize("name", ["least_loaded", "two_choices"])
def test_load_that_changes_is_heard(fleet_of, name: str) -> None:
    fleet = fleet_of(2)
    fleet.pick(ANY, NOW, strategy=name)
    fleet.begin(1)
    assert fleet.pick(ANY, NOW, strategy=name).proxy_id == 2
    fleet.end(1)
    fleet.take(2, NOW)
    assert fleet.pick(ANY, NOW, strategy=name).proxy_id == 1


def test_a_use_by_whatever_strategy_is_a_turn(fleet_of) -> None:
    fleet = fleet_of(3)
    fleet.pick(ANY, NOW, strategy="lru")
    picks = [fleet.pick(ANY, NOW, strategy=name).proxy_id for name in ("lru", "lru", "random", "lru")]
    assert picks[3] != picks[2]
    assert [fleet.pick(ANY, NOW, strategy="lru").proxy_id for _ in range(2)] != [picks[3]] * 2
