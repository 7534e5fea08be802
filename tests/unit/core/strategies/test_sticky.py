"""`sticky`: one key, one proxy; the ring moves only what it must."""

from collections import Counter

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.sticky import ARCS, POINT_BITS, Sticky, point_of, point_of_key, points_each

KEYS = [f"session-{number}" for number in range(2_000)]


def homes(strategy: Sticky) -> dict[str, int]:
    return {key: strategy.first(lambda: 0.0, key) for key in KEYS}


@pytest.mark.parametrize(("size", "points"), [(1, 16), (8_192, 16), (8_193, 4), (131_072, 4), (131_073, 1)])
def test_few_proxies_have_many_points(size: int, points: int) -> None:
    assert points_each(size) == points


def test_places_are_the_same_in_every_process() -> None:
    assert point_of(0) == 0xE220A8397B1DCDAF >> (64 - POINT_BITS)
    assert point_of_key("abc") == 0x352441C2 * 0x9E3779B1 % (1 << POINT_BITS)
    assert point_of_key("\ud800") == point_of_key("\ud800")


def test_the_same_key_gets_the_same_proxy(made) -> None:
    strategy = made(Sticky, *range(20))
    assert homes(strategy) == homes(strategy) == homes(made(Sticky, *reversed(range(20))))
    shares = Counter(homes(strategy).values())
    assert set(shares) == set(range(20))
    assert max(shares.values()) < 4 * 2_000 / 20


def test_a_proxy_that_rests_comes_back_to_its_keys(made) -> None:
    strategy = made(Sticky, *range(20))
    before = homes(strategy)
    strategy.ready.discard(7)
    strategy.leave(7)
    away = homes(strategy)
    assert {key for key in KEYS if away[key] != before[key]} == {key for key in KEYS if before[key] == 7}
    strategy.ready.add(7)
    strategy.join(7)
    assert homes(strategy) == before


def test_a_proxy_that_is_removed_or_added_moves_only_its_share(made) -> None:
    strategy = made(Sticky, *range(20))
    before = homes(strategy)
    strategy.ready.discard(7)
    strategy.withdraw(7)
    strategy.withdraw(7)
    assert all(before[key] in (home, 7) for key, home in homes(strategy).items())
    assert 7 not in {slot for arc in strategy.arcs for slot in (entry & 0xFFFFFFFF for entry in arc)}
    strategy.enrol(7)
    strategy.enrol(7)
    strategy.ready.add(7)
    assert homes(strategy) == before
    assert sum(map(len, strategy.arcs)) == 20 * 16


def test_the_mask_names_the_arcs_in_use(made) -> None:
    strategy = made(Sticky, 1, 2, 3)
    assert strategy.used == sum(1 << number for number, arc in enumerate(strategy.arcs) if arc)
    assert len(strategy.arcs) == ARCS


def test_the_walk_goes_once_around(made) -> None:
    strategy = made(Sticky, *range(5))
    for key in KEYS[:50]:
        walked = list(strategy.walk(point_of_key(key)))
        assert Counter(walked) == Counter(dict.fromkeys(range(5), 16))
        assert walked[0] == strategy.first(lambda: 0.0, key) == strategy.among(range(5), lambda: 0.0, key)


def test_the_next_ones_follow_on_the_ring(made, draw) -> None:
    strategy = made(Sticky, *range(5))
    for key in KEYS[:50]:
        order = list(strategy.following(draw, key))
        assert sorted(order) == list(range(5))
        strategy.ready.discard(order[0])
        assert strategy.first(draw, key) == order[1]
        strategy.ready.add(order[0])


def test_without_a_key_any_ready_one(made, draw) -> None:
    strategy = made(Sticky, *range(5))
    assert {strategy.first(draw, None) for _ in range(200)} == set(range(5))
    assert {strategy.among(range(5), draw, None) for _ in range(200)} == set(range(5))


def test_the_ring_is_made_of_ids_not_of_slots(columns: Columns, made) -> None:
    here = made(Sticky, *range(20))
    other = Columns()
    other.grow(64)
    there = Sticky(other, SlotSet(64), 64)
    for slot in range(20):
        other.ids[63 - slot] = columns.ids[slot]
        there.enrol(63 - slot)
        there.ready.add(63 - slot)
    assert {key: columns.ids[slot] for key, slot in homes(here).items()} == {
        key: other.ids[slot] for key, slot in homes(there).items()
    }
