"""What proxies carry: exact counts, also beyond a lowered capacity."""

import pytest

from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.selector import ANY, Selector

NOW = 1_000_000.0


def test_leases_are_counted_against_the_capacity(fleet_of) -> None:
    fleet = fleet_of(1, capacity=2)
    fleet.take(1, NOW)
    fleet.take(1, NOW)
    assert (fleet.leases(1), fleet.free(1)) == (2, 0)
    with pytest.raises(NoFreeSlot):
        fleet.take(1, NOW)
    fleet.take(1, NOW, beyond=True)
    assert fleet.leases(1) == 3
    fleet.give(1, NOW)
    assert fleet.free(1) == 0


def test_terms_and_room(fleet_of) -> None:
    fleet = fleet_of(3, capacity=2, country="DE")
    assert fleet.terms(1) == (1, 2, float("inf"), False)
    assert fleet.room(Selector.parse("country=DE"), 100) == 6
    assert fleet.room(Selector.parse("country=DE"), 3) == 3
    assert fleet.room(Selector.parse("country=US"), 100) == 0


def test_lacking_nothing_but_a_slot(fleet_of) -> None:
    fleet = fleet_of(1, capacity=1)
    fleet.pick(ANY, NOW, claim=True)
    assert not fleet.lacks_slots(ANY)
    fleet.take(1, NOW)
    assert fleet.lacks_slots(ANY)


def test_usable_room_is_told_once_for_a_group_and_not_of_what_is_out(fleet_of) -> None:
    fleet = fleet_of(3, capacity=2)
    fleet.take(1, NOW)
    fleet.group(2, 1, NOW)
    fleet.disable(3, NOW)
    assert [fleet.usable_room(number) for number in (1, 2, 3)] == [(2, 1), (0, 0), (0, 0)]
