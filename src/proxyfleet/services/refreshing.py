"""Looks at many sources at once, stores what they name, and keeps their ledgers (SPEC B2, B3).

A source that fails keeps its last good set, waits longer each time, and is switched off when it has failed too often; it
costs nobody else anything. When every source of a round fails, the fault is probably on this side and is nobody's.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Gathered, Source, SourceEntry
from proxyfleet.ports import Inventory, SourceBook
from proxyfleet.services.entries import Additions
from proxyfleet.services.ledgers import after_failure, after_success
from proxyfleet.services.looking import Desk, Keep, Look, Looking, Rows, Turns
from proxyfleet.services.persisting import Persistence, Validators
from proxyfleet.tasks import Tasks

Note = Callable[[Event], None]
Tell = Callable[[Look], None]
Place = tuple[str, int, str | None]
EVERY = "all"
"""The subject of an event that is about all sources of a round."""


class Shelf(Inventory, SourceBook, Protocol):
    """Where proxies and ledgers are kept."""


class Asked(NamedTuple):
    """A source to be looked at, and what is kept of it."""

    source: Source
    entry: SourceEntry


@dataclass(slots=True)
class Round:
    """What came of looking at several sources, in the order in which they were asked for.

    `ours`: every one of several failed, which is counted against none.
    """

    looks: list[Look] = field(default_factory=list)
    ours: bool = False

    @property
    def added(self) -> int:
        """Proxies that the fleet did not have."""
        return sum(look.added for look in self.looks)

    @property
    def failed(self) -> list[Look]:
        """Those of which nothing came."""
        return [look for look in self.looks if look.outcome == "failed"]


@dataclass(frozen=True, slots=True)
class Refresh:
    """`clock` is UTC seconds, `timer` measures, `effort` is CPU seconds of this thread; `note` gets what happened.

    After `give_up` failures in a row a source is switched off. `checked_only`: proxies of free sources are not handed out
    before they are proven (SPEC rule 6).
    """

    shelf: Shelf
    persistence: Persistence
    rows: Rows
    clock: Clock
    timer: Clock
    effort: Clock
    note: Note
    give_up: int = 8
    checked_only: bool = True

    async def run(self, asked: Sequence[Asked], *, dry_run: bool = False, tell: Tell | None = None) -> Round:
        """Look at all of them; `tell` gets each look as it ends. A dry run stores nothing and asks unconditionally.

        Raises `StoreError` when the store is away; what was stored before stays.
        """
        tasks, turns = Tasks(), Turns()
        trial: set[Place] | None = set() if dry_run else None
        try:
            work = [tasks.spawn(self._one(one, turns, trial, tell), name=f"source {one.source.name}") for one in asked]
            found = await asyncio.gather(*work, return_exceptions=True)
        finally:
            await tasks.close()
            turns.close()
        told = Round([_look(one, result) for one, result in zip(asked, found, strict=True)])
        told.ours = len(told.looks) > 1 and len(told.failed) == len(told.looks)
        if not dry_run:
            await self._count_failures(asked, told)
        return told

    async def _one(self, asked: Asked, turns: Turns, trial: set[Place] | None, tell: Tell | None) -> Look | FleetError:
        source, began = asked.source, self.timer()
        additions = Additions(source=source.name, require_check=source.free and self.checked_only)
        try:
            known = {} if trial is not None else await self._validators(asked)
            desk = Desk(self.rows, self._keeping(source, trial), additions, turns, self.effort)
            look = await Looking(source, self.persistence, desk, known).run()
            look.seconds = self.timer() - began
            if trial is None and look.outcome != "failed":
                await self._went_well(asked, look)
        except FleetError as error:  # the store's; told once, not once for each source
            return error
        if tell is not None:
            tell(look)
        return look

    async def _validators(self, asked: Asked) -> Validators:
        """None where the inventory holds nothing of the source (any more): an unchanged answer would be no use then."""
        known = asked.entry.ledger.validators
        return known if known and await self.shelf.has_gathered(asked.source.name) else {}

    def _keeping(self, source: Source, trial: set[Place] | None) -> Keep:
        """How proxies of that source are stored: as finds, or as an import would."""

        async def gather(proxies: Sequence[Proxy]) -> Gathered:
            dry = trial is not None
            return await self.shelf.gather(proxies, source.name, self.clock(), trusted=source.trusted, dry_run=dry)

        async def put(proxies: Sequence[Proxy]) -> Gathered:
            stored = await self.shelf.put(proxies, dry_run=trial is not None)
            return Gathered(*(sum(one.verdict == verdict for one in stored) for verdict in Gathered._fields))

        store = gather if source.free else put
        return store if trial is None else _tried(store, trial)

    # what is remembered ---------------------------------------------------------------------------------------------

    async def _went_well(self, asked: Asked, look: Look) -> None:
        source, ledger, now = asked.source, asked.entry.ledger, self.clock()
        chance = self.persistence.rng.random()
        await self.shelf.put_ledger(source.name, after_success(ledger, look, source, now, chance))
        if ledger.failures:
            reason = f"answers again after {ledger.failures} failures"
            self.note(Event(Happened.SOURCE_RECOVERED, now, reason=reason, subject=source.name))
        self._tell_added(look, now)

    def _tell_added(self, look: Look, now: float) -> None:
        """Also of a look that failed in the end: what was stored before that stays."""
        if look.added:
            reason = f"{look.added:,} new among {look.read:,} rows"
            self.note(Event(Happened.PROXIES_ADDED, now, reason=reason, subject=look.source, count=look.added))

    async def _count_failures(self, asked: Sequence[Asked], told: Round) -> None:
        if told.ours:
            reason = f"every one of {len(told.looks)} sources failed; is this machine online?"
            self.note(Event(Happened.SOURCE_FAILED, self.clock(), reason=reason, subject=EVERY))
        for one, look in zip(asked, told.looks, strict=True):
            if look.outcome == "failed":
                await self._failed(one, look, ours=told.ours)

    async def _failed(self, asked: Asked, look: Look, *, ours: bool) -> None:
        source, entry, now = asked.source, asked.entry, self.clock()
        ledger = after_failure(entry.ledger, look, source, now, ours=ours)
        await self.shelf.put_ledger(source.name, ledger)
        self._tell_added(look, now)
        if ledger.failures == 1 and not ours:
            self.note(Event(Happened.SOURCE_FAILED, now, reason=ledger.last_error or "", subject=source.name))
        if not ours and ledger.failures >= self.give_up and entry.switched is not False:
            because = f"failed {ledger.failures} times in a row, at last: {ledger.last_error}"
            await self.shelf.switch_source(source.name, False, because)
            self.note(Event(Happened.SOURCE_DISABLED, now, reason=because, subject=source.name))


def _look(asked: Asked, result: "Look | FleetError | BaseException | object") -> Look:
    """A look as it ended. Raises what the store raised; an error of our own is one line of the report."""
    if isinstance(result, Look):
        return result
    if isinstance(result, FleetError) or not isinstance(result, Exception):
        raise result if isinstance(result, BaseException) else TypeError(f"{result!r} is no look")
    return Look(
        asked.source.name, problems=[f"could not be read: {type(result).__name__}, an error of proxyfleet itself"]
    )


def _tried(store: Keep, trial: set[Place]) -> Keep:
    """A dry run stores nothing, so what it would have stored before has to be remembered: it is a duplicate from then on."""

    async def keep(proxies: Sequence[Proxy]) -> Gathered:
        fresh = {(one.host, one.port, one.username): one for one in reversed(proxies)}
        new = [one for place, one in fresh.items() if place not in trial]
        trial.update(fresh)
        told = await store(new)
        return told._replace(duplicate=told.duplicate + len(proxies) - len(new))

    return keep
