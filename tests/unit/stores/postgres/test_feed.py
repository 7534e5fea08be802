"""The feed tells every change once, however late it commits, and says when it does not reach back."""

import pytest

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder, Lease
from proxyfleet.core.orders import Candidate, Claim
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.claim_rows import news_text
from proxyfleet.stores.postgres import feed
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.store import PostgresStore


def told(number: int) -> str:
    return f"[{number}]"


async def news(store: PostgresStore, after: str) -> tuple[set[int] | None, str]:
    found = await store.inventory_news(after)
    return None if found.ids is None else set(found.ids), found.position


async def test_what_commits_late_is_not_skipped(store: PostgresStore, connection: Connection) -> None:
    start = (await store.inventory_news(None)).position
    async with connection.transaction():
        await feed.tell(connection, "proxies", told(77))
        await store.put([Proxy(Scheme.HTTP, "h", 1)])  # begins later and commits earlier
        ids, between = await news(store, start)
        assert ids == {1}
    ids, after = await news(store, between)
    assert ids == {77}
    assert (await news(store, after))[0] == set()
    assert (await news(store, start))[0] == {1, 77}


async def test_a_long_transaction_of_somebody_else_delays_nothing(store: PostgresStore, connection: Connection) -> None:
    async with connection.transaction():
        await connection.execute("CREATE TABLE somebody_elses (n int)")
        start = (await store.inventory_news(None)).position
        await store.put([Proxy(Scheme.HTTP, "h", 1)])
        assert (await news(store, start))[0] == {1}


async def test_retention_is_bounded_and_who_is_behind_is_told(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FEED", 10)
    start = (await store.inventory_news(None)).position
    claims_start = (await store.standing()).position
    for n in range(12):
        await store.put([Proxy(Scheme.HTTP, f"h{n}", 1)])
    recent = (await store.inventory_news(None)).position
    for n in range(12, 20):
        await store.put([Proxy(Scheme.HTTP, f"h{n}", 1)])
    await store.database.writes.run(lambda connection: feed.tidy(connection, 0.0, 1.0))
    assert await store.database.reads.run(lambda one: one.fetchval("SELECT count(*) FROM feed")) == 10
    assert (await store.inventory_news(start)).ids is None
    assert (await store.inventory_news(start)).users, "who must read all reads the users too"
    assert not (await store.claim_news(claims_start, "n")).complete
    assert (await news(store, recent))[0] == set(range(13, 21))


async def test_a_long_transaction_costs_at_most_one_full_read(
    store: PostgresStore, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FEED", 3)
    async with connection.transaction():
        await connection.execute("CREATE TABLE somebody_elses (n int)")
        position = (await store.inventory_news(None)).position
        for n in range(6):
            await store.put([Proxy(Scheme.HTTP, f"h{n}", 1)])
            ids, position = await news(store, position)
            assert ids == {n + 1}
        await store.database.writes.run(lambda one: feed.tidy(one, 0.0, 1.0))
        ids, position = await news(store, position)
        assert ids == set(), "a transaction that still runs has told nothing that could be dropped"
    ids, position = await news(store, position)
    assert ids is None
    assert (await news(store, position))[0] == set()


@pytest.mark.parametrize("position", ["", "0", "7/1:1:", "nonsense"])
async def test_positions_of_other_servers_mean_nothing(store: PostgresStore, position: str) -> None:
    found = await store.inventory_news(position)
    assert (found.ids, found.users) == (None, True)
    assert (await store.inventory_news(found.position)).ids == frozenset()
    assert not (await store.claim_news(position, "n")).complete


async def test_own_batches_are_not_told_but_those_of_others_are(store: PostgresStore) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    start = (await store.standing()).position
    claim = Claim(Holder("ann", "ü"), (Candidate(1, 0, 1, 5, FOREVER),), 60.0)
    decided = await store.decide([claim], "n1")
    assert (await store.claim_news(start, "n1")).rows == []
    (lease,) = (await store.claim_news(start, "n2")).rows
    assert lease == decided.answers[0].leases[0]  # type: ignore[union-attr]


def test_of_each_slot_and_pair_the_last_row_is_told() -> None:
    lease = Lease(1, 0, 1, 1, Holder("ann"), None, "", 1.0, 60.0)
    hold = Hold(1, "site", "", Held.RESERVATION, Holder("ann"), 1.0, 60.0, 1, "1x0.1")
    rows = [lease._replace(fence=2), lease._replace(fence=1), hold._replace(version=3), hold]
    columns = '[[1],[0],[2],[1],["ann"],[""],[""],[1.0],[0]]'
    latest = feed.latest([("claims", news_text(rows)), ("leases", columns)])
    assert latest == [lease._replace(fence=2, expires=0.0), hold._replace(version=3)]
