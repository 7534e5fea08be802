"""A look needs no key and changes nothing; an upgrade is whole or has not happened."""

import pytest

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.ports import GatewayUser
from proxyfleet.stores.errors import NoDatabase, StoreUnusable
from proxyfleet.stores.postgres.migrating import Step, steps_in
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.stores.postgres.upgrading import look, upgrade

KNOWN = steps_in()
NEWEST = KNOWN[-1].version
NEXT = [*KNOWN, Step(NEWEST + 1, "ALTER TABLE proxies ADD COLUMN more int NOT NULL DEFAULT 7")]


async def test_a_look_tells_the_figures(store: PostgresStore, url: str) -> None:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(3)])
    await store.put_user(GatewayUser("ann", "h"))
    found = await look(url)
    assert (found.schema, found.newest, found.rows) == (NEWEST, NEWEST, {"proxies": 3, "users": 1})
    assert found.keys == (store.master.name,)
    assert found.place == store.database.address.shown
    assert found.size > 100_000
    assert found.server[0].isdigit()
    assert found.trouble is None


async def test_upgrades(store: PostgresStore, url: str) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1)])
    assert await upgrade(url) == (NEWEST, NEWEST)
    assert await upgrade(url, NEXT) == (NEWEST, NEWEST + 1)
    assert await store.database.reads.run(lambda one: one.fetchval("SELECT more FROM proxies")) == 7
    newer = await look(url)
    assert newer.trouble is not None
    assert f"has schema {NEWEST + 1}, this program knows {NEWEST}" in newer.trouble
    with pytest.raises(StoreUnusable, match="use the newer program"):
        await upgrade(url)


async def test_where_there_is_no_fleet_none_is_made(url: str) -> None:
    for _ in range(2):
        with pytest.raises(NoDatabase):
            await look(url)
        with pytest.raises(NoDatabase):
            await upgrade(url)
