"""Gateway users and run-time settings on a connection, inside the caller's transaction; hashes and values are opaque."""

from proxyfleet.ports import GatewayUser
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.feed import tell
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.user_rows import rules_of, user_of


async def users(connection: Connection) -> list[GatewayUser]:
    """All gateway users, by name."""
    return [user_of(name, key_hash, rules) for name, key_hash, rules in await connection.fetch(SQL["users"])]


async def put_user(connection: Connection, user: GatewayUser) -> None:
    """Add or replace."""
    await connection.execute(SQL["put_user"], user.name, user.key_hash, rules_of(user))
    await tell(connection, "users")


async def remove_user(connection: Connection, name: str) -> bool:
    """False when there was nobody of that name."""
    gone = await connection.fetchval(SQL["remove_user"], name) is not None
    if gone:
        await tell(connection, "users")
    return gone


async def settings(connection: Connection) -> dict[str, str]:
    """Name to value."""
    return {row[0]: row[1] for row in await connection.fetch(SQL["settings"])}


async def put_setting(connection: Connection, name: str, value: str | None) -> None:
    """Set, or forget with None."""
    if value is None:
        await connection.execute(SQL["remove_setting"], name)
    else:
        await connection.execute(SQL["put_setting"], name, value)
