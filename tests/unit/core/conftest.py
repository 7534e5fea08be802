"""A fleet of which a test says only what matters, on seeded dice and with no jitter unless asked for."""

from collections.abc import Callable, Iterable
from random import Random

import pytest

from proxyfleet.core.columns import Columns
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.rules import Rules
from proxyfleet.lab.builders import some_proxies

FleetOf = Callable[..., FleetState]


@pytest.fixture
def fleet_of() -> FleetOf:
    """`fleet_of(3, country="US")` or `fleet_of([a_proxy(1), ...])`; other rules by `rules=`."""

    def build(
        proxies: int | Iterable[Proxy], *, rules: Rules | None = None, now: float = 1_000_000.0, **fields: object
    ) -> FleetState:
        fleet = FleetState(rules or Rules(jitter=0.0), rng=Random(7))
        for proxy in some_proxies(proxies, **fields) if isinstance(proxies, int) else proxies:
            fleet.add(proxy, now)
        return fleet

    return build


@pytest.fixture
def columns() -> Columns:
    """Room for 64 slots whose ids are 1 more than their number, all active, unloaded and of weight 1."""
    made = Columns()
    made.grow(64)
    for slot in range(64):
        made.ids[slot], made.flags[slot], made.weight[slot], made.capacity[slot] = slot + 1, 1, 1, 5
    return made
