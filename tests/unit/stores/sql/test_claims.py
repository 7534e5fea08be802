"""What the tables of claims cost and keep: one row of the feed per batch, bounded; slots are found by their key."""

from pathlib import Path

import apsw
import pytest

from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.orders import Candidate, Claim, Release
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores import claim_rows
from proxyfleet.stores.registry import open_store
from proxyfleet.stores.sql import claims
from proxyfleet.stores.sql.migrating import steps_in
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.sql.store import SqliteStore
from proxyfleet.vault import KeySource


@pytest.fixture
def tables() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for step in steps_in():
        connection.execute(step.sql)
    return connection


def test_a_batch_is_one_row_of_the_feed(tables: apsw.Connection) -> None:
    tables.execute(
        "INSERT INTO proxies (uuid, family, scheme, host, port, status, require_check, kind, type) "
        "VALUES (zeroblob(16), 'http', 'http', 'h', 1, 'active', 0, 'static', 'datacenter')"
    )
    orders = [Claim(Holder("ann"), (Candidate(1, slot, 1, 5, 9e9),), 60.0) for slot in range(3)]
    books = claims.SqliteBooks()
    claims.decide(tables, books, [*orders, Release(Token(1, 0, 1), "ann")], "n", 100.0)
    assert tables.execute("SELECT count(*) FROM feed").get == 1
    claims.decide(tables, books, [Release(Token(9, 9, 9), "ann")], "n", 100.0)
    assert tables.execute("SELECT count(*) FROM feed").get == 1, "nothing changed, nothing is told"


def test_the_feed_is_bounded(tables: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "FEED", 100)
    for _ in range(claims.TIDY_EVERY):
        claims.tell(tables, "n", "claims", "[]")
    claims.tidy(tables, 0.0)
    assert tables.execute("SELECT count(*) FROM feed").get == 100
    assert not claims.claim_news(tables, "5", "m", 0.0).complete
    assert claims.claim_news(tables, str(claims.TIDY_EVERY - 100), "m", 0.0).complete


@pytest.mark.parametrize("name", ["pool", "hold", "terms", "forget_pool", "forget_guests", "feed_after"])
def test_what_is_asked_often_scans_nothing(tables: apsw.Connection, name: str) -> None:
    plan = str(tables.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", (1,) * SQL[name].count("?")).fetchall())
    assert "SEARCH" in plan
    assert "SCAN" not in plan


async def test_many_changes_are_told_as_many(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_rows, "MOST_IDS", 2)
    start = await store.inventory_news(None)
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(3)])
    news = await store.inventory_news(start.position)
    assert news.ids is None
    assert news.users, "who must read all reads the users too"


async def test_what_is_kept_is_dropped_when_others_write_or_a_batch_is_rolled_back(
    store: SqliteStore, path: Path
) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1, capacity=1)])
    claim = Claim(Holder("ann"), (Candidate(1, 0, 1, 1, 9e9),), 60.0)

    def fails(connection: apsw.Connection) -> None:
        claims.decide(connection, store._books, [claim], "n", store.database.now())
        raise KeyError

    with pytest.raises(KeyError):
        await store.database.write(fails)
    (granted,) = (await store.decide([claim], "n")).answers
    assert len(granted.leases) == 1, "what was rolled back never was"
    other = await open_store(
        f"sqlite:{path}", keys=KeySource(default=path.parent.parent / "keys" / "key"), clock=store.database.now
    )
    lease = granted.leases[0]
    await other.decide([Release(Token(lease.pool, lease.slot, lease.fence), "ann")], "m")
    (again,) = (await store.decide([claim], "n")).answers
    assert again.leases[0].fence == lease.fence + 1
    (refused,) = (await other.decide([claim], "m")).answers
    assert refused.leases == ()
    await store.change([Proxy(Scheme.HTTP, "h", 1, id=1, capacity=2)])
    (more,) = (await store.decide([claim], "n")).answers
    assert len(more.leases) == 1, "a raised capacity counts at once"
    await other.close()
