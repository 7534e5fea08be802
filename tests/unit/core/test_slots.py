"""What a proxy carries: capacity exactly, groups, connections, politeness."""

from collections.abc import Callable
from random import Random

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.errors import NoFreeSlot
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.picking import Pick
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Details, Kind, Measured, Proxy
from proxyfleet.core.records import Records
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY
from proxyfleet.core.slots import Slots
from proxyfleet.lab.builders import a_proxy

NOW = 1_000_000.0

Carrying = Callable[[int, int], None]


@pytest.fixture
def slots(columns: Columns) -> Slots:
    records = Records(columns, Profiles())
    records.grow(columns.size)
    return Slots(columns, records, share_exits=True)


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


def behind(exit_address: str | None, number: int = 1, **changes: object) -> Proxy:
    """The record of a proxy that was measured to leave there."""
    return a_proxy(number, details=Details(measured=Measured(exit_address)), **changes)


def test_those_behind_one_exit_count_together_and_keep_running_leases(slots: Slots, carrying: Carrying) -> None:
    carrying(1, 4)
    carrying(2, 3)
    assert slots.place(1, behind("192.0.2.1")) == {1}
    assert slots.place(2, behind("192.0.2.1")) == {1, 2}
    assert (slots.carried(1), slots.carried(2), slots.columns.leases[2]) == (7, 7, 3)
    assert not slots.has_room(1)
    assert not slots.has_room(2)
    assert set(slots.members(1)) == set(slots.members(2)) == {1, 2}
    with pytest.raises(NoFreeSlot, match="proxy 3 carries 7 leases, its capacity"):
        slots.take(2)
    for _ in range(3):
        slots.give(2)
    with pytest.raises(NoFreeSlot):
        slots.give(2)
    assert slots.free(1) == slots.free(2) == 1


def test_each_looks_at_its_own_capacity(slots: Slots, carrying: Carrying) -> None:
    slots.columns.capacity[2] = 2
    for slot in (1, 2):
        slots.place(slot, behind("192.0.2.1"))
    carrying(1, 2)
    assert (slots.free(1), slots.free(2), slots.has_room(2)) == (3, 0, False)


def test_others_are_concerned_only_when_all_are_full_or_no_longer(slots: Slots, carrying: Carrying) -> None:
    """There may be thousands behind one exit: what changes nothing for them must not look at them."""
    slots.columns.capacity[3] = 2
    for slot in (1, 2, 3):
        assert slots.place(slot, behind("192.0.2.1")) == {slot}
    assert [set(slots.take(1)) for _ in range(5)] == [set(), {3}, set(), set(), {1, 2}]
    assert slots.place(2, behind(None)) == {2}
    assert set(slots.give(1)) == {1}
    slots.columns.capacity[3] = 4
    assert slots.place(3, behind("192.0.2.1")) == {3}
    assert set(slots.give(1)) == {3}
    assert not slots.forget(3)
    carrying(2, 2)
    assert slots.place(2, behind("192.0.2.1")) == {1, 2}
    assert set(slots.forget(2)) == {1}


def test_one_that_leaves_takes_its_own_leases_along(slots: Slots, carrying: Carrying) -> None:
    for slot in (1, 2):
        slots.place(slot, behind("192.0.2.1"))
    carrying(1, 3)
    carrying(2, 2)
    assert slots.place(2, behind("192.0.2.2")) == {1, 2}
    assert (slots.carried(1), slots.carried(2)) == (3, 2)
    assert slots.place(2, behind("192.0.2.2")) == {2}
    assert slots.place(2, behind(None)) == {2}
    assert (slots.members(1), slots.members(2), slots.carried(2)) == ((1,), (2,), 2)


def test_an_exit_that_changes_or_that_nobody_wants_to_share_joins_nobody(columns: Columns) -> None:
    records = Records(columns, Profiles())
    records.grow(columns.size)
    sharing, apart = Slots(columns, records, share_exits=True), Slots(columns, records)
    for slot in (1, 2):
        sharing.place(slot, behind("192.0.2.1", kind=Kind.ROTATING))
        apart.place(slot, behind("192.0.2.1"))
    assert sharing.members(1) == apart.members(1) == (1,)


