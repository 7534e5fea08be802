"""The circuit of one slot: every transition of the table, the guard's veto, probes, slow start."""

import pytest

from proxyfleet.core.columns import (
    CLOSED,
    HALF_OPEN,
    INFINITY,
    OPEN,
    PROBING,
    RESTING,
    STARTING,
    SUPPRESSED,
    USED,
    WORKED,
    Columns,
)
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.health.circuit import Circuit
from proxyfleet.core.health.guard import Guard
from proxyfleet.core.rules import Rules

SLOT = 3


def a_circuit(columns: Columns, *, worked: int = 10, dice: float = 0.0, **settings: object) -> Circuit:
    columns.flags[SLOT] = USED | WORKED
    return Circuit(columns, Rules(**settings), Guard(0.5, worked=worked), lambda: dice)


def fail(circuit: Circuit, times: int, now: float = 0.0, poor: bool = False) -> list[Event]:
    told: list[Event] = []
    for _ in range(times):
        circuit.columns.streak[SLOT] += 1
        told += circuit.failed(SLOT, now, poor)
    return told


def state(circuit: Circuit) -> tuple[int, int]:
    columns = circuit.columns
    return columns.circuit[SLOT], columns.flags[SLOT] & (RESTING | SUPPRESSED | PROBING | STARTING)


def opened(columns: Columns, **settings: object) -> Circuit:
    circuit = a_circuit(columns, **settings)
    fail(circuit, 5)
    return circuit


def half_open(columns: Columns, **settings: object) -> Circuit:
    circuit = opened(columns, **settings)
    circuit.tick(SLOT, columns.rest_until[SLOT])
    return circuit


def test_five_failures_open_it_and_four_do_not(columns: Columns) -> None:
    circuit = a_circuit(columns)
    assert fail(circuit, 4) == []
    assert state(circuit) == (CLOSED, 0)
    (event,) = fail(circuit, 1, now=100.0)
    assert state(circuit) == (OPEN, RESTING)
    assert (event.what, event.at, event.proxy_id) == (Happened.CIRCUIT_OPENED, 100.0, SLOT + 1)
    assert (event.reason, event.until, columns.rest_until[SLOT]) == ("5 consecutive failures", 400.0, 400.0)
    assert (circuit.opens, circuit.guard.resting) == (1, 1)


def test_a_poor_window_opens_it_earlier(columns: Columns) -> None:
    (event,) = fail(a_circuit(columns), 1, poor=True)
    assert event.reason == "poor share of successes"
    assert event.until == 300.0


@pytest.mark.parametrize(("dice", "rest"), [(0.0, 300.0), (0.5, 330.0), (0.999, 359.94)])
def test_jitter_lengthens_a_rest_by_up_to_a_fifth(columns: Columns, dice: float, rest: float) -> None:
    assert fail(a_circuit(columns, dice=dice), 5)[0].until == pytest.approx(rest)


def test_failures_of_a_resting_proxy_change_nothing(columns: Columns) -> None:
    circuit = opened(columns)
    assert fail(circuit, 3, now=50.0) == []
    assert columns.rest_until[SLOT] == 300.0


def test_the_rest_ends_half_open(columns: Columns) -> None:
    circuit = opened(columns)
    assert circuit.tick(SLOT, 299.9) == []
    (event,) = circuit.tick(SLOT, 300.0)
    assert event.what is Happened.CIRCUIT_HALF_OPEN
    assert state(circuit) == (HALF_OPEN, 0)
    assert (columns.rest_until[SLOT], circuit.guard.resting) == (INFINITY, 0)


def test_a_failed_probe_opens_it_for_longer(columns: Columns) -> None:
    circuit = half_open(columns)
    columns.streak[SLOT] = 8
    circuit.probe(SLOT, 400.0)
    (event,) = fail(circuit, 1, now=400.0)
    assert state(circuit) == (OPEN, RESTING)
    assert event.until == 400.0 + 16 * 60
    assert circuit.opens == 1


def test_a_probe_that_succeeds_closes_it_into_slow_start(columns: Columns) -> None:
    circuit = half_open(columns)
    circuit.probe(SLOT, 400.0)
    (event,) = circuit.succeeded(SLOT, 401.0)
    assert event.what is Happened.CIRCUIT_CLOSED
    assert state(circuit) == (CLOSED, STARTING)
    assert columns.rest_until[SLOT] == INFINITY


def test_a_success_closes_an_open_circuit_too(columns: Columns) -> None:
    circuit = opened(columns)
    assert [event.what for event in circuit.succeeded(SLOT, 1.0)] == [Happened.CIRCUIT_CLOSED]
    assert (state(circuit), circuit.guard.resting) == ((CLOSED, STARTING), 0)
    assert circuit.succeeded(SLOT, 2.0) == []


