"""Sums of several nodes at once: none is lost, whoever comes first."""

import asyncio

import pytest

from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.postgres.store import PostgresStore


async def test_nodes_that_tell_at_the_same_time_are_all_heard(store: PostgresStore, other: PostgresStore) -> None:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(5)])
    sums = [HealthSum(proxy_id, 1.0, 1.0, 0.5, {3: 1.0}, 0.0) for proxy_id in range(1, 6)]
    await asyncio.gather(*(node.add_health(list(reversed(sums))) for node in (store, other) for _ in range(10)))
    now, found = await store.health_since(0.0)
    assert [one.proxy_id for one in found] == [1, 2, 3, 4, 5]
    assert all(one.tries == pytest.approx(20.0, rel=0.01) and one.at <= now for one in found)
    assert all(one.bins[3] == pytest.approx(20.0, rel=0.01) for one in found)
    assert (await store.health_since(now + 1.0))[1] == []
