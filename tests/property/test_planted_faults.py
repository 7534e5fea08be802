"""The comparison itself is tested: each planted fault must make a seeded run of it fail within a bounded number of moves."""

import pytest
from tests.property.faults import FAULTS, Fault
from tests.property.moves import drive

SEEDS, STEPS = 150, 100


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_noticed(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(fault.owner, fault.name)
    monkeypatch.setattr(fault.owner, fault.name, fault.make(original))
    with pytest.raises(AssertionError, match="seed"):
        _drive_all()


def _drive_all() -> None:
    for seed in range(SEEDS):
        drive(seed, STEPS)
