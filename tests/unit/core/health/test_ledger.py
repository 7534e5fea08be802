"""Booking, and taking failures back exactly."""

import random

import pytest

from proxyfleet.core.columns import OPEN, RESTING, SUPPRESSED, USED, WORKED, Columns
from proxyfleet.core.events import Happened
from proxyfleet.core.health import ledger as module
from proxyfleet.core.health.circuit import Circuit
from proxyfleet.core.health.guard import Guard
from proxyfleet.core.health.ledger import CATEGORIES, CODES, MOST_SUSPECTS, REMEMBERED, Ledger
from proxyfleet.core.outcome import Category
from proxyfleet.core.rules import Rules

SLOT = 3


@pytest.fixture
def ledger(columns: Columns) -> Ledger:
    for slot in range(columns.size):
        columns.flags[slot] = USED | WORKED
        columns.forget(slot)
    rules = Rules(jitter=0.0)
    return Ledger(columns, rules, Circuit(columns, rules, Guard(0.5, worked=10), lambda: 0.0))


def fail(ledger: Ledger, at: float, target: str | None = None, category: Category = Category.TIMEOUT) -> list[Happened]:
    ledger.failed(SLOT, at, category, 0.0, target)
    return [event.what for event in ledger.take_told()]


def succeed(ledger: Ledger, at: float, response_time: float) -> list[Happened]:
    ledger.succeeded(SLOT, at, response_time, None)
    return [event.what for event in ledger.take_told()]


def books(ledger: Ledger) -> dict[str, float]:
    held = {name: getattr(ledger.columns, name)[SLOT] for name in REMEMBERED}
    return held | {"flags": ledger.columns.flags[SLOT], "resting": ledger.circuit.guard.resting}


def test_averages_start_with_the_first_observation_and_move_by_a_fifth(ledger: Ledger) -> None:
    columns = ledger.columns
    ledger.succeeded(SLOT, 10.0, 1.0, None)
    assert (columns.success_rate[SLOT], columns.response_time[SLOT], columns.last_success[SLOT]) == (1.0, 1.0, 10.0)
    ledger.succeeded(SLOT, 11.0, 2.0, None)
    fail(ledger, 12.0)
    assert columns.response_time[SLOT] == pytest.approx(1.2)
    assert columns.success_rate[SLOT] == pytest.approx(0.8)
    assert (columns.successes[SLOT], columns.failures[SLOT], columns.streak[SLOT]) == (2, 1, 1)
    assert (columns.last_failure[SLOT], columns.last_error[SLOT]) == (12.0, CODES[Category.TIMEOUT])
    ledger.succeeded(SLOT, 13.0, 2.0, None)
    assert columns.streak[SLOT] == 0


def test_every_category_has_its_code() -> None:
    assert [CATEGORIES[CODES[category] - 1] for category in Category] == list(Category)


def test_a_poor_window_needs_enough_samples(ledger: Ledger) -> None:
    told = []
    for number in range(20):
        if number % 4 == 3:
            ledger.succeeded(SLOT, 1.0, 0.1, None)
        else:
            told += fail(ledger, 1.0)
    assert told == []
    assert fail(ledger, 1.0) == [Happened.CIRCUIT_OPENED]


