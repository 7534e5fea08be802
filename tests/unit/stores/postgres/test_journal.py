"""Users with what they may be served from, and settings."""

from proxyfleet.ports import GatewayUser
from proxyfleet.stores.postgres.store import PostgresStore


async def test_users_keep_their_selector_and_changes_are_told(store: PostgresStore) -> None:
    start = (await store.inventory_news(None)).position
    user = GatewayUser("ann", "h", "country=DE")
    await store.put_user(user)
    assert await store.users() == [user]
    told = await store.inventory_news(start)
    assert (told.users, told.ids) == (True, frozenset())
    assert await store.remove_user("nobody") is False
    assert not (await store.inventory_news(told.position)).users
    assert await store.remove_user("ann") is True
    assert (await store.inventory_news(told.position)).users


async def test_names_are_sorted_as_memory_sorts_them(store: PostgresStore) -> None:
    for name in ("b", "Z", "a", "ä", "_"):
        await store.put_user(GatewayUser(name, "h"))
        await store.put_setting(name, name)
    assert [user.name for user in await store.users()] == sorted(["b", "Z", "a", "ä", "_"])
    assert await store.settings() == {name: name for name in sorted(["b", "Z", "a", "ä", "_"])}