def test_a_lost_probe_frees_its_permit_after_the_time_limit(columns: Columns) -> None:
    circuit = half_open(columns)
    circuit.probe(SLOT, 400.0)
    assert state(circuit) == (HALF_OPEN, PROBING)
    assert circuit.tick(SLOT, 459.9) == []
    assert state(circuit) == (HALF_OPEN, PROBING)
    assert circuit.tick(SLOT, 460.0) == []
    assert (state(circuit), columns.rest_until[SLOT]) == ((HALF_OPEN, 0), INFINITY)


def test_a_probe_that_says_nothing_frees_its_permit_at_once(columns: Columns) -> None:
    circuit = half_open(columns)
    circuit.probe(SLOT, 400.0)
    circuit.returned(SLOT)
    assert (state(circuit), columns.rest_until[SLOT]) == ((HALF_OPEN, 0), INFINITY)


def test_the_guard_keeps_it_in_rotation_and_is_asked_again(columns: Columns) -> None:
    circuit = a_circuit(columns, worked=1)
    (event,) = fail(circuit, 5)
    assert (event.what, state(circuit)) == (Happened.EJECTION_SUPPRESSED, (OPEN, SUPPRESSED))
    circuit.guard.worked = 10
    (event,) = fail(circuit, 1)
    assert (event.what, state(circuit)) == (Happened.CIRCUIT_OPENED, (OPEN, RESTING))
    guard = circuit.guard
    assert (guard.detected, guard.enforced, guard.suppressed, guard.resting, circuit.opens) == (2, 1, 1, 1, 1)


def test_a_suppressed_one_turns_half_open_but_stays_suppressed(columns: Columns) -> None:
    circuit = opened(columns, worked=1)
    circuit.tick(SLOT, 300.0)
    assert state(circuit) == (HALF_OPEN, SUPPRESSED)
    circuit.succeeded(SLOT, 301.0)
    assert state(circuit) == (CLOSED, STARTING)


def test_one_that_never_worked_rests_without_counting(columns: Columns) -> None:
    circuit = a_circuit(columns, worked=0)
    columns.flags[SLOT] = USED
    fail(circuit, 5)
    assert (state(circuit), circuit.guard.resting) == ((OPEN, RESTING), 0)


def test_without_the_breaker_there_is_only_the_rest(columns: Columns) -> None:
    circuit = a_circuit(columns, breaker=False)
    (event,) = fail(circuit, 1)
    assert (state(circuit), event.until) == ((CLOSED, RESTING), 60.0)
    assert circuit.tick(SLOT, 60.0) == []
    assert state(circuit) == (CLOSED, 0)
    (event,) = fail(circuit, 1, now=60.0)
    assert event.until == 180.0
    assert circuit.succeeded(SLOT, 61.0) == []
    assert (state(circuit), circuit.opens) == ((CLOSED, 0), 0)


@pytest.mark.parametrize(
    ("since", "share"), [(-30.0, 0.1), (0.0, 0.1), (5.9, 0.1), (6.1, 0.2), (30.1, 0.6), (54.1, 1.0), (90.0, 1.0)]
)
def test_slow_start_climbs_from_a_tenth_in_ten_steps(columns: Columns, since: float, share: float) -> None:
    circuit = half_open(columns)
    circuit.succeeded(SLOT, 1_000.0)
    assert circuit.ramp(SLOT, 1_000.0 + since) == pytest.approx(share)
    assert circuit.ramp(SLOT + 1, 1_000.0) == 1.0


def test_slow_start_tells_when_it_changes_and_ends(columns: Columns) -> None:
    circuit = half_open(columns)
    circuit.succeeded(SLOT, 1_000.0)
    assert circuit.ramp_changes(SLOT, 1_000.0) == pytest.approx(1_006.0)
    assert circuit.ramp_changes(SLOT, 1_013.0) == pytest.approx(1_018.0)
    circuit.tick(SLOT, 1_059.9)
    assert state(circuit) == (CLOSED, STARTING)
    circuit.tick(SLOT, 1_060.0)
    assert state(circuit) == (CLOSED, 0)
    assert circuit.ramp_changes(SLOT, 1_060.0) == INFINITY


def test_a_reset_closes_without_slow_start(columns: Columns) -> None:
    circuit = opened(columns)
    circuit.reset(SLOT)
    assert (state(circuit), circuit.guard.resting, columns.rest_until[SLOT]) == ((CLOSED, 0), 0, INFINITY)
