"""From a store URL to an open store: the one place that knows which kinds there are. Opens nothing itself."""

import asyncio
from pathlib import Path

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.ports import Store
from proxyfleet.stores.errors import BadStoreUrl
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.vault import KeySource

FORMS = "use memory:, sqlite:///fleet.db (in the working folder), sqlite:////srv/fleet.db or the path of a file"


async def open_store(url: str, *, keys: KeySource | None = None, clock: Clock = wall_clock) -> Store:
    """The store of that URL: `memory:`, `sqlite:///PATH` (so four slashes make it absolute), `sqlite:PATH`, or a bare path.

    `keys` is where the key of sealed passwords comes from. Raises `BadStoreUrl` and other kinds of `StoreError`.
    """
    path = sqlite_path(url)
    if path is None:
        return MemoryStore()
    from proxyfleet.stores.sql.database import open_and_unlock  # only who uses SQLite pays for loading it
    from proxyfleet.stores.sql.store import SqliteStore

    return SqliteStore(await asyncio.to_thread(open_and_unlock, path, keys or KeySource(), clock))


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
