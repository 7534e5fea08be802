"""Sums of health on a connection: added to behind the inventory's lock, and read. The arithmetic is the core's."""

import json
from collections.abc import Sequence

from proxyfleet.core.health.sums import HealthSum, added
from proxyfleet.stores.postgres.driver import Connection, Row, columns
from proxyfleet.stores.postgres.queries import SQL


async def add(connection: Connection, sums: Sequence[HealthSum], shift: float) -> None:
    """Add each to what is known; those of proxies that are gone are dropped."""
    now = await connection.fetchval(SQL["now"], shift)
    known = {row[0]: _read(row) for row in await connection.fetch(SQL["health_of"], [one.proxy_id for one in sums])}
    for one in sums:
        told = one._replace(at=now)
        known[one.proxy_id] = added(known[one.proxy_id], told) if one.proxy_id in known else told
    rows = [
        (*one[:4], json.dumps({n: round(count, 3) for n, count in one.bins.items()}), one.at) for one in known.values()
    ]
    await connection.execute(SQL["put_health"], *columns(rows, 6))


async def since(connection: Connection, instant: float, shift: float) -> tuple[float, list[HealthSum]]:
    """The instant now, and those that were added to at or after the other one, by proxy."""
    now = await connection.fetchval(SQL["now"], shift)
    return now, [_read(row) for row in await connection.fetch(SQL["health_since"], instant)]


def _read(row: Row) -> HealthSum:
    bins = {int(number): count for number, count in json.loads(row[4]).items()}
    return HealthSum(row[0], row[1], row[2], row[3], bins, row[5])
