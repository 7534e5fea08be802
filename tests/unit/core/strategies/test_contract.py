"""The plain part of the contract: a strategy that keeps nothing up to date reads the view's own ready set."""

from proxyfleet.core.columns import Columns
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import Plain


def test_a_plain_strategy_holds_what_it_was_given_and_changes_none_of_it(columns: Columns) -> None:
    ready = SlotSet(64)
    ready.add(3)
    plain = Plain(columns, ready, 64)
    before = columns.rows[:]
    for tell in (plain.grow, plain.enrol, plain.join, plain.moved, plain.chosen, plain.leave, plain.withdraw):
        tell(3)
    assert (plain.columns, plain.ready, plain.size) == (columns, ready, 64)
    assert (list(ready), columns.rows) == ([3], before)
    assert (plain.cares, plain.counts_turns) == (frozenset(), False)
