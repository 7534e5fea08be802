"""What free sources name, as rows; the contract is `tests/conformance/test_source_book.py`."""

import apsw

from proxyfleet.core.proxy import Labels, Proxy, Scheme
from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.store import SqliteStore

BARE = Labels(source="one")


async def rows(store: SqliteStore, sql: str) -> list[tuple[object, ...]]:
    return await store.database.read(lambda connection: connection.execute(sql).fetchall())


async def test_numbers_given_in_advance_are_those_that_sqlite_would_give(store: SqliteStore) -> None:
    await store.put([Proxy(Scheme.HTTP, "own", 1), Proxy(Scheme.HTTP, "gone", 1)])
    await store.remove([2])
    await store.gather([Proxy(Scheme.HTTP, host, 1) for host in "ab"], "one", 5.0)
    await store.put([Proxy(Scheme.HTTP, "later", 1)])
    assert await rows(store, "SELECT id, host FROM proxies ORDER BY id") == [
        (1, "own"),
        (3, "a"),
        (4, "b"),
        (5, "later"),
    ]
    assert await rows(store, "SELECT proxy, sources, trusted, added, worked FROM found") == [
        (3, ",1,", 1, 5.0, None),
        (4, ",1,", 1, 5.0, None),
    ]


async def test_a_bare_line_of_another_source_rewrites_no_record(store: SqliteStore) -> None:
    await store.gather([Proxy(Scheme.HTTP, "a", 1, labels=BARE)], "one", 5.0)
    await store.database.write(
        lambda c: c.execute("CREATE TRIGGER t AFTER UPDATE ON proxies BEGIN SELECT raise(ABORT, 'written'); END").get
    )
    await store.gather([Proxy(Scheme.HTTP, "a", 1, labels=Labels(source="two"))], "two", 5.0)
    assert await rows(store, "SELECT sources FROM found") == [(",1,2,",)]


def test_finding_a_place_uses_the_index_and_needs_no_sorting() -> None:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {SQL['known_at']}", ('[["h", 1, null]]',)).fetchall()
    assert "proxy_identity (host=? AND port=?)" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
