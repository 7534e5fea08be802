"""What lies in the table: sealed and bound to its row; who waits when terms change, and who does not."""

import asyncio
from dataclasses import replace

import pytest

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.lease import FOREVER, Holder
from proxyfleet.core.orders import Candidate, Claim, Granted
from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.stores.errors import StoreError, StoreLocked
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.store import PostgresStore

PROXIES = [
    Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret(f"canary-{n}"), details=Details(refresh_url=Secret("https://canary")))
    for n in (1, 2)
]


async def everything(store: PostgresStore) -> list[Proxy]:
    return [proxy async for batch in store.proxies() for proxy in batch]


async def generation(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT generation FROM inventory_state"))


async def test_no_secret_lies_in_the_table(store: PostgresStore, connection: Connection) -> None:
    await store.put(PROXIES)
    rows = [tuple(row) for row in await connection.fetch("SELECT * FROM proxies")]
    assert "canary" not in str(rows)
    assert str(rows).count("pf1.") == 4


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE proxies SET password = (SELECT password FROM proxies WHERE id = 2) WHERE id = 1",
        "UPDATE proxies SET password = refresh_url WHERE id = 1",
        "UPDATE proxies SET uuid = decode(repeat('00', 16), 'hex') WHERE id = 1",
        "UPDATE proxies SET password = substr(password, 1, 40) WHERE id = 1",
        "UPDATE proxies SET password = 'pf1.00000000.' || substr(password, 14) WHERE id = 1",
    ],
)
async def test_a_touched_or_moved_secret_is_refused_and_stands_in_nobodys_way(
    store: PostgresStore, connection: Connection, tampering: str
) -> None:
    await store.put(PROXIES)
    await connection.execute(tampering)
    touched, other = await everything(store)
    assert other == replace(PROXIES[1], id=2)
    assert touched.password is not None
    assert touched.details is not None
    with pytest.raises(SecretLost, match="restore a backup"):
        [touched.password.reveal(), touched.details.refresh_url.reveal()]  # type: ignore[union-attr]
    with pytest.raises(StoreLocked, match=r"^proxy 1: .*or remove the proxy$"):
        await store.change([replace(touched, capacity=9)])
    with pytest.raises(StoreLocked, match=r"^proxy 1: .*or remove the proxy$"):
        await store.rotate()
    assert await store.remove([1]) == 1
    assert len(await everything(store)) == 1


@pytest.mark.parametrize("column", ["password", "refresh_url"])
async def test_plaintext_cannot_enter_the_table(store: PostgresStore, connection: Connection, column: str) -> None:
    await store.put(PROXIES)
    with pytest.raises(Exception, match="check constraint"):
        await connection.execute(f"UPDATE proxies SET {column} = 'hunter2'")


async def test_two_nodes_import_the_same_list_at_once(store: PostgresStore, other: PostgresStore) -> None:
    wanted = [Proxy(Scheme.HTTP, f"h{n}", 1) for n in range(300)]
    one, two = await asyncio.gather(store.put(wanted), other.put(list(reversed(wanted))))
    assert sorted(answer.verdict for answer in [*one, *two]) == ["added"] * 300 + ["duplicate"] * 300
    assert [proxy.id for proxy in await everything(store)] == list(range(1, 301))


async def test_only_changed_terms_hold_claims_up(store: PostgresStore, connection: Connection) -> None:
    (answer,) = await store.put([Proxy(Scheme.HTTP, "h", 1, capacity=5, expires_at=9e9)])
    known, start = answer.proxy, await generation(connection)
    await store.put([Proxy(Scheme.HTTP, "h", 1, labels=Labels(country="DE")), Proxy(Scheme.HTTP, "new", 1)])
    await store.change([replace(known, status=Status.ACTIVE, details=Details(notes="n"))])
    assert await generation(connection) == start, "nothing that a grant depends on"
    for n, fields in enumerate(({"capacity": 2}, {"expires_at": 8e9}, {"status": Status.DISABLED}), start=1):
        await store.change([replace(known, **fields)])
        assert await generation(connection) == start + n
        await store.change([known])
        start += 1
    await store.put([Proxy(Scheme.HTTP, "h", 1, capacity=1)])
    assert await generation(connection) == start + 4
    await store.remove([known.id])
    assert await generation(connection) == start + 5


async def test_a_change_of_terms_waits_for_grants_and_grants_see_it(
    store: PostgresStore, other: PostgresStore, connection: Connection
) -> None:
    (answer,) = await store.put([Proxy(Scheme.HTTP, "h", 1, capacity=5)])
    async with connection.transaction():
        await connection.execute("SELECT share_terms_lock()")  # a grant that is being committed elsewhere
        lowering = asyncio.ensure_future(store.change([replace(answer.proxy, capacity=1)]))
        await asyncio.sleep(0.2)
        assert not lowering.done()
    await lowering
    claim = Claim(Holder("ann"), (Candidate(1, 3, 1, 5, FOREVER),), 60.0)
    granted = (await other.decide([claim, claim], "n")).answers
    assert [len(one.leases) for one in granted if isinstance(one, Granted)] == [1, 0]


async def test_what_cannot_be_stored_is_told_and_changes_nothing(store: PostgresStore) -> None:
    with pytest.raises(StoreError, match="NUL character"):
        await store.put([Proxy(Scheme.HTTP, "h", 1), Proxy(Scheme.HTTP, "i", 1, details=Details(notes="a\0b"))])
    with pytest.raises(StoreError, match="half a surrogate pair"):
        await store.put([Proxy(Scheme.HTTP, "i", 1, labels=Labels(city="\ud800"))])
    assert await everything(store) == []
    assert (await store.put([Proxy(Scheme.HTTP, "h", 1)]))[0].proxy.id == 1
