"""What proxies carry: exact counts, also beyond a lowered capacity."""

import pytest

from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.proxy import Details, Measured
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.lab.builders import a_proxy

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
    assert fleet.terms(1) == (2, float("inf"), False)
    assert fleet.room(Selector.parse("country=DE"), 100) == 6
    assert fleet.room(Selector.parse("country=DE"), 3) == 3
    assert fleet.room(Selector.parse("country=US"), 100) == 0


def test_lacking_nothing_but_a_slot(fleet_of) -> None:
    fleet = fleet_of(1, capacity=1)
    fleet.pick(ANY, NOW, claim=True)
    assert not fleet.lacks_slots(ANY)
    fleet.take(1, NOW)
    assert fleet.lacks_slots(ANY)


def test_room_behind_one_exit_counts_once_and_what_is_out_not_at_all(fleet_of) -> None:
    same = Details(measured=Measured("192.0.2.1"))
    proxies = [a_proxy(1, capacity=2, details=same), a_proxy(2, capacity=3, details=same), *map(a_proxy, (3, 4))]
    fleet = fleet_of(proxies, rules=Rules(share_exits=True))
    fleet.take(1, NOW)
    fleet.disable(3, NOW)
    room = fleet.empty_room()
    for number in (1, 2, 3, 4, 99):
        fleet.count_usable(number, room)
    assert (room.capacity, room.free) == (3 + 5, 2 + 5)
    assert fleet.room(ANY, 100) == 3 + 5 + 5
