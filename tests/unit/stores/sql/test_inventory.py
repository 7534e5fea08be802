"""What lies in the table: sealed, bound to its row, and refused when it was touched."""

from dataclasses import replace

import pytest

from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret
from proxyfleet.stores.errors import StoreLocked
from proxyfleet.stores.sql.rotation import rotate
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
async def test_a_touched_or_moved_secret_is_refused_and_stands_in_nobodys_way(
    store: SqliteStore, tampering: str
) -> None:
    """The others are read, this one is told by its id, and a new password or removing it mends it."""
    await store.put(PROXIES)
    await raw(store, tampering)
    touched, other = await everything(store)
    assert other == replace(PROXIES[1], id=2)
    with pytest.raises(SecretLost, match="restore a backup"):
        [touched.password.reveal(), touched.details.refresh_url.reveal()]
    with pytest.raises(StoreLocked, match=r"^proxy 1: .*or remove the proxy$"):
        await store.change([replace(touched, capacity=9)])
    with pytest.raises(StoreLocked, match=r"^proxy 1: .*or remove the proxy$"):
        await rotate(store.database)
    (stored,) = await store.put([PROXIES[0]])
    assert stored.verdict == "updated"
    assert await everything(store) == [replace(PROXIES[0], id=1), other]
    assert await rotate(store.database) == 2, "it goes on where it was stopped"
    await raw(store, tampering)
    assert await store.remove([1]) == 1
    assert await everything(store) == [other]


@pytest.mark.parametrize("column", ["password", "refresh_url"])
async def test_plaintext_cannot_enter_the_table(store: SqliteStore, column: str) -> None:
    await store.put(PROXIES)
    with pytest.raises(Exception, match="ConstraintError"):
        await raw(store, f"UPDATE proxies SET {column} = 'hunter2'")


async def test_only_bare_records_that_their_owner_has_named_are_recalled(store: SqliteStore) -> None:
    """Whoever is recalled is not put again: so it must be one of whom `put` would say duplicate, and change nothing."""
    known = [Proxy(Scheme.HTTP, "a.example", 1), Proxy(Scheme.SOCKS5, "b.example", 2, "u", Secret("p"))]
    await store.put(known)
    await store.gather([Proxy(Scheme.HTTP, "c.example", 3)], "list", 0.0)
    asked = [
        Proxy(Scheme.HTTP, "new.example", 1),
        known[0],
        known[1],
        Proxy(Scheme.SOCKS5, "b.example", 2, "u"),
        Proxy(Scheme.SOCKS5H, "b.example", 2, "u"),
        Proxy(Scheme.HTTP, "a.example", 1, capacity=3),
        Proxy(Scheme.HTTP, "a.example", 1, labels=Labels(country="DE")),
        Proxy(Scheme.HTTP, "c.example", 3),
    ]
    assert await store.recalled(asked) == {1, 3}
    assert {(await store.put([asked[at]]))[0].verdict for at in (1, 3)} == {"duplicate"}
