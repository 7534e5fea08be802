"""When Google is not asked."""

from random import Random

from proxyfleet.stores.sheets.circuit import AFTER, LONGEST, PROBE, SHORTEST, Circuit


def failed(times=AFTER, now=100.0):
    circuit = Circuit(Random(1))
    for _ in range(times):
        circuit.failed(now)
    return circuit


def test_it_opens_after_failures_in_a_row():
    circuit = failed(AFTER - 1)
    assert circuit.admits(100.0)
    assert circuit.opens_at == 0.0
    circuit.failed(110.0)
    assert not circuit.admits(110.0)
    assert circuit.since == 100.0
    assert 110.0 + SHORTEST <= circuit.opens_at <= 110.0 + SHORTEST * 1.2


def test_a_success_begins_anew():
    circuit = failed(AFTER - 1)
    circuit.succeeded()
    circuit.failed(1.0)
    assert (circuit.admits(1.0), circuit.since) == (True, 1.0)


def test_one_try_at_a_time_and_longer_pauses():
    circuit = failed()
    later = circuit.opens_at
    assert circuit.admits(later)
    assert not circuit.admits(later)
    assert circuit.admits(later + PROBE)
    circuit.failed(later + PROBE)
    assert circuit.opens_at >= later + PROBE + 2 * SHORTEST
    for _ in range(20):
        circuit.failed(0.0)
    assert circuit.opens_at <= LONGEST * 1.2
    circuit.succeeded()
    assert circuit.admits(0.0)
