"""Time that only moves by hand."""

import pytest

from proxyfleet.lab import HandClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock = HandClock(10.0)
    assert (clock(), clock()) == (10.0, 10.0)
    assert clock.advance(2.5) == 12.5 == clock()


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        HandClock().advance(-1)
