"""What lies in the table: sealed, bound to its row, and refused when it was touched."""

import pytest

from proxyfleet.core.proxy import Details, Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sql.inventory import sealed_values
from proxyfleet.stores.sql.store import SqliteStore

PROXIES = [
    Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret(f"canary-{n}"), details=Details(refresh_url=Secret("https://canary")))
    for n in (1, 2)
]


async def raw(store: SqliteStore, sql: str) -> list[object]:
    return await store.database.write(lambda connection: list(connection.execute(sql)))


async def everything(store: SqliteStore) -> list[Proxy]:
    return [proxy async for batch in store.proxies() for proxy in batch]


async def test_no_secret_lies_in_the_table(store: SqliteStore) -> None:
    await store.put(PROXIES)
    rows = await raw(store, "SELECT * FROM proxies")
    assert "canary" not in str(rows)
    assert str(rows).count("pf1.") == 4


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE proxies SET password = (SELECT password FROM proxies WHERE id = 2) WHERE id = 1",
        "UPDATE proxies SET password = refresh_url WHERE id = 1",
        "UPDATE proxies SET uuid = zeroblob(16) WHERE id = 1",
        "UPDATE proxies SET password = substr(password, 1, 40) WHERE id = 1",
        "UPDATE proxies SET password = 'pf1.00000000.' || substr(password, 14) WHERE id = 1",
    ],
)
async def test_a_touched_or_moved_secret_is_refused_with_the_proxy(store: SqliteStore, tampering: str) -> None:
    await store.put(PROXIES)
    await raw(store, tampering)
    with pytest.raises(StoreLocked, match=r"^proxy 1: .*or remove the proxy$"):
        await everything(store)
    assert await store.remove([1]) == 1
    assert len(await everything(store)) == 1


@pytest.mark.parametrize("column", ["password", "refresh_url"])
async def test_plaintext_cannot_enter_the_table(store: SqliteStore, column: str) -> None:
    await store.put(PROXIES)
    with pytest.raises(Exception, match="ConstraintError"):
        await raw(store, f"UPDATE proxies SET {column} = 'hunter2'")


async def test_equal_passwords_in_a_row_are_one_object(store: SqliteStore) -> None:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, "u", Secret("same")) for n in range(3)])
    assert len({id(proxy.password) for proxy in await everything(store)}) == 1


def test_secrets_are_counted() -> None:
    assert sealed_values([*PROXIES, Proxy(Scheme.HTTP, "h", 1)]) == 4