def test_one_that_goes_leaves_the_others_with_their_own(slots: Slots, carrying: Carrying) -> None:
    for slot in (1, 2, 3):
        slots.place(slot, behind("192.0.2.1"))
    carrying(1, 1)
    carrying(2, 3)
    slots.forget(1)
    assert [slots.columns.leases[slot] for slot in (1, 2, 3)] == [0, 3, 0]
    assert [slots.carried(slot) for slot in (1, 2, 3)] == [0, 3, 3]
    slots.give(2)


def test_connections_have_a_cap_of_their_own(slots: Slots) -> None:
    slots.records.polite[1] = Details(max_connections=2)
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
    slots.records.polite[1] = Details(target_capacity=1)
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
    slots.records.polite[1] = Details(target_capacity=2)
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
        slots.records.polite[1] = Details(min_interval=interval, max_connections=9)
    assert slots.used(1, 100.0) is rests
    assert slots.waits == ({1: 102.5} if rests else {})


def test_a_slot_that_is_forgotten_starts_from_nothing(slots: Slots, carrying: Carrying) -> None:
    slots.records.polite[1] = Details(target_capacity=1, min_interval=5.0)
    for slot in (1, 2):
        slots.place(slot, behind("192.0.2.1"))
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


@pytest.fixture
def behind_one_exit(fleet_of) -> Callable[..., FleetState]:
    """`behind_one_exit(3, capacity=2)`: a fleet whose proxies, all of them, have one measured exit, and count together."""

    def build(count: int, **fields: object) -> FleetState:
        proxies = [behind("192.0.2.1", number, **fields) for number in range(1, count + 1)]
        return fleet_of(proxies, rules=Rules(jitter=0.0, share_exits=True))

    return build


def test_those_behind_one_exit_share_a_capacity(behind_one_exit) -> None:
    fleet = behind_one_exit(2, capacity=2)
    fleet.add(a_proxy(3, capacity=2), NOW)
    fleet.take(1, NOW)
    assert claimed(fleet) == {1, 2, 3}
    fleet.take(2, NOW)
    assert claimed(fleet) == {3}
    fleet.give(2, NOW)
    assert claimed(fleet) == {1, 2, 3}
    fleet.take(2, NOW)
    fleet.replace(a_proxy(2, capacity=2), NOW)
    assert claimed(fleet) == {1, 2, 3}
    assert (fleet.leases(1), fleet.leases(2)) == (1, 1)


def test_one_that_joins_with_leases_fills_the_others(behind_one_exit) -> None:
    fleet = behind_one_exit(2, capacity=1)
    fleet.add(a_proxy(3, capacity=1), NOW)
    fleet.take(3, NOW)
    assert claimed(fleet) == {1, 2}
    fleet.replace(behind("192.0.2.1", 3, capacity=1), NOW)
    assert claimed(fleet) == set()
    assert fleet.leases(3) == 1
    fleet.remove(3, NOW)
    assert claimed(fleet) == {1, 2}


def test_many_that_are_taken_in_at_once_share_as_well() -> None:
    fleet = FleetState(Rules(jitter=0.0, share_exits=True), rng=Random(7))
    fleet.add_many([behind("192.0.2.1", number, capacity=2) for number in range(1, 4)], NOW)
    fleet.take(1, NOW)
    assert [fleet.free(number) for number in (1, 2, 3)] == [1, 1, 1]


def test_a_larger_capacity_of_one_frees_that_one(behind_one_exit) -> None:
    fleet = behind_one_exit(2, capacity=1)
    fleet.take(1, NOW)
    assert claimed(fleet) == set()
    fleet.replace(behind("192.0.2.1", 1, capacity=2), NOW)
    assert claimed(fleet) == {1}


def test_who_asks_why_is_told_of_the_exit(behind_one_exit) -> None:
    fleet = behind_one_exit(2, capacity=1)
    fleet.take(1, NOW)
    reasons = {each.proxy_id: each.reason for each in fleet.explain(ANY, NOW)}
    assert reasons[2] == "carries, with all behind its exit, 1 of 1 leases"
