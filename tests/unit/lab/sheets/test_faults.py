"""Which fault a call meets."""

from random import Random

import pytest

from proxyfleet.lab.sheets.faults import Faults


def test_queued_faults_happen_once_each_in_order():
    faults = Faults()
    faults.queue("500", 2)
    faults.queue("lost", on="write")
    assert [faults.next(call) for call in ("read", "read", "read", "write", "write")] == [
        "500",
        "500",
        None,
        "lost",
        None,
    ]
    assert faults.met == ["500", "500", "lost"]


def test_chances():
    faults = Faults(Random(5))
    faults.chance("429", 0.5, on="read")
    met = [faults.next("read") for _ in range(1000)]
    assert 400 < met.count("429") < 600
    assert faults.next("write") is None
    faults.chance("429", 0, on="read")
    assert faults.next("read") is None
    faults.chance("cut", 1.0)
    faults.clear()
    assert faults.next("read") is None


def test_unknown_faults_are_refused():
    with pytest.raises(ValueError, match="unknown fault 'explode'; use one of: 400,"):
        Faults().queue("explode")
