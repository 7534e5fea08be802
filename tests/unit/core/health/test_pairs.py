"""Per-target memory: backoff of a pair, bounds, and an operator's word."""

import pytest

from proxyfleet.core.health import pairs as module
from proxyfleet.core.health.pairs import Pairs
from proxyfleet.core.rules import Rules

FOREVER = float("inf")


@pytest.fixture
def pairs() -> Pairs:
    return Pairs(Rules())


def test_a_refusal_rests_the_pair_at_once_and_doubles(pairs: Pairs) -> None:
    assert [pairs.refused("t", 1, at, 0.0, "banned").until - at for at in (0.0, 1_000.0, 2_000.0)] == [60, 120, 240]


def test_a_refusal_rests_as_long_as_asked(pairs: Pairs) -> None:
    assert pairs.refused("t", 1, 0.0, 500.0, "rate_limit").until == 500.0
    assert pairs.refused("t", 1, 0.0, 0.0, "rate_limit").until == 500.0


def test_failures_rest_the_pair_from_the_third_on(pairs: Pairs) -> None:
    rests = [pairs.failed("t", 1, 0.0) for _ in range(5)]
    assert [pair and True for pair in rests] == [None, None, True, True, True]
    assert pairs.blocked("t", 1, 239.9)
    assert not pairs.blocked("t", 1, 240.0)


def test_only_this_proxy_and_this_target_rest(pairs: Pairs) -> None:
    pairs.refused("t", 1, 0.0, 0.0, "banned")
    assert pairs.blocked("t", 1, 59.9)
    assert not pairs.blocked("t", 1, 60.0)
    assert not pairs.blocked("t", 2, 1.0)
    assert not pairs.blocked("u", 1, 1.0)
    assert pairs.of("u") is None


def test_a_success_starts_the_backoff_anew(pairs: Pairs) -> None:
    for _ in range(3):
        pairs.refused("t", 1, 0.0, 0.0, "banned")
    pairs.succeeded("t", 1)
    pairs.succeeded("nobody", 1)
    assert (pairs.of("t"), pairs.count) == (None, 0)
    assert pairs.refused("t", 1, 0.0, 0.0, "banned").until == 60.0


@pytest.mark.parametrize("until", [1_000.0, FOREVER])
def test_an_operators_word_outlives_successes_failures_and_absolution(pairs: Pairs, until: float) -> None:
    pairs.block("t", 1, until)
    for _ in range(5):
        pairs.failed("t", 1, 0.0)
    pairs.absolve("t")
    pairs.succeeded("t", 1)
    assert pairs.blocked("t", 1, 999.0)
    assert pairs.of("t")[1].until == until
    assert pairs.of("t")[1].reason == "blocked by an operator"
    pairs.block("t", 1, 0.0)
    assert not pairs.blocked("t", 1, 1.0)
    pairs.succeeded("t", 1)
    assert pairs.of("t") is None


def test_absolution_drops_failures_but_not_refusals(pairs: Pairs) -> None:
    for _ in range(3):
        pairs.failed("t", 1, 0.0)
    pairs.failed("t", 2, 0.0)
    pairs.refused("t", 3, 0.0, 0.0, "banned")
    pairs.absolve("t")
    assert set(pairs.of("t")) == {3}
    assert pairs.count == 1


def test_a_proxy_that_is_forgotten_leaves_no_record(pairs: Pairs) -> None:
    for target in "ab":
        pairs.refused(target, 1, 0.0, 0.0, "banned")
    pairs.refused("b", 2, 0.0, 0.0, "banned")
    pairs.forget(1)
    assert (pairs.of("a"), set(pairs.of("b")), pairs.count) == (None, {2}, 1)


def test_records_are_bounded_and_those_that_are_over_go_first(pairs: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 8)
    for slot in range(4):
        pairs.refused("old", slot, 0.0, 0.0, "banned")
    for slot in range(4):
        pairs.refused("new", slot, 100.0, 0.0, "banned")
    pairs.refused("new", 9, 100.0, 0.0, "banned")
    assert (pairs.of("old"), len(pairs.of("new")), pairs.count) == (None, 5, 5)


def test_when_none_is_over_the_oldest_go_but_not_an_operators_block(
    pairs: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 8)
    pairs.block("t", 0, FOREVER)
    for slot in range(1, 8):
        pairs.refused("t", slot, 0.0, 0.0, "banned")
    pairs.refused("t", 8, 0.0, 0.0, "banned")
    assert (set(pairs.of("t")), pairs.count) == ({0, 3, 4, 5, 6, 7, 8}, 7)
