"""Looks at a fleet in PostgreSQL without needing its key, and brings it to the schema of this program on request (SPEC A7).

Looking changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from proxyfleet.stores.errors import NoDatabase
from proxyfleet.stores.postgres.address import Address, address_of
from proxyfleet.stores.postgres.database import WRITES
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.keys import key_rows
from proxyfleet.stores.postgres.lane import Lane
from proxyfleet.stores.postgres.migrating import Migrated, Step, migrate, newer, refuse_old, steps_in, version_of
from proxyfleet.stores.postgres.queries import SQL

T = TypeVar("T")


class Look(NamedTuple):
    """`schema` is the fleet's, `newest` this program's; `size` is bytes, `server` PostgreSQL's version.

    `keys` names the keys without which the passwords cannot be read. Rows and keys of a newer schema are not judged.
    """

    place: str
    schema: int
    newest: int
    rows: dict[str, int]
    keys: tuple[str, ...]
    size: int
    server: str
    trouble: str | None


async def look(url: str, steps: Sequence[Step] | None = None) -> Look:
    """Read the figures of a fleet. Raises `NoDatabase` where there is none, and other kinds of `StoreError`."""
    address, newest = address_of(url), (steps or steps_in())[-1].version

    async def job(connection: Connection) -> Look:
        schema = await version_of(connection, address)
        if not schema:
            raise NoDatabase(address.shown)
        server = str(await connection.fetchval("SELECT current_setting('server_version')"))
        if schema > newest:
            return Look(address.shown, schema, newest, {}, (), 0, server, newer(address, schema, newest))
        proxies, users, size = await connection.fetchrow(SQL["figures"]) or (0, 0, 0)
        keys = tuple(sorted({row.master for row in await key_rows(connection)}))
        return Look(address.shown, schema, newest, {"proxies": proxies, "users": users}, keys, size, server, None)

    return await _once(address, job)


async def upgrade(url: str, steps: Sequence[Step] | None = None) -> Migrated:
    """Bring the fleet to the newest schema, all or nothing. Raises `NoDatabase`, `StoreUnusable` and other `StoreError`."""
    address = address_of(url)

    async def job(connection: Connection) -> Migrated:
        await refuse_old(connection, address)
        if not await version_of(connection, address):
            raise NoDatabase(address.shown)
        return await migrate(connection, address, steps)

    return await _once(address, job)


async def _once(address: Address, job: Callable[[Connection], Awaitable[T]]) -> T:
    lane = Lane(address, WRITES, 120.0, Random())
    try:
        return await lane.run(job)
    finally:
        await lane.close()
