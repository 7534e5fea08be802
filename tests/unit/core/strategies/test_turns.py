"""`round_robin` and `least_recently_used`: whose turn is longest ago."""

from proxyfleet.core.columns import Columns
from proxyfleet.core.strategies.turns import LeastRecentlyUsed, RoundRobin


def rounds(strategy: RoundRobin, picks: int) -> list[int]:
    chosen = []
    for _ in range(picks):
        slot = strategy.first(lambda: 0.0, None)
        strategy.chosen(slot)
        chosen.append(slot)
    return chosen


def test_each_in_turn(made) -> None:
    assert rounds(made(RoundRobin, 3, 1, 2), 7) == [1, 2, 3, 1, 2, 3, 1]


def test_newcomers_come_first_and_those_that_return_keep_their_place(made) -> None:
    strategy = made(RoundRobin, 1, 2, 3)
    assert rounds(strategy, 2) == [1, 2]
    strategy.ready.discard(1)
    strategy.leave(1)
    assert rounds(strategy, 2) == [3, 2]
    for slot in (1, 4):
        strategy.ready.add(slot)
        strategy.join(slot)
    assert rounds(strategy, 4) == [4, 1, 3, 2]


def test_other_uses_do_not_disturb_the_round(columns: Columns, made) -> None:
    strategy = made(RoundRobin, 1, 2)
    columns.turn[1] = 99
    strategy.moved(1)
    assert rounds(strategy, 2) == [1, 2]


def test_whoever_gets_the_slot_next_is_a_newcomer(made) -> None:
    strategy = made(RoundRobin, 1, 2)
    rounds(strategy, 2)
    strategy.ready.discard(2)
    strategy.leave(2)
    strategy.withdraw(2)
    strategy.withdraw(2)
    strategy.ready.add(2)
    strategy.join(2)
    assert rounds(strategy, 2) == [2, 1]


def test_choosing_by_definition_counts_turns_too(made) -> None:
    strategy = made(RoundRobin)
    chosen = []
    for _ in range(4):
        chosen.append(strategy.among([5, 6, 7], lambda: 0.0, None))
        strategy.chosen(chosen[-1])
    assert chosen == [5, 6, 7, 5]


def test_least_recently_used_goes_by_every_use(columns: Columns, made, draw) -> None:
    for slot, turn in ((1, 30), (2, 10), (3, 20)):
        columns.turn[slot] = turn
    strategy = made(LeastRecentlyUsed, 1, 2, 3)
    assert strategy.first(draw, None) == strategy.among([1, 2, 3], draw, None) == 2
    columns.turn[2] = 40
    strategy.moved(2)
    assert list(strategy.following(draw, None)) == [3, 1, 2]
    strategy.leave(3)
    assert strategy.first(draw, None) == 1
