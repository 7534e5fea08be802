"""A fleet moved out of PostgreSQL and in again is the same."""

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder
from proxyfleet.core.proxy import Proxy, Scheme, Secret
from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.ports.moving import Find
from proxyfleet.stores.postgres.moving import PostgresMover
from proxyfleet.stores.postgres.store import PostgresStore

HOLD = Hold(7, "shop", "", Held.ASSIGNMENT, Holder("ann", "a"), 5.0, FOREVER, 4)
OWN = SourceEntry(
    "mine", Source("mine", "own", (Feed("https://x.example/?key=canary"),)), False, "why", Ledger(read=3, alive=2)
)


async def test_everything_is_as_it_was_loaded(store: PostgresStore) -> None:
    mover = PostgresMover(store.database)
    assert await mover.is_empty()
    assert await mover.last_id() == 0
    proxies = [Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret("p"), id=n) for n in (3, 7)]
    find = Find(3, ("b", "mine"), True, 5.0, None)
    await mover.load(proxies, 12)
    await mover.load_sources([OWN, SourceEntry("b")])
    await mover.load_finds([find])
    await mover.load_holds([HOLD])
    assert [proxy async for batch in store.proxies() for proxy in batch] == proxies
    assert await store.sources() == [SourceEntry("b"), OWN]
    assert await mover.finds() == [find]
    assert (await store.standing()).holds == [HOLD]
    assert await mover.last_id() == 12
    assert not await mover.is_empty()
    assert (await store.put([Proxy(Scheme.HTTP, "new", 1)]))[0].proxy.id == 13


async def test_clearing_leaves_nothing_but_keys(store: PostgresStore) -> None:
    mover = PostgresMover(store.database)
    await mover.load([Proxy(Scheme.HTTP, "h", 1, id=1)], 1)
    await store.put_setting("a", "b")
    await mover.clear()
    assert await mover.is_empty()
    assert await store.settings() == {}
    await store.put([Proxy(Scheme.HTTP, "h", 1, password=Secret("p"))])
