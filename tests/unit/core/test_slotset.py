"""Sets of slots that can be sampled: dense and sparse behave alike."""

import random

import pytest

from proxyfleet.core.slotset import SlotSet

SIZES = pytest.mark.parametrize("size", [16, 0], ids=["dense", "sparse"])


@SIZES
def test_members_stay_dense_whoever_leaves(size: int) -> None:
    slots = SlotSet(size)
    for slot in (3, 5, 7, 9):
        slots.add(slot)
    slots.discard(5)
    slots.discard(9)
    assert sorted(slots) == sorted(slots.members) == [3, 7]
    assert [slot in slots for slot in (3, 5, 7, 9)] == [True, False, True, False]
    assert len(slots) == 2


@SIZES
def test_discarding_who_is_not_in_changes_nothing(size: int) -> None:
    slots = SlotSet(size)
    slots.add(1)
    slots.discard(2)
    slots.discard(1)
    slots.discard(1)
    assert not slots
    assert 1 not in slots


@SIZES
def test_it_agrees_with_a_plain_set(size: int) -> None:
    slots, plain, rng = SlotSet(size), set[int](), random.Random(1)
    for _ in range(500):
        slot = rng.randrange(16)
        if slot in plain:
            slots.discard(slot)
            plain.discard(slot)
        else:
            slots.add(slot)
            plain.add(slot)
        assert set(slots.members) == plain
        assert all(slots.members[slots.places[held]] == held for held in plain)


def test_a_dense_set_grows() -> None:
    slots = SlotSet(2)
    slots.grow(10)
    assert 9 not in slots
    slots.add(9)
    assert 9 in slots
    sparse = SlotSet()
    sparse.grow(10)
    assert 9 not in sparse
