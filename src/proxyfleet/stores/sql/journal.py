"""Gateway users and run-time settings on a connection. Sync, inside the caller's transaction; hashes and values are opaque."""

from apsw import Connection

from proxyfleet.ports import GatewayUser
from proxyfleet.stores.sql.queries import SQL
from proxyfleet.stores.user_rows import rules_of, user_of


def users(connection: Connection) -> list[GatewayUser]:
    """All gateway users, by name."""
    return [user_of(str(name), str(key), str(rules)) for name, key, rules in connection.execute(SQL["users"])]


def put_user(connection: Connection, user: GatewayUser) -> None:
    """Add or replace."""
    connection.execute(SQL["put_user"], (user.name, user.key_hash, rules_of(user)))


def remove_user(connection: Connection, name: str) -> bool:
    """False when there was nobody of that name."""
    return connection.execute(SQL["remove_user"], (name,)).get is not None


def settings(connection: Connection) -> dict[str, str]:
    """Name to value."""
    return {str(name): str(value) for name, value in connection.execute(SQL["settings"])}


def put_setting(connection: Connection, name: str, value: str | None) -> None:
    """Set, or forget with None."""
    if value is None:
        connection.execute(SQL["remove_setting"], (name,))
    else:
        connection.execute(SQL["put_setting"], (name, value))
