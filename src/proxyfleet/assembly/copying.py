"""Copies a whole fleet from one store into another, empty one, and proves it (SPEC: `db copy`). Tells through a callback.

Ids stay, passwords are sealed anew under the target's key. Leases that run are not copied: their holders acquire again.
The target is marked while the copy is unfinished, so that nobody works with half a fleet and the next try starts anew.
"""

import hashlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Final, NamedTuple

from proxyfleet.clock import wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.health.sums import faded
from proxyfleet.core.lease import Held, Hold
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Purchase
from proxyfleet.ports import Store
from proxyfleet.ports.moving import Mover
from proxyfleet.ports.sheet import SheetNote
from proxyfleet.services.limiting import PREFIX
from proxyfleet.settings.places import MEMORY, store_problem
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.errors import BadStoreUrl, StoreUnusable
from proxyfleet.stores.purchase_rows import to_row as to_purchase_row
from proxyfleet.stores.records import to_row
from proxyfleet.vault.keysource import KeySource

from .opening import UNFINISHED, key_source, open_plain, refuse_half_copied

Tell = Callable[[str, int], object]
"""(what, how many so far)."""
PIECE: Final = 1_000
EVERY_PURCHASE: Final = 10_000_000
NOT_MEMORY: Final = "a fleet in memory ends with its process; copy between sqlite:///FILE and postgresql://..."


class CopyFailed(FleetError):
    """What was read back is not what was copied, or the source was changed meanwhile; the target is not to be used."""

    code = "copy_failed"


class Counted(NamedTuple):
    """How many there are of one kind, and a checksum over all of them that means something within one copy only."""

    number: int
    checksum: str


class Copied(NamedTuple):
    """What both stores hold now, by kind; `leases` were running in the source and are not among it."""

    kinds: dict[str, Counted]
    leases: int


class Sum:
    """A checksum over rows in any order, under a key, so that what is shown tells nothing about what was summed."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._number = self._total = 0

    def add(self, rows: Iterable[object]) -> "Sum":
        """These as well."""
        for row in rows:
            text = repr(row).encode("utf-8", "surrogatepass")
            self._total += int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=16).digest(), "big")
            self._number += 1
        return self

    @property
    def result(self) -> Counted:
        """So far."""
        return Counted(self._number, f"{self._total % 2**128:032x}")


def mover_of(store: Store) -> Mover:
    """How whole fleets get in and out of a store of that kind. Raises `StoreUnusable`."""
    if "proxyfleet.stores.postgres.store" in sys.modules:  # never loaded for those who do not use it
        from proxyfleet.stores.postgres.moving import PostgresMover
        from proxyfleet.stores.postgres.store import PostgresStore

        if isinstance(store, PostgresStore):
            return PostgresMover(store.database)
    from proxyfleet.stores.sql.moving import SqliteMover
    from proxyfleet.stores.sql.store import SqliteStore

    if isinstance(store, SqliteStore):
        return SqliteMover(store.database)
    raise StoreUnusable(NOT_MEMORY)


async def copy_between(settings: Settings, source: str, target: str, to_key_file: Path | None, tell: Tell) -> Copied:
    """Open both by URL and copy. Without `to_key_file` both are locked by the key of the settings."""
    for url in (source, target):
        if problem := store_problem(url):
            raise BadStoreUrl(problem)
        if url in MEMORY:
            raise BadStoreUrl(NOT_MEMORY)
    keys = key_source(settings)
    other = keys if to_key_file is None else KeySource(file=to_key_file)
    async with _opened(settings, source, keys, make=False) as one, _opened(settings, target, other, make=True) as two:
        return await copy_fleet(one, two, tell)


@asynccontextmanager
async def _opened(settings: Settings, url: str, keys: KeySource, *, make: bool) -> AsyncIterator[Store]:
    store = await open_plain(replace(settings, store=url), wall_clock, keys, make=make)
    try:
        yield store
    finally:
        await store.close()


async def copy_fleet(source: Store, target: Store, tell: Tell) -> Copied:
    """Copy and verify. Raises `StoreUnusable` for a target that is not empty, `CopyFailed`, and the stores' errors."""
    await refuse_half_copied(source)
    await _begin(target)
    await _copy_proxies(source, mover_of(target), await mover_of(source).last_id(), tell)
    leases = await _copy_the_rest(source, target, tell)
    key = secrets.token_bytes(32)
    before, after = await summed(source, key), await summed(target, key)
    for kind, there in before.items():
        if there != after[kind]:
            raise CopyFailed(
                f"{kind} differ after the copy ({there.number} and {after[kind].number}): the source was changed "
                "meanwhile, or a record was damaged; stop its nodes and copy again"
            )
    await target.put_setting(UNFINISHED, None)
    return Copied(after, leases)


