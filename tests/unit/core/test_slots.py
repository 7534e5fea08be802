"""What a proxy carries: capacity exactly, groups, connections, politeness."""

from collections.abc import Callable

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.picking import Pick
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Details
from proxyfleet.core.records import Records
from proxyfleet.core.selector import ANY
from proxyfleet.core.slots import Slots
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0

Carrying = Callable[[int, int], None]


@pytest.fixture
def slots(columns: Columns) -> Slots:
    records = Records(columns, Profiles())
    records.grow(columns.size)
    return Slots(columns, records)


@pytest.fixture
def carrying(slots: Slots) -> Carrying:
    """`carrying(slot, leases)`: take that many."""
    return lambda slot, leases: [slots.take(slot) for _ in range(leases)] and None


def test_no_more_leases_than_capacity(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 5)
    assert (slots.has_room(1), slots.free(1)) == (False, 0)
    with pytest.raises(NoFreeSlot, match="proxy 2 carries 5 leases, its capacity"):
        slots.take(1)
    slots.give(1)
    assert (slots.has_room(1), slots.free(1)) == (True, 1)


def test_nothing_can_be_given_back_that_was_not_taken(slots: Slots) -> None:
    with pytest.raises(NoFreeSlot, match="proxy 2 carries no lease"):
        slots.give(1)


def test_lowering_a_capacity_revokes_nothing(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 4)
    slots.columns.capacity[1] = 2
    assert (slots.free(1), slots.has_room(1), slots.columns.leases[1]) == (0, False, 4)
    for _ in range(3):
        slots.give(1)
    assert slots.free(1) == 1


def test_a_group_shares_the_leaders_capacity_and_keeps_running_leases(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 4)
    carrying(2, 3)
    slots.group(2, 1)
    assert slots.columns.leases[1] == 7
    assert not slots.has_room(1)
    assert not slots.has_room(2)
    assert set(slots.members(1)) == set(slots.members(2)) == {1, 2}
    for _ in range(3):
        slots.give(2)
    with pytest.raises(NoFreeSlot):
        slots.give(2)
    assert slots.free(1) == slots.free(2) == 1


def test_a_member_leaves_with_its_own_leases(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 1)
    slots.group(2, 1)
    carrying(2, 2)
    slots.group(2, 2)
    assert (slots.columns.leases[1], slots.columns.leases[2]) == (1, 2)
    assert slots.members(2) == (2,)
    assert slots.members(1) == (1,)


def test_joining_itself_changes_nothing(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 2)
    slots.group(1, 1)
    assert slots.columns.leases[1] == 2


def test_moving_to_another_group_takes_the_leases_along(slots: Slots, carrying: Carrying) -> None:
    slots.group(2, 1)
    carrying(2, 2)
    slots.group(2, 3)
    assert (slots.columns.leases[1], slots.columns.leases[3]) == (0, 2)
    slots.group(2, 3)
    assert slots.columns.leases[3] == 2


def test_joining_a_member_means_joining_its_leader(slots: Slots) -> None:
    slots.group(2, 1)
    slots.group(3, 2)
    assert set(slots.members(3)) == {1, 2, 3}
    assert slots.columns.lead[3] == 1


def test_a_leader_that_goes_leaves_the_others_with_their_own(slots: Slots, carrying: Carrying) -> None:
    for member in (2, 3):
        slots.group(member, 1)
    carrying(1, 1)
    carrying(2, 3)
    slots.forget(1)
    assert [slots.columns.leases[slot] for slot in (1, 2, 3)] == [0, 3, 0]
    assert [slots.columns.lead[slot] for slot in (1, 2, 3)] == [1, 2, 3]
    slots.give(2)


def test_connections_have_a_cap_of_their_own(slots: Slots) -> None:
    slots.records.details[1] = Details(max_connections=2)
    for _ in range(2):
        assert slots.connects(1)
        slots.began(1, None)
    assert not slots.connects(1)
    assert not slots.has_room(1)
    assert slots.free(1) == 5
    slots.ended(1, None)
    assert slots.has_room(1)
    slots.began(2, None)
    assert slots.connects(2)


