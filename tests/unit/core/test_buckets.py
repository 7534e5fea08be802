"""Numbered buckets: who is where, and the mask of those in use."""

import random

import pytest

from proxyfleet.core.buckets import Buckets

SIZES = pytest.mark.parametrize("size", [32, 0], ids=["dense", "sparse"])


@SIZES
def test_a_slot_is_in_one_bucket_at_a_time(size: int) -> None:
    buckets = Buckets(8, size)
    buckets.put(4, 2)
    buckets.put(4, 5)
    assert buckets.level(4) == 5
    assert [list(members) for members in buckets.members] == [[], [], [], [], [], [4], [], []]
    assert buckets.mask == 1 << 5


@SIZES
def test_removing_twice_and_who_never_was_in_is_harmless(size: int) -> None:
    buckets = Buckets(8, size)
    buckets.put(4, 0)
    for slot in (9, 4, 4):
        buckets.remove(slot)
    assert (buckets.level(4), buckets.level(9), buckets.mask) == (-1, -1, 0)


@SIZES
def test_it_agrees_with_a_plain_dictionary(size: int) -> None:
    buckets, plain, rng = Buckets(8, size), dict[int, int](), random.Random(2)
    for _ in range(1000):
        slot, level = rng.randrange(32), rng.randrange(-2, 8)
        if level < 0:
            buckets.remove(slot)
            plain.pop(slot, None)
        else:
            buckets.put(slot, level)
            plain[slot] = level
    assert {s: level for level, members in enumerate(buckets.members) for s in members} == plain
    assert buckets.mask == sum(1 << level for level in set(plain.values()))


def test_dense_columns_grow() -> None:
    buckets = Buckets(4, 2)
    buckets.grow(9)
    buckets.put(8, 3)
    assert (buckets.level(8), buckets.level(7)) == (3, -1)
