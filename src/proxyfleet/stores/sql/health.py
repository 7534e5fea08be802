"""Sums of health on a connection: added to, and read. Sync, inside the caller's transaction; the arithmetic is the core's."""

from collections.abc import Sequence

from apsw import Connection

from proxyfleet.core.health.sums import HealthSum, added
from proxyfleet.stores.health_rows import from_row, to_row
from proxyfleet.stores.sql.queries import SQL


def add(connection: Connection, sums: Sequence[HealthSum], now: float) -> None:
    """Add each to what is known; those of proxies that are gone are dropped."""
    for one in sums:
        told = one._replace(at=now)
        row = connection.execute(SQL["health_of"], (one.proxy_id,)).fetchone()
        connection.execute(SQL["put_health"], to_row(told if row is None else added(from_row(row), told)))


def since(connection: Connection, instant: float) -> list[HealthSum]:
    """Those that were added to at or after the instant, by proxy."""
    found = [from_row(row) for row in connection.execute(SQL["health_since"], (instant,))]
    return sorted(found, key=lambda one: one.proxy_id)
