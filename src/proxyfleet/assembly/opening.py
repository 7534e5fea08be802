"""Opens the store that the settings name, with its key, and notices when another process has changed it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.ports import Store
from proxyfleet.settings.places import sqlite_file
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.vault.keysource import KeySource

Revision = Callable[[], Awaitable[int]]


class Opened(NamedTuple):
    """`revision` answers with another number after somebody else's commit; None where nobody else can commit."""

    store: Store
    revision: Revision | None


def key_source(settings: Settings) -> KeySource:
    """Where the key of the stored passwords comes from, in the order of SPEC A6."""
    return KeySource(
        value=settings.key.reveal() if settings.key else None,
        file=Path(settings.key_file).expanduser() if settings.key_file else None,
        default=settings.key_default,
    )


@asynccontextmanager
async def opened(settings: Settings, clock: Clock = wall_clock) -> AsyncIterator[Opened]:
    """The open store, closed at the end. Raises the store's errors, each one line with its remedy."""
    path = sqlite_file(settings.store)
    found = Opened(MemoryStore(), None) if path is None else await _sqlite(path, settings, clock)
    try:
        yield found
    finally:
        await found.store.close()


async def _sqlite(path: Path, settings: Settings, clock: Clock) -> Opened:
    from asyncio import to_thread

    from proxyfleet.stores.sql.database import open_and_unlock  # only who uses SQLite pays for loading it
    from proxyfleet.stores.sql.store import SqliteStore

    if path.parent == settings.data_folder:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = await to_thread(open_and_unlock, path, key_source(settings), clock)

    async def revision() -> int:
        # The reading connection's data version moves with every commit of any other connection (sqlite.org/pragma).
        return int(await database.read(lambda connection: connection.pragma("data_version")) or 0)

    return Opened(SqliteStore(database), revision)
