"""Brings a fleet's schema to that of this program by numbered SQL files, all in one transaction (SPEC A7).

One node at a time, under an advisory lock; another waits and finds it done. Knows versions and files, not what tables mean.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.postgres.address import Address
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL

DIRECTORY = Path(__file__).with_name("migrations")
OLDEST = 130_000
"""Transaction numbers of 64 bits, on which the feed stands, are there from PostgreSQL 13 on."""
LOCK = 1_885_760_630


class Step(NamedTuple):
    """One migration: `version` is the schema it leads to."""

    version: int
    sql: str


class Migrated(NamedTuple):
    """The version before (0: there was nothing) and after."""

    before: int
    after: int


def steps_in(directory: Path = DIRECTORY) -> list[Step]:
    """The migrations `NNNN_name.sql` of a directory, by number."""
    files = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Step(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in files]


async def version_of(connection: Connection, address: Address) -> int:
    """The version in the database, 0 where there is none. Raises `StoreUnusable` for a schema that is not ours."""
    tables = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", address.schema)
    names = {name for (name,) in tables}
    if not names:
        return 0
    if not {"meta", "proxies"} <= names:
        raise StoreUnusable(
            f"{address.shown}: schema {address.schema} belongs to another program; choose one by ?schema=NAME"
        )
    return int(await connection.fetchval(SQL["version"]) or 0)


async def migrate(connection: Connection, address: Address, steps: Sequence[Step] | None = None) -> Migrated:
    """Apply what is missing. Raises `StoreUnusable` for an old server, a foreign schema and one newer than this program."""
    steps = steps_in() if steps is None else steps
    await refuse_old(connection, address)
    newest = steps[-1].version
    before = await version_of(connection, address)
    if before < newest:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK, address.schema)
            before = await version_of(connection, address)  # again: another node may have been quicker
            await _apply(connection, address, [step for step in steps if step.version > before])
    if before > newest:
        raise StoreUnusable(newer(address, before, newest))
    return Migrated(before, newest)


async def refuse_old(connection: Connection, address: Address) -> None:
    """Raises `StoreUnusable` for a server that lacks what the feed needs."""
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')"))
    if number < OLDEST:
        raise StoreUnusable(
            f"{address.shown} is PostgreSQL {number // 10_000}; use version {OLDEST // 10_000} or newer"
        )


def newer(address: Address, version: int, newest: int) -> str:
    """What is said of a schema that this program is too old for."""
    return f"{address.shown} has schema {version}, this program knows {newest}; use the newer program that wrote it"


async def _apply(connection: Connection, address: Address, steps: Sequence[Step]) -> None:
    there = await connection.fetchval("SELECT true FROM pg_namespace WHERE nspname = $1", address.schema)
    if not there:  # not IF NOT EXISTS, which asks for the privilege even when it has nothing to do
        await connection.execute(f"CREATE SCHEMA {address.schema}")
    for step in steps:
        if step.version == 1:
            await connection.execute("CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL)")
        await connection.execute(step.sql)
        await connection.execute(
            "INSERT INTO meta VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            str(step.version),
        )
