"""What several share behind one exit counts once, and as much as the largest of them may carry."""

import pytest

from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Details, Measured
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_whatever_the_order(fleet_of, order: tuple[int, ...]) -> None:
    same = Details(measured=Measured("192.0.2.1"))
    proxies = [a_proxy(1, capacity=2, details=same), a_proxy(2, capacity=6, details=same), a_proxy(3, capacity=4)]
    fleet: FleetState = fleet_of(proxies, rules=Rules(share_exits=True))
    for number in (1, 2, 2, 3):
        fleet.take(number, NOW)
    room = fleet.empty_room()
    for number in order:
        fleet.count_usable(number, room)
    assert (room.capacity, room.free) == (6 + 4, 3 + 3)


def test_more_leases_than_a_capacity_leave_no_negative_room(fleet_of) -> None:
    fleet: FleetState = fleet_of(1, capacity=1)
    fleet.take(1, NOW)
    fleet.take(1, NOW, beyond=True)
    room = fleet.empty_room()
    fleet.count_usable(1, room)
    assert (room.capacity, room.free) == (1, 0)
