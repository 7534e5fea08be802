"""`db copy`: everything arrives, both sides are compared, and what is half done is never taken for a fleet."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tests import postgres

from proxyfleet.assembly import copying
from proxyfleet.assembly.copying import CopyFailed, copy_between, copy_fleet, mover_of, summed
from proxyfleet.assembly.opening import UNFINISHED, opened, refuse_half_copied
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.core.lease import FOREVER, Held, Holder
from proxyfleet.core.orders import Candidate, Claim, Take
from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.core.purchase import Budget, Money, Purchase, Wish
from proxyfleet.core.source import Feed, Ledger, Source
from proxyfleet.ports import GatewayUser, Store
from proxyfleet.ports.sheet import SheetNote
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.errors import BadStoreUrl, NoDatabase, StoreUnusable
from proxyfleet.stores.keykeeping import KeyKeeper
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

ANN = Holder("ann", "a")


def said(_: str, __: int) -> None:
    """Nothing of it."""


async def fill(store: Store) -> None:
    """A bit of everything, with holes in the ids."""
    proxies = [
        Proxy(
            Scheme.HTTP, f"h{n}.example", 1, "u", Secret(f"pä{n}"), details=Details(refresh_url=Secret("r"), notes="n")
        )
        for n in range(40)
    ]
    ids = [answer.proxy.id for answer in await store.put(proxies)]
    await store.gather([Proxy(Scheme.SOCKS5, "found.example", 2)], "free", 100.0)
    await store.worked({ids[-1] + 1: 110.0})
    await store.put_source(Source("mine", "own", (Feed("https://x.example/?key=1"),)))
    await store.put_ledger("free", Ledger(read=9, validators={"f": ("e", None)}))
    await store.remove([ids[3], ids[-1]])
    await store.put_user(GatewayUser("zoe", "hash"))
    await store.put_setting("strategy", "lru")
    await store.record_events([Event(Happened.PROXY_PROVEN, float(n), n) for n in range(5)])
    await store.add_health([HealthSum(ids[0], 4.0, 3.0, 1.0, {2: 3.0}, 0.0)])
    await store.decide([Take(ids[0], "shop", ANN), Claim(ANN, (Candidate(ids[1], 0, ids[1], 5, FOREVER),), 600.0)], "n")
    await store.sheet_memory.note(SheetNote({"k": {"city": "Bonn"}}))
    for tag in ("first", "then"):
        price = Money(Decimal("0.10"), "USD")
        await store.purchase_book.intend(Purchase(tag, "p", "buy", Wish(1, 30), price, 5.0), Budget(price, 0.0, 1.0))


@pytest.fixture
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    async with AsyncExitStack() as stack:
        made = []
        for n, kind in enumerate(request.param):
            url = (
                f"sqlite:{tmp_path}/data{n}/fleet.db"
                if kind == "sqlite"
                else await stack.enter_async_context(postgres.schema())
            )
            store = await open_store(url, keys=KeySource(default=tmp_path / f"keys{n}" / "key"))
            stack.push_async_callback(store.close)
            made.append(store)
        yield made[0], made[1]


WAYS = [("sqlite", "postgres"), ("postgres", "sqlite"), ("postgres", "postgres")]


@pytest.mark.parametrize("stores", WAYS, indirect=True)
async def test_everything_arrives_under_the_targets_key(stores: tuple[Store, Store]) -> None:
    source, target = stores
    await fill(source)
    told: list[tuple[str, int]] = []
    copied = await copy_fleet(source, target, lambda *one: told.append(one))
    assert {kind: counted.number for kind, counted in copied.kinds.items()} == {
        "proxies": 39, "users": 1, "settings": 1, "assignments": 1, "sources": 2, "finds": 1, "purchases": 2, "events": 5,
    }  # fmt: skip
    assert copied.leases == 1
    assert told[-2:] == [("proxies", 39), ("events", 5)]
    assert isinstance(source, KeyKeeper)
    assert isinstance(target, KeyKeeper)
    assert source.master.name != target.master.name
    standing = await target.standing()
    assert standing.leases == []
    assert [(hold.kind, hold.holder) for hold in standing.holds] == [(Held.ASSIGNMENT, ANN)]
    assert (await target.put([Proxy(Scheme.HTTP, "new.example", 1)]))[0].proxy.id == 42, "ids are never used twice"
    assert [one.tries for one in (await target.health_since(0.0))[1]] == [pytest.approx(4.0, rel=0.05)]
    assert await target.sheet_memory.agreed() == {"k": {"city": "Bonn"}}
    assert await target.purchase_book.purchases() == await source.purchase_book.purchases()
    assert UNFINISHED not in await target.settings()
    (before,) = (await source.standing()).leases
    claim = Claim(ANN, (Candidate(before.pool, before.slot, before.proxy_id, 5, FOREVER),), 60.0)
    (answer,) = (await target.decide([claim], "n")).answers
    assert answer.leases[0].fence > before.fence, "a token of the source is worth nothing in the copy"


@pytest.mark.parametrize("stores", WAYS[:2], indirect=True)
async def test_only_an_empty_store_is_filled(stores: tuple[Store, Store]) -> None:
    source, target = stores
    await fill(source)
    await target.put([Proxy(Scheme.HTTP, "mine.example", 1)])
    with pytest.raises(StoreUnusable, match="not empty; name a new file"):
        await copy_fleet(source, target, said)
    assert [proxy.host async for batch in target.proxies() for proxy in batch] == ["mine.example"]


@pytest.mark.parametrize("stores", WAYS[:2], indirect=True)
async def test_a_copy_that_was_cut_short_is_no_fleet_and_begins_anew(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = stores
    await fill(source)

    async def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(copying, "_copy_the_rest", killed)
        with pytest.raises(KeyboardInterrupt):
            await copy_fleet(source, target, said)
    for use in (refuse_half_copied(target), copy_fleet(target, source, said)):
        with pytest.raises(StoreUnusable, match="unfinished copy"):
            await use
    assert (await copy_fleet(source, target, said)).kinds["proxies"].number == 39
    await refuse_half_copied(target)


@pytest.mark.parametrize("stores", WAYS[:1], indirect=True)
async def test_a_source_that_changes_meanwhile_is_noticed(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = stores
    await fill(source)
    rest = copying._copy_the_rest

    async def disturbed(*given: object) -> int:
        (proxy,) = await source.some([1])
        await source.change([replace(proxy, password=Secret("another"))])
        return await rest(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "_copy_the_rest", disturbed)
    with pytest.raises(CopyFailed, match=r"proxies differ after the copy \(39 and 39\)"):
        await copy_fleet(source, target, said)
    with pytest.raises(StoreUnusable, match="unfinished copy"):
        await refuse_half_copied(target)


@pytest.mark.parametrize("stores", WAYS[:1], indirect=True)
async def test_every_secret_counts_in_the_checksums_and_none_is_told(stores: tuple[Store, Store]) -> None:
    source, _ = stores
    await fill(source)
    before = await summed(source, b"k" * 32)
    await source.put_source(Source("mine", "own", (Feed("https://x.example/?key=2"),)))
    after = await summed(source, b"k" * 32)
    assert {kind for kind in before if before[kind] != after[kind]} == {"sources"}
    assert {
        kind for kind, one in (await summed(source, b"l" * 32)).items() if one.number and one == after[kind]
    } == set()


async def test_by_url_with_another_key(tmp_path: Path) -> None:
    first = f"sqlite:///{tmp_path}/data/one.db"
    settings = Settings(data_folder=tmp_path, key_default=tmp_path / "keys" / "key")
    async with opened(replace(settings, store=first)) as found:
        await found.store.put([Proxy(Scheme.HTTP, "h", 1, password=Secret("p"))])
    other = tmp_path / "keys" / "other"
    KeySource(file=other).generate(None)
    async with postgres.schema() as second:
        copied = await copy_between(settings, first, second, other, said)
        assert copied.kinds["proxies"].number == 1
        store = await open_store(second, keys=KeySource(file=other))
        await store.close()
    for urls, kind in (
        (("memory:", first), BadStoreUrl),
        ((first, "redis://u:pw@h"), BadStoreUrl),
        ((f"sqlite:///{tmp_path}/data/none.db", second), NoDatabase),
    ):
        with pytest.raises(kind) as caught:
            await copy_between(settings, *urls, None, said)
        assert "pw" not in str(caught.value)


def test_a_fleet_in_memory_cannot_be_moved() -> None:
    with pytest.raises(StoreUnusable, match="ends with its process"):
        mover_of(MemoryStore())
