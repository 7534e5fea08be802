"""The table of strategies: every name of SPEC D1, aliases, and the contract that each of them keeps."""

from random import Random

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.errors import UnknownStrategy
from proxyfleet.core.strategies.names import StrategyName
from proxyfleet.core.strategies.registry import ALIASES, STRATEGIES, strategy_named

EVERY = pytest.mark.parametrize("name", STRATEGIES)
SIZES = pytest.mark.parametrize("size", [64, 0], ids=["dense", "sparse"])


def test_the_names_of_the_specification() -> None:
    assert set(STRATEGIES) == {name.value for name in StrategyName}
    assert len(STRATEGIES) == 10
    assert ALIASES == {"lru": "least_recently_used", "health_only": "best_health"}


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_the_strategy(alias: str) -> None:
    assert strategy_named(alias) is STRATEGIES[ALIASES[alias]]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownStrategy, match=r"unknown strategy 'best'; use one of: weighted_random, .*sticky, lru"):
        strategy_named("best")


@EVERY
def test_every_strategy_explains_itself(name: str) -> None:
    kind = STRATEGIES[name]
    assert kind.name == name
    assert len(kind.what) > 20
    assert len(kind.when) > 10
    assert kind.cares <= {"score", "weight", "load", "turn"}


@EVERY
@SIZES
def test_nobody_ready_means_nobody_chosen(made, draw, name: str, size: int) -> None:
    strategy = made(STRATEGIES[name], 1, size=size)
    strategy.ready.discard(1)
    strategy.leave(1)
    strategy.leave(1)
    assert strategy.first(draw, None) == strategy.first(draw, "key") == -1
    assert list(strategy.following(draw, "key")) == []


@EVERY
@SIZES
@pytest.mark.parametrize("key", [None, "key"])
def test_only_ready_slots_are_chosen_while_they_come_and_go(
    columns: Columns, made, name: str, size: int, key: str | None
) -> None:
    rng = Random(12)
    strategy, ready = made(STRATEGIES[name], size=size), set[int]()
    for slot in range(20):
        strategy.enrol(slot)
    for _ in range(600):
        slot = rng.randrange(20)
        if rng.random() < 0.4 and slot in ready:
            ready.discard(slot)
            strategy.ready.discard(slot)
            strategy.leave(slot)
        elif slot not in ready:
            ready.add(slot)
            strategy.ready.add(slot)
            strategy.join(slot)
        columns.weight[slot], columns.reputation[slot] = rng.randrange(1, 101), rng.randrange(101)
        columns.health[slot], columns.response_time[slot] = rng.random(), rng.random() * 3
        columns.leases[slot], columns.turn[slot] = rng.randrange(4), rng.randrange(1000)
        if slot in ready:
            strategy.moved(slot)
        chosen = strategy.first(rng.random, key)
        assert chosen in ready if ready else chosen == -1
        assert set(strategy.following(rng.random, key)) <= ready
        if ready:
            strategy.chosen(chosen)
            assert strategy.among(sorted(ready), rng.random, key) in ready


EXACT = ("round_robin", "least_recently_used", "least_loaded", "sticky")


@pytest.mark.parametrize("name", EXACT)
@SIZES
def test_the_structure_agrees_with_the_definition(columns: Columns, made, draw, name: str, size: int) -> None:
    rng = Random(13)
    strategy = made(STRATEGIES[name], *range(12), size=size)
    for turn in range(1, 200):
        slot = rng.randrange(12)
        columns.leases[slot], columns.failures[slot] = rng.randrange(3), rng.randrange(3)
        columns.successes[slot], columns.turn[slot] = rng.randrange(3), turn
        strategy.moved(slot)
        key = str(rng.randrange(50))
        chosen = strategy.first(draw, key)
        assert chosen == strategy.among(range(12), draw, key)
        assert next(iter(strategy.following(draw, key))) == chosen
        strategy.chosen(chosen)


@EVERY
def test_a_dense_structure_grows(columns: Columns, made, draw, name: str) -> None:
    strategy = made(STRATEGIES[name], size=4)
    columns.grow(200)
    columns.ids[150], columns.weight[150] = 151, 7
    strategy.grow(200)
    strategy.ready.grow(200)
    strategy.enrol(150)
    strategy.ready.add(150)
    strategy.join(150)
    assert strategy.first(draw, "key") == strategy.first(draw, None) == 150