def test_ending_what_never_began_changes_nothing(slots: Slots) -> None:
    slots.ended(1, "t")
    assert slots.columns.active[1] == 0


def test_leases_per_target_are_capped_where_asked_for(slots: Slots) -> None:
    slots.records.details[1] = Details(target_capacity=1)
    slots.began(1, "a")
    assert [slots.polite(1, "a"), slots.polite(1, "b"), slots.polite(1, None), slots.polite(2, "a")] == [
        False,
        True,
        True,
        True,
    ]
    slots.ended(1, "a")
    assert slots.polite(1, "a")


def test_what_runs_on_a_target_is_counted_one_by_one(slots: Slots) -> None:
    slots.records.details[1] = Details(target_capacity=2)
    for _ in range(2):
        slots.began(1, "a")
    slots.ended(1, "a")
    assert slots.polite(1, "a")
    slots.began(1, "a")
    assert not slots.polite(1, "a")
    for _ in range(3):
        slots.ended(1, "a")
    assert slots.polite(1, "a")
    assert slots.on_target == {}


@pytest.mark.parametrize(("interval", "rests"), [(2.5, True), (0.0, False), (None, False)])
def test_an_interval_is_waited_out(slots: Slots, interval: float | None, rests: bool) -> None:
    if interval is not None:
        slots.records.details[1] = Details(min_interval=interval, max_connections=9)
    assert slots.used(1, 100.0) is rests
    assert slots.waits == ({1: 102.5} if rests else {})


def test_a_slot_that_is_forgotten_starts_from_nothing(slots: Slots, carrying: Carrying) -> None:
    slots.records.details[1] = Details(target_capacity=1, min_interval=5.0)
    slots.group(1, 2)
    carrying(1, 2)
    slots.began(1, "a")
    slots.used(1, 1.0)
    slots.forget(1)
    assert (slots.columns.leases[1], slots.columns.leases[2], slots.columns.active[1], slots.waits) == (0, 0, 0, {})
    assert slots.polite(1, "a")
    assert slots.members(2) == (2,)


def claimed(fleet: FleetState) -> set[int]:
    found = [fleet.pick(ANY, NOW, claim=True) for _ in range(60)]
    return {pick.proxy_id for pick in found if isinstance(pick, Pick)}


def test_a_group_shares_one_capacity(fleet_of) -> None:
    fleet = fleet_of(3, capacity=2)
    fleet.take(1, NOW)
    fleet.take(2, NOW)
    assert claimed(fleet) == {1, 2, 3}
    fleet.group(2, 1, NOW)
    assert claimed(fleet) == {3}
    fleet.give(2, NOW)
    assert claimed(fleet) == {1, 2, 3}
    fleet.take(2, NOW)
    fleet.group(2, 2, NOW)
    assert claimed(fleet) == {1, 2, 3}
    assert (fleet.leases(1), fleet.leases(2)) == (1, 1)


def test_a_leader_that_is_removed_frees_its_group(fleet_of) -> None:
    fleet = fleet_of(3, capacity=1)
    for member in (2, 3):
        fleet.group(member, 1, NOW)
    fleet.take(2, NOW)
    assert claimed(fleet) == set()
    fleet.remove(1, NOW)
    assert claimed(fleet) == {3}
    fleet.give(2, NOW)
    assert claimed(fleet) == {2, 3}


def test_joining_another_group_frees_the_old_one(fleet_of) -> None:
    fleet = fleet_of(3, capacity=1)
    fleet.group(2, 1, NOW)
    fleet.take(2, NOW)
    assert claimed(fleet) == {3}
    fleet.group(2, 3, NOW)
    assert claimed(fleet) == {1}


def test_raising_the_leaders_capacity_frees_the_members(fleet_of) -> None:
    fleet = fleet_of(2, capacity=1)
    fleet.group(2, 1, NOW)
    fleet.take(1, NOW)
    assert claimed(fleet) == set()
    fleet.replace(a_proxy(1, capacity=2), NOW)
    assert claimed(fleet) == {1, 2}
