"""The exact order by a changing key: first, leading, lazy deletion, bounded memory."""

import random

import pytest

from proxyfleet.core.order import Order

SIZES = pytest.mark.parametrize("size", [64, 0], ids=["dense", "sparse"])


@SIZES
def test_the_smallest_key_is_first_and_equal_keys_go_by_slot(size: int) -> None:
    order = Order(size)
    for slot, key in ((9, 5), (2, 5), (7, 1)):
        order.put(slot, key)
    assert order.leading(9) == [7, 2, 9]
    order.put(7, 6)
    assert order.first() == 2
    order.remove(2)
    assert (order.first(), order.count) == (9, 2)


@SIZES
def test_an_empty_order_has_no_first(size: int) -> None:
    order = Order(size)
    assert (order.first(), order.leading(3)) == (-1, [])
    order.put(1, 1)
    order.remove(1)
    order.remove(1)
    assert (order.first(), order.count) == (-1, 0)


@SIZES
def test_it_agrees_with_sorting(size: int) -> None:
    order, plain, rng = Order(size), dict[int, int](), random.Random(3)
    for turn in range(2000):
        slot = rng.randrange(64)
        if rng.random() < 0.3:
            order.remove(slot)
            plain.pop(slot, None)
        else:
            plain[slot] = rng.choice([turn, rng.randrange(50)])
            order.put(slot, plain[slot])
        wanted = min(plain, key=lambda held: (plain[held], held), default=-1)
        assert order.first() == wanted
    assert order.count == len(plain)
    assert order.leading(1)[:1] == [order.first()]


@SIZES
def test_leading_is_in_order_and_names_each_slot_once(size: int) -> None:
    order = Order(size)
    for slot in range(10):
        order.put(slot, 100 - slot)
    order.remove(9)
    order.put(9, 91)
    assert order.leading(4) == [9, 8, 7, 6]
    assert order.leading(4) == [9, 8, 7, 6]


def test_entries_that_are_gone_do_not_pile_up() -> None:
    order = Order(8)
    for key in range(10_000):
        order.put(key % 8, key if key % 3 else 10_000 - key)
    assert len(order._heap) + len(order._tail) <= 2 * 8 + 64


def test_a_dense_order_grows() -> None:
    order = Order(2)
    order.grow(5)
    order.put(4, 0)
    assert order.first() == 4
