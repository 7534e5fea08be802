"""A dump that was restored: no fence comes twice, no lease of the dump runs, everybody reads everything anew."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from tests import postgres

from proxyfleet.core.lease import FOREVER, Held, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, Granted, Refused, Release, Take
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.stores.postgres.database import open_and_unlock
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.restored import FENCES_ON, settle_restored
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.vault import KeySource

ANN = Holder("ann")


def claim(resource: str | None = None) -> Claim:
    return Claim(ANN, (Candidate(1, 0, 1, 5, FOREVER),), 600.0, resource=resource)


async def granted(store: PostgresStore, resource: str | None = None, slot: int = 0) -> Lease:
    order = claim(resource)
    order = order._replace(candidates=(order.candidates[0]._replace(slot=slot),))
    (answer,) = (await store.decide([order], "n")).answers
    assert isinstance(answer, Granted)
    return answer.leases[0]


async def test_opening_again_changes_nothing(store: PostgresStore, connection: Connection) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    lease = await granted(store)
    for _ in range(2):
        assert not await settle_restored(connection)
    assert (await store.standing()).leases == [lease]


@pytest.mark.parametrize(
    "sign",
    ["UPDATE meta SET value = '1:1' WHERE name = 'home'", "INSERT INTO feed VALUES ('99999999999', '', 'users', '')"],
)
async def test_what_was_restored_goes_on_safely(store: PostgresStore, connection: Connection, sign: str) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1, "u", Secret("p"))])
    lease = await granted(store, "site")
    await store.decide([Take(1, "shop", ANN)], "n")
    positions = (await store.inventory_news(None)).position, (await store.standing()).position
    await connection.execute(sign)
    assert await settle_restored(connection)
    assert not await settle_restored(connection)
    standing = await store.standing()
    assert standing.leases == []
    assert [hold.kind for hold in standing.holds] == [Held.ASSIGNMENT]
    (late,) = (await store.decide([Release(Token(1, 0, lease.fence), "ann")], "n")).answers
    assert isinstance(late, Refused)
    assert late.code == "stale_token"
    assert (await granted(store, "site")).fence == lease.fence + FENCES_ON + 1
    assert (await store.inventory_news(positions[0])).ids is None
    assert not (await store.claim_news(positions[1], "m")).complete


@pytest.mark.parametrize("resource", [None, "site"])
async def test_a_slot_that_was_first_leased_after_the_dump_gets_a_new_fence_too(
    store: PostgresStore, connection: Connection, resource: str | None
) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    late = await granted(store, slot=1)
    for times in (1, 2):
        await connection.execute("DELETE FROM leases")  # the dump knew nothing of it
        await connection.execute("UPDATE meta SET value = '1:1' WHERE name = 'home'")
        assert await settle_restored(connection)
        again = await granted(store, resource, slot=1)
        assert again.fence == times * FENCES_ON + 1
        (answer,) = (await store.decide([Release(Token(1, 1, late.fence), "ann")], "n")).answers
        assert isinstance(answer, Refused)
        late = again


async def test_a_real_dump(tmp_path: Path) -> None:
    """Into another database of the same server, by PostgreSQL's own tools."""
    with postgres.server() as server:
        keys = KeySource(default=tmp_path / "key")
        store = PostgresStore(await open_and_unlock(server.url, keys, lambda: 0.0))
        await store.put([Proxy(Scheme.HTTP, "h", 1, "u", Secret("p"))])
        lease = await granted(store)
        await store.close()
        dump = tmp_path / "fleet.dump"
        await asyncio.to_thread(
            server.tool, "pg_dump", "--format=custom", "--schema=proxyfleet", f"--file={dump}", "postgres"
        )
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE DATABASE other")
        await connection.close()
        await asyncio.to_thread(server.tool, "pg_restore", "--dbname=other", str(dump))
        again = PostgresStore(await open_and_unlock(server.url.replace("/postgres?", "/other?"), keys, lambda: 0.0))
        assert [proxy.password async for batch in again.proxies() for proxy in batch] == [Secret("p")]
        assert (await granted(again)).fence > lease.fence + 1
        await again.close()