def test_a_window_begins_anew_after_a_minute(ledger: Ledger) -> None:
    for number in range(40):
        at = 40.0 * (number // 10)
        told = fail(ledger, at) if number % 2 else succeed(ledger, at, 0.1)
        assert told == []
    assert ledger.columns.window_tries[SLOT] <= 20


def test_failures_on_a_target_are_taken_back_as_if_they_had_never_been(ledger: Ledger) -> None:
    rng = random.Random(8)
    ledger.succeeded(SLOT, 1.0, 0.3, None)
    script = [(2.0 + number, rng.choice(["ok", "bad", "other"])) for number in range(12)]
    for at, what in script:
        if what == "ok":
            ledger.succeeded(SLOT, at, 0.4, "bad")
        else:
            fail(ledger, at, what)
    taken = sum(what == "bad" for _, what in script)
    assert ledger.take_back(SLOT, "bad", 0.0)
    with_them = books(ledger)
    assert ledger.columns.strangers[SLOT] == taken
    ledger.forget(SLOT)
    ledger.circuit.reset(SLOT)
    ledger.columns.forget(SLOT)
    ledger.succeeded(SLOT, 1.0, 0.3, None)
    for at, what in script:
        if what == "ok":
            ledger.succeeded(SLOT, at, 0.4, "bad")
        elif what == "other":
            fail(ledger, at, what)
    assert with_them == books(ledger)


def test_a_circuit_that_such_failures_opened_is_closed_again(ledger: Ledger) -> None:
    for number in range(5):
        told = fail(ledger, float(number), "bad")
    assert told == [Happened.CIRCUIT_OPENED]
    assert ledger.take_back(SLOT, "bad", 0.0)
    assert (ledger.columns.circuit[SLOT], ledger.columns.flags[SLOT]) == (0, USED | WORKED)
    assert ledger.circuit.guard.resting == 0


def test_a_rest_that_was_deserved_stays_and_is_counted_once(ledger: Ledger) -> None:
    for number in range(6):
        fail(ledger, float(number), "good" if number else "bad")
    assert ledger.take_back(SLOT, "bad", 0.0)
    assert (ledger.columns.circuit[SLOT], ledger.columns.flags[SLOT] & (RESTING | SUPPRESSED)) == (OPEN, RESTING)
    assert ledger.columns.streak[SLOT] == 5
    guard = ledger.circuit.guard
    assert (guard.detected, guard.enforced, guard.resting, ledger.circuit.opens) == (1, 1, 1, 1)


def test_what_was_resting_before_rests_again(ledger: Ledger) -> None:
    for number in range(5):
        fail(ledger, float(number))
    before = books(ledger)
    fail(ledger, 6.0, "bad")
    assert ledger.take_back(SLOT, "bad", 0.0)
    assert books(ledger) == before


@pytest.mark.parametrize(("target", "since", "taken"), [("bad", 5.0, True), ("bad", 5.1, False), ("other", 0.0, False)])
def test_only_this_target_and_only_this_window(ledger: Ledger, target: str, since: float, taken: bool) -> None:
    fail(ledger, 5.0, "bad")
    assert ledger.take_back(SLOT, target, since) is taken
    assert ledger.columns.failures[SLOT] == (0 if taken else 1)


def test_nothing_is_kept_of_proxies_that_do_not_fail_on_a_target(ledger: Ledger) -> None:
    fail(ledger, 1.0)
    ledger.succeeded(SLOT, 2.0, 0.1, "bad")
    assert not ledger.take_back(SLOT, "bad", 0.0)


def test_a_history_ends_when_the_blame_cannot_move_any_more(ledger: Ledger) -> None:
    fail(ledger, 1.0, "bad")
    ledger.succeeded(SLOT, 61.5, 0.1, None)
    assert not ledger.take_back(SLOT, "bad", 0.0)


@pytest.mark.parametrize("target", ["bad", None])
def test_a_history_is_bounded(ledger: Ledger, target: str | None) -> None:
    fail(ledger, 1.0, "bad")
    for _ in range(5 * MOST_SUSPECTS):
        fail(ledger, 1.0, target)
        assert all(len(history.booked) <= MOST_SUSPECTS for history in ledger._histories.values())
    ledger.take_back(SLOT, "bad", 0.0)
    assert ledger.columns.failures[SLOT] >= 4 * MOST_SUSPECTS


def test_histories_are_bounded_in_number(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HISTORIES", 8)
    for slot in range(40):
        ledger.failed(slot, float(slot), Category.TIMEOUT, 0.0, "bad")
        assert len(ledger._histories) <= 8
    assert ledger.take_back(39, "bad", 0.0)


def test_what_is_forgotten_cannot_be_taken_back(ledger: Ledger) -> None:
    fail(ledger, 1.0, "bad")
    ledger.forget(SLOT)
    assert not ledger.take_back(SLOT, "bad", 0.0)
