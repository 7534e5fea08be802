"""From a store URL to an open store: the one place that knows which kinds there are. Opens nothing itself."""

import asyncio
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.ports import Store
from proxyfleet.stores.errors import BadStoreUrl, StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.postgres.address import is_postgres
from proxyfleet.vault import KeySource

if TYPE_CHECKING:
    pass

FORMS = (
    "use memory:, sqlite:///fleet.db (in the working folder), sqlite:////srv/fleet.db, the path of a file, "
    "or postgresql://USER:PASSWORD@HOST/DATABASE"
)


async def open_store(url: str, *, keys: KeySource | None = None, clock: Clock = wall_clock) -> Store:
    """The store of that URL: `memory:`, `sqlite:///PATH` (so four slashes make it absolute), `sqlite:PATH`, a bare path, or
    `postgresql://...`.

    `keys` is where the key of sealed passwords comes from. In PostgreSQL the clock of the server decides about claims, not
    `clock`. Raises `BadStoreUrl` and other kinds of `StoreError`.
    """
    if is_postgres(url):
        return await open_postgres(url, keys or KeySource(), clock)
    path = sqlite_path(url)
    if path is None:
        return MemoryStore(clock)
    from proxyfleet.stores.sql.database import open_and_unlock  # only who uses SQLite pays for loading it
    from proxyfleet.stores.sql.store import SqliteStore

    return SqliteStore(await asyncio.to_thread(open_and_unlock, path, keys or KeySource(), clock))


async def open_postgres(url: str, keys: KeySource, clock: Clock, *, make: bool = True) -> Store:
    """A fleet in PostgreSQL. Raises `NoDatabase` when there is none and it is not to be made, and other kinds of `StoreError`."""
    refuse_missing_driver()
    from proxyfleet.stores.postgres.database import open_and_unlock  # only who uses PostgreSQL pays for loading it
    from proxyfleet.stores.postgres.store import PostgresStore

    return PostgresStore(await open_and_unlock(url, keys, clock, make=make))


def refuse_missing_driver() -> None:
    """Raises `StoreUnusable` when what speaks to PostgreSQL is not installed."""
    if importlib.util.find_spec("asyncpg") is None:
        raise StoreUnusable("PostgreSQL needs asyncpg; install it with: pip install 'proxyfleet[postgres]'")


def sqlite_path(url: str) -> Path | None:
    """The file that a store URL names; None for memory."""
    scheme, colon, rest = url.partition(":")
    if not colon:
        scheme, rest = "sqlite", url
    if scheme == "memory" and rest in ("", "//"):
        return None
    if scheme != "sqlite" or not rest:
        raise BadStoreUrl(f"store URL {masked(url)!r} cannot be read; {FORMS}")
    if rest.startswith("//") and not rest.startswith("///"):
        raise BadStoreUrl(f"store URL {url!r} names a host where a path belongs; {FORMS}")
    return Path(rest.removeprefix("///")).expanduser().absolute()


def masked(url: str) -> str:
    """The URL without what may be credentials in it."""
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url
