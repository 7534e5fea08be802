"""Opens the store that the settings name, with its key, and whatever keeps the claims of its fleet."""

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.ports import Claims, Journal, Store
from proxyfleet.settings.places import STORE, sqlite_file
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.errors import NoDatabase, StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.postgres.address import is_postgres
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.names import refuse_claims_elsewhere
from proxyfleet.stores.registry import open_postgres
from proxyfleet.vault.keysource import KeySource

if TYPE_CHECKING:
    from .sheeting import SheetSide

UNFINISHED: Final = "copy_unfinished"
"""The setting that marks the target of a copy until it is whole."""
SHEET: Final = "sheet.spreadsheet"
"""The setting that names the connected sheet; without it there is none."""
Missing = Literal["make", "refuse", "pretend"]
"""What becomes of a database that is not there: made, refused, or an empty store in memory takes its place."""


class Opened(NamedTuple):
    """`claims` is the store itself, whose claims may be in Redis; then `promise` says how durably, else it is empty.

    `sheet` is None when none is connected.
    """

    store: Store
    claims: Claims
    sheet: "SheetSide | None" = None
    promise: str = ""


def key_source(settings: Settings) -> KeySource:
    """Where the key of the stored passwords comes from, in the order of SPEC A6."""
    return KeySource(
        value=settings.key.reveal() if settings.key else None,
        file=Path(settings.key_file).expanduser() if settings.key_file else None,
        default=settings.key_default,
    )


def is_missing(path: Path) -> bool:
    """Whether there is no database: no file, or one that nobody has written to yet."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # opening it will tell what is in the way
    return stat.S_ISREG(facts.st_mode) and facts.st_size == 0


@asynccontextmanager
async def opened(settings: Settings, clock: Clock = wall_clock, *, missing: Missing = "make") -> AsyncIterator[Opened]:
    """The open store, closed at the end. Raises the store's errors, each one line with its remedy.

    Whoever only reads says `missing="refuse"`, or a mistyped name would be answered by a new, empty fleet.
    """
    claims = settings.claims
    try:
        store = await open_plain(settings, clock, key_source(settings), make=missing == "make")
    except NoDatabase:
        if missing == "refuse":
            raise
        store, claims = MemoryStore(clock), STORE
    sheet: SheetSide | None = None
    try:
        store, promise = await _with_claims(store, claims)
        sheet = await _sheet_of(store, settings, clock)
        yield Opened(store, store, sheet, promise)
    finally:
        if sheet is not None:
            sheet.close()
        await store.close()


async def _sheet_of(store: Store, settings: Settings, clock: Clock) -> "SheetSide | None":
    if SHEET not in await store.settings():
        return None
    from .sheeting import sheet_side  # only who has a sheet pays for loading what it needs

    return await sheet_side(store, settings.sheet, clock)


async def _with_claims(store: Store, claims: str) -> tuple[Store, str]:
    """The store whose claims are kept where they belong, and what is promised of them."""
    await refuse_half_copied(store)
    if claims == STORE:
        await refuse_claims_elsewhere(store)
        return store, ""
    try:
        from proxyfleet.stores.redis.fleet import claims_in_redis  # only who uses Redis pays for loading it
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise StoreUnusable("claims in Redis need redis; install it with: pip install 'proxyfleet[redis]'") from None
    fleet = await claims_in_redis(store, redis_address(claims))
    return fleet, fleet.durability.told


async def open_plain(settings: Settings, clock: Clock, keys: KeySource, *, make: bool) -> Store:
    """The store itself, wherever its claims are kept. Raises `NoDatabase` when it is not there and not to be made."""
    if is_postgres(settings.store):
        return await open_postgres(settings.store, keys, clock, make=make)
    path = sqlite_file(settings.store)
    if path is None:
        return MemoryStore(clock)
    if not make and is_missing(path):
        raise NoDatabase(path)
    return await _sqlite(path, settings, clock, keys)


async def _sqlite(path: Path, settings: Settings, clock: Clock, keys: KeySource) -> Store:
    from asyncio import to_thread

    from proxyfleet.stores.sql.database import open_and_unlock  # only who uses SQLite pays for loading it
    from proxyfleet.stores.sql.store import SqliteStore

    if path.parent == settings.data_folder:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteStore(await to_thread(open_and_unlock, path, keys, clock))


async def refuse_half_copied(journal: Journal) -> None:
    """Raises `StoreUnusable` for the target of a copy that was not finished."""
    if UNFINISHED in await journal.settings():
        raise StoreUnusable("this store holds an unfinished copy; run the same `proxyfleet db copy` again")
