"""The guard: when one more may rest, and the three counters."""

import pytest

from proxyfleet.core.health.guard import Guard


@pytest.mark.parametrize(
    ("share", "worked", "resting", "full"),
    [
        (0.5, 0, 0, True),
        (0.5, 1, 0, True),
        (0.5, 2, 0, False),
        (0.5, 2, 1, True),
        (0.5, 10, 4, False),
        (0.5, 10, 5, True),
        (0.0, 10, 0, True),
        (1.0, 10, 9, False),
        (1.0, 10, 10, True),
    ],
)
def test_at_most_the_share_rests(share: float, worked: int, resting: int, full: bool) -> None:
    assert Guard(share, worked, resting).full is full


def test_detected_enforced_and_suppressed_are_counted_apart() -> None:
    guard = Guard(0.5, worked=2)
    assert guard.allows(True)
    guard.resting = 1
    assert not guard.allows(True)
    assert guard.allows(False)
    assert (guard.detected, guard.enforced, guard.suppressed) == (3, 2, 1)


def test_recounting_takes_the_counters_back_but_not_the_state() -> None:
    guard = Guard(0.5, worked=2)
    before = Guard(0.5)
    guard.allows(True)
    guard.resting = 1
    guard.recount(before)
    assert (guard.detected, guard.enforced, guard.suppressed, guard.resting, guard.worked) == (0, 0, 0, 1, 2)
