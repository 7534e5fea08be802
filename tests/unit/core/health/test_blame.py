"""Whose fault: a target that fails through many proxies at once."""

import pytest

from proxyfleet.core.health import blame as module
from proxyfleet.core.health.blame import MOST_ATTEMPTS, Targets
from proxyfleet.core.rules import Rules


def judged(attempts: list[tuple[int, bool]], now: float = 1_000.0) -> bool:
    targets = Targets(Rules())
    return [targets.add("t", slot, success, now) for slot, success in attempts][-1][1]


def mixed(failures: int, proxies: int, successes: int) -> list[tuple[int, bool]]:
    return [(90, True)] * successes + [(number % proxies, False) for number in range(failures)]


@pytest.mark.parametrize(
    ("failures", "proxies", "successes", "at_fault"),
    [
        (10, 3, 0, True),
        (9, 3, 0, False),
        (10, 2, 0, False),
        (5, 3, 5, True),
        (5, 3, 6, False),
        (10, 10, 10, True),
        (10, 10, 11, False),
    ],
)
def test_three_proxies_ten_attempts_and_half_of_them(
    failures: int, proxies: int, successes: int, at_fault: bool
) -> None:
    assert judged(mixed(failures, proxies, successes)) is at_fault


def test_the_change_is_told_once_each_way() -> None:
    targets = Targets(Rules())
    told = [targets.add("t", number % 3, False, 0.0) for number in range(11)]
    assert told[8:] == [(False, False), (False, True), (True, True)]
    told = [targets.add("t", 9, True, 0.0) for _ in range(12)]
    assert told[10:] == [(True, True), (True, False)]


def test_attempts_count_for_a_minute() -> None:
    targets = Targets(Rules())
    for number in range(10):
        targets.add("t", number % 3, False, float(number))
    assert targets.at_fault("t", 60.0)
    assert not targets.at_fault("t", 60.1)
    assert sorted(targets.failed_slots("t")) == [0, 1, 2]
    assert not targets.at_fault("t", 1_000.0)
    assert targets.failed_slots("t") == []
    assert targets.add("t", 5, False, 1_000.0) == (True, False)


def test_targets_do_not_mix_and_unknown_ones_are_innocent() -> None:
    targets = Targets(Rules())
    for number in range(10):
        targets.add("a", number % 3, False, 0.0)
    assert targets.add("b", 1, False, 0.0) == (False, False)
    assert not targets.at_fault("c", 0.0)
    assert targets.failed_slots("c") == []


def test_a_forgotten_proxy_has_not_failed() -> None:
    targets = Targets(Rules())
    for number in range(12):
        targets.add("t", number % 3, False, 0.0)
    targets.forget_slot(0)
    assert sorted(targets.failed_slots("t")) == [1, 2]
    assert not targets.at_fault("t", 0.0)
    targets.at_fault("t", 1_000.0)
    assert targets.failed_slots("t") == []


def test_attempts_of_a_target_are_bounded() -> None:
    targets = Targets(Rules())
    for _ in range(MOST_ATTEMPTS):
        targets.add("t", 1, False, 0.0)
    for _ in range(MOST_ATTEMPTS):
        targets.add("t", 2, True, 0.0)
    assert targets.failed_slots("t") == []


def test_targets_are_bounded_and_those_in_use_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TARGETS", 3)
    targets = Targets(Rules())
    for target, at in (("busy", 0.0), ("idle", 0.0), ("other", 0.0), ("busy", 1_000.0), ("new", 1_000.0)):
        targets.add(target, 1, True, at)
    assert targets.known() == ["other", "busy", "new"] or targets.known() == ["other", "new", "busy"]
    for number in range(100):
        targets.add(f"flood{number}", 1, True, 1_000.0)
    assert len(targets.known()) == 3


def test_attempts_that_are_over_do_not_count_any_more() -> None:
    targets = Targets(Rules())
    for number in range(9):
        targets.add("t", number % 3, False, 0.0)
    later = [targets.add("t", number, number > 3, 61.0)[1] for number in range(10)]
    assert later == [False] * 10


def test_successes_of_the_past_do_not_pile_up_or_excuse() -> None:
    targets = Targets(Rules())
    for number in range(2_000):
        targets.add("t", 1, True, float(number))
    assert len(targets._windows["t"].attempts) < 200
    later = [targets.add("t", number % 3, False, 5_000.0)[1] for number in range(10)]
    assert later[-1]


def test_a_calm_target_counts_like_any_other() -> None:
    calm, plain = Targets(Rules()), Targets(Rules())
    for targets in (calm, plain):
        assert not targets.calm("t", 0.0), "it is new"
        targets.add("t", 1, True, 0.0)
    for number in range(1, 3 * MOST_ATTEMPTS):
        assert calm.calm("t", number / 100)
        plain.add("t", 1, True, number / 100)
    now = 3 * MOST_ATTEMPTS / 100
    for number in range(2 * MOST_ATTEMPTS):
        assert calm.add("t", number % 3, False, now) == plain.add("t", number % 3, False, now)
        assert not calm.calm("t", now), "it has failed"
    assert calm.at_fault("t", now)
    for slot in range(3):
        calm.forget_slot(slot)
    assert not calm.calm("t", now), "somebody has to tell that it has recovered"
    assert calm.add("t", 1, True, now) == (True, False)
    assert calm.calm("t", now)
