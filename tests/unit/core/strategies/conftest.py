"""A strategy on a few ready slots of a plain set of columns."""

from collections.abc import Callable
from random import Random

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.slotset import SlotSet
from proxyfleet.core.strategies.contract import Strategy

Made = Callable[..., Strategy]


@pytest.fixture
def made(columns: Columns) -> Made:
    """`made(Kind, 1, 2, 3)`: a structure whose ready slots are those; `size=0` makes it sparse."""

    def build(kind: type[Strategy], *slots: int, size: int = 64) -> Strategy:
        strategy = kind(columns, SlotSet(size), size)
        for slot in slots:
            strategy.enrol(slot)
            strategy.ready.add(slot)
            strategy.join(slot)
        return strategy

    return build


@pytest.fixture
def draw() -> Callable[[], float]:
    return Random(11).random