async def _begin(target: Store) -> None:
    mover = mover_of(target)
    if UNFINISHED in await target.settings():
        await mover.clear()
    elif not await mover.is_empty():
        raise StoreUnusable("the target is not empty; name a new file, or another database or schema")
    await target.put_setting(UNFINISHED, "1")


async def _copy_proxies(source: Store, mover: Mover, last_id: int, tell: Tell) -> None:
    count = 0
    await mover.load([], last_id)
    async for piece in pieces(source):
        await mover.load(piece, last_id)
        count += len(piece)
        tell("proxies", count)


async def pieces(store: Store) -> AsyncIterator[Sequence[Proxy]]:
    """All proxies, some at a time."""
    async for batch in store.proxies():
        for start in range(0, len(batch), PIECE):
            yield batch[start : start + PIECE]


async def _copy_the_rest(source: Store, target: Store, tell: Tell) -> int:
    """Everything but the proxies; how many leases were running."""
    mover, standing = mover_of(target), await source.standing()
    for user in await source.users():
        await target.put_user(user)
    for name, value in (await lasting(source)).items():
        await target.put_setting(name, value)
    await mover.load_holds(_lasting(standing.holds))
    await mover.load_fences(await mover_of(source).fences())
    await mover.load_sources(await source.sources())
    await mover.load_finds(await mover_of(source).finds())
    now, health = await source.health_since(0.0)
    await target.add_health([faded(one, now) for one in health])
    await _copy_events(source, target, tell)
    await _copy_sheet(source, target)
    await mover.load_purchases(await _purchases(source))
    return len(standing.leases)


async def lasting(store: Store) -> dict[str, str]:
    """The settings that are not about this instant."""
    settings = await store.settings()
    return {name: value for name, value in settings.items() if name != UNFINISHED and not name.startswith(PREFIX)}


async def _copy_events(source: Store, target: Store, tell: Tell) -> None:
    after, count = 0, 0
    while found := await source.events(after, limit=PIECE):
        await target.record_events([one.event for one in found])
        after, count = found[-1].number, count + len(found)
        tell("events", count)


async def _copy_sheet(source: Store, target: Store) -> None:
    memory = source.sheet_memory
    note = SheetNote(await memory.agreed(), await memory.open_writes(), (), await memory.claiming())
    await target.sheet_memory.note(note)


async def _purchases(store: Store) -> list[Purchase]:
    """All of them, oldest first."""
    return (await store.purchase_book.purchases(limit=EVERY_PURCHASE))[::-1]


def _lasting(holds: Iterable[Hold]) -> list[Hold]:
    return [hold for hold in holds if hold.kind in (Held.ASSIGNMENT, Held.COOLING)]


async def summed(store: Store, key: bytes) -> dict[str, Counted]:
    """What a store holds, by kind."""
    proxies, events = Sum(key), Sum(key)
    async for piece in pieces(store):
        proxies.add(_plain(proxy) for proxy in piece)
    after = 0
    while found := await store.events(after, limit=PIECE):
        events.add(enumerate((one.event for one in found), events.result.number))
        after = found[-1].number
    settings = await lasting(store)
    sources = [astuple(entry) for entry in await store.sources()]
    assigned = [hold for hold in (await store.standing()).holds if hold.kind is Held.ASSIGNMENT]
    rest: dict[str, Iterable[object]] = {
        "users": await store.users(),
        "settings": settings.items(),
        "assignments": assigned,
        "sources": sources,
        "finds": await mover_of(store).finds(),
        "purchases": map(to_purchase_row, await _purchases(store)),
    }
    sums = {"proxies": proxies.result} | {kind: Sum(key).add(rows).result for kind, rows in rest.items()}
    return sums | {"events": events.result}


def _plain(proxy: Proxy) -> tuple[object, ...]:
    """All fields; the secrets as they are, because they are what must not get lost."""
    return proxy.id, *to_row(proxy, b"", lambda _, secret, __: secret.reveal())
