"""Sums of health on SQLite: found by their instant, with bins as they were."""

import apsw

from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.sql import health
from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.store import SqliteStore


async def test_bins_come_back(store: SqliteStore) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    one = HealthSum(1, 3.0, 2.0, 0.5, {0: 1.0, 47: 1.5}, 0.0)
    await store.database.write(lambda connection: health.add(connection, [one], 100.0))
    assert await store.database.read(lambda connection: health.since(connection, 100.0)) == [one._replace(at=100.0)]
    assert await store.database.read(lambda connection: health.since(connection, 100.1)) == []


def test_what_is_new_is_found_by_an_index() -> None:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    assert "SEARCH" in str(connection.execute(f"EXPLAIN QUERY PLAN {SQL['health_since']}", (0.0,)).fetchall())
