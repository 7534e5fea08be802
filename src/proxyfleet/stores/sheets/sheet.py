"""The sheet itself: read in one call, written in one call, rows found by identity, and nothing that moved left unnoticed.

A write is noted in the store beside before it leaves, and takes along what it overwrites (`undo`). From its answer, or from
any later read, it is known which rows it hit and what stood there. Cells that were hit by mistake, and edits that were
covered, are given to everybody as people left them, and are put back by the next write.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from types import MappingProxyType
from typing import Any, Final

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.mirrored import Identity, Said, key_of, remembered
from proxyfleet.ports.sheet import CellProblem, Landing, Locks, OpenWrite, Repair, SheetMemory, SheetNote, SheetReading
from proxyfleet.wire.text.checks import Rules

from . import undo
from .a1 import block
from .batch import SEEN, CellEdit, append_request, body_of, requests, seen_in
from .caller import Caller, Sleep
from .calls import Call, Json
from .columns import MIRRORED, SHOWN, USES
from .errors import SheetBusy, SheetRefused, SheetUnavailable
from .fetching import Fetched, Fetcher, Place
from .settling import Outcome, Sent, Stray, located, outcome_after_a_crash, outcome_of
from .snapshot import Snapshot, snapshot

log = logging.getLogger("proxyfleet.sheets")

LOCK: Final = "sheet"
PATIENCE: Final = 30.0
"""Seconds to wait for a turn, besides those after which a process that died loses it."""
LOOK_AGAIN: Final = 0.5
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
"""Any: stands for empty mappings of several types."""


@dataclass(frozen=True, slots=True)
class Options:
    """`cache`: seconds that a reading serves; `allow_private` accepts addresses that are not globally routable.

    `vault`: secrets are kept out of the sheet, also out of what a write takes along. A process that does nothing at the sheet
    for `turn` seconds within its turn counts as dead; it must be more than one call may take.
    """

    cache: float = 60.0
    allow_private: bool = False
    vault: bool = False
    turn: float = 60.0


class GoogleSheet:
    """`ports.Sheet`. Whoever reads in order to write does both within one `turn`."""

    def __init__(
        self,
        caller: Caller,
        place: Place,
        memory: SheetMemory,
        locks: Locks,
        *,
        options: Options | None = None,
        clock: Clock = wall_clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.place, self.caller = place, caller
        self._options = options or Options()
        self._rules = Rules(allow_private=self._options.allow_private)
        self._fetcher = Fetcher(caller, place, self._rules, clock)
        self._memory, self._locks, self._clock, self._sleep = memory, locks, clock, sleep
        self._snapshot: Snapshot | None = None
        self._reading: SheetReading | None = None
        self._stale = True
        self._sent: dict[str, Sent] = {}
        """Writes by id, while it is not known what became of all of them."""
        self._mending: list[tuple[str, CellEdit]] = []
        self._mended: list[str] = []
        self._agreed: Mapping[str, Said] = NOTHING
        self._mutex = asyncio.Lock()
        self._in_turn = False
        self._owner = token_hex(8)

    # turns ----------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Have the sheet to oneself, in this process and among those that share the store. Raises `SheetBusy`."""
        async with self._mutex:
            waited = 0.0
            while not await self._locks.take_lock(LOCK, self._owner, self._options.turn):
                if waited >= self._options.turn + PATIENCE:
                    raise SheetBusy("another process of this fleet works on the sheet; try again, or stop it")
                await self._sleep(LOOK_AGAIN)
                waited += LOOK_AGAIN
            self._in_turn = True
            try:
                yield
            finally:
                self._in_turn = False
                await self._locks.release_lock(LOCK, self._owner)

    async def _keep_turn(self) -> None:
        """Before each call. Raises `SheetBusy` where this process was so slow that another one has the turn now."""
        if self._in_turn and not await self._locks.take_lock(LOCK, self._owner, self._options.turn):
            raise SheetBusy("this process was too slow, and another one works on the sheet now; try again")

    # reading --------------------------------------------------------------------------------------------------------

    @property
    def age(self) -> float | None:
        """Seconds since the sheet was read; None before the first time."""
        return None if self._snapshot is None else max(self._clock() - self._snapshot.at, 0.0)

    @property
    def extra(self) -> tuple[str, ...]:
        """Headings of the people's own columns in the last reading."""
        return () if self._snapshot is None else self._snapshot.layout.extra

    @property
    def guarded(self) -> list[CellProblem]:
        """For each column of assignments the first row of the last reading that a protection keeps us from writing."""
        return [] if self._snapshot is None else [one for name in USES for one in self._guarded(self._snapshot, name)]

    def _guarded(self, now: Snapshot, name: str) -> list[CellProblem]:
        at = now.layout.columns.get(name)
        numbers = (number for row in now.rows.values() for number in row.rows) if at is not None else ()
        first = min((one for one in numbers if self._fetcher.is_guarded(one - 1, at or 0)), default=None)
        return [] if first is None else [CellProblem(first, now.layout.heading(name), "protected_cells")]

    async def read(self, *, fresh: bool = False) -> SheetReading:
        """See `ports.Sheet`. While Google is away the last reading serves whoever does not need a fresh one."""
        known = self._reading
        if known is not None and not fresh and not self._stale and self._clock() - known.at < self._options.cache:
            return known
        try:
            return await self._read()
        except SheetUnavailable:
            if known is None or fresh:
                raise
            return known

    async def _read(self) -> SheetReading:
        await self._keep_turn()
        found = await self._fetcher.fetch()
        self._snapshot, self._stale = found.snapshot, False
        self._reading = await self._settled(found) if self._in_turn else found.snapshot.reading
        return self._reading

    async def _settled(self, found: Fetched) -> SheetReading:
        """Settle what is open: rows that show what was written are done, cells hit by mistake are put aside to be mended."""
        now, writes = found.snapshot, await self._memory.open_writes()
        batch = [write for write in writes if found.log is not None and write.id.startswith(found.log.id)]
        agreed = await self._memory.agreed({write.key for write in batch}) if batch else dict[str, Said]()
        outcome = self._outcome(found, batch, agreed)
        done = [write for write in batch if write.key not in outcome.missed]
        edits, repairs = _to_mend(outcome.strays, now)
        left = [write.id for write in writes if write not in done]
        landed = {write.key: {**agreed.get(write.key, {}), **write.said} for write in done}
        closed = [write.id for write in done] + ([] if edits else left)
        if closed:
            await self._memory.note(SheetNote(agreed=landed, closed=closed))
        self._mending = [(now.key_at(edit.row + 1) or "", edit) for edit in edits]
        self._mended = left if edits else []
        if not edits:
            self._sent.clear()
            return now.reading
        for one in repairs:
            log.warning("action=repair meant=%s found=%s column=%s", one.meant, one.found, one.column)
        return _with(now, edits, self._rules).reading._replace(repairs=repairs)

    def _outcome(self, found: Fetched, batch: Sequence[OpenWrite], agreed: dict[str, Said]) -> Outcome:
        """What became of the last write; nothing is known of one that the sheet's log does not name: it never arrived."""
        if found.log is None:
            return Outcome(frozenset(), ())
        sent = self._sent.get(found.log.id)
        if sent is not None:
            return outcome_of(sent, found.log)
        if not batch:
            return Outcome(frozenset(), ())
        return outcome_after_a_crash(batch, found.log, found.snapshot.layout, agreed, self.place.fleet)

    # writing --------------------------------------------------------------------------------------------------------

    async def write(
        self,
        edits: Mapping[str, Said],
        rows: Sequence[tuple[Identity, Said]] = (),
        agreed: Mapping[str, Said] = NOTHING,
    ) -> Landing:
        """See `ports.Sheet`; what went astray before is put right by the same call."""
        now = self._snapshot
        if now is None:
            raise SheetUnavailable("the sheet has not been read yet; nothing can be written")
        cells, blocked = await self._cells(edits, now)
        await self._keep_turn()
        self._agreed = agreed
        appended = {key_of(identity): said for identity, said in rows}
        if not cells and not rows and not self._mending:
            return Landing(frozenset(), blocked)
        try:
            landed = await self._send(now, cells, appended)
        except SheetRefused as refusal:
            if not refusal.protected:
                raise
            more = await self._protected(cells)
            if not more:
                raise
            kept = [one for one in cells if one[0] not in more]
            landed = await self._send(now, kept, appended) if kept or rows else frozenset()
            blocked |= more
        return Landing(landed, blocked)

    async def _cells(
        self, edits: Mapping[str, Said], now: Snapshot
    ) -> tuple[list[tuple[str, CellEdit]], dict[str, CellProblem]]:
        """The cells to write, by key, and the rows of which some cannot be written, with the first reason."""
        formulas = await self._fetcher.formulas(now, edits)
        cells: list[tuple[str, CellEdit]] = []
        blocked: dict[str, CellProblem] = {}
        for key, said in edits.items():
            found, problems = self._cells_of(key, said, now, formulas)
            if problems:
                blocked[key] = next(iter(problems.values()))
            record_is_whole = not problems.keys() & set(USES)
            cells += [(key, edit) for edit in found if record_is_whole or edit.name not in USES]
        return within(cells, undo.ROWS - len(self._mending)), blocked

    def _cells_of(
        self, key: str, said: Said, now: Snapshot, formulas: frozenset[tuple[int, int]]
    ) -> tuple[list[CellEdit], dict[str, CellProblem]]:
        """The same of one proxy, in all its rows."""
        found: list[CellEdit] = []
        problems: dict[str, CellProblem] = {}
        row = now.rows.get(key)
        columns = [(name, text, now.layout.columns[name]) for name, text in said.items() if name in now.layout.columns]
        if row is not None and "password" in said and "password" not in now.layout.columns:
            problems["password"] = CellProblem(row.rows[0], now.layout.heading("proxy"), "in_address")
        for number in () if row is None else row.rows:
            for name, text, at in columns:
                code = self._fetcher.obstacle(number - 1, at, formulas)
                if code is not None:
                    if name != SHOWN:  # people's own count of the days may stand there
                        problems.setdefault(name, CellProblem(number, now.layout.heading(name), code))
                    continue
                dated = name == "expires_at" and bool(text) and now.cell(number, name) in (None, "")
                found.append(CellEdit(number - 1, at, name, text, dated=dated))
        return found, problems

    async def _protected(self, cells: Sequence[tuple[str, CellEdit]]) -> dict[str, CellProblem]:
        """The rows that a protection keeps from being written, after a look at what is protected now."""
        await self._fetcher.look()
        layout = self._snapshot.layout if self._snapshot else None
        return {
            key: CellProblem(edit.row + 1, layout.heading(edit.name) if layout else "", "protected_cells")
            for key, edit in cells
            if self._fetcher.obstacle(edit.row, edit.column, frozenset()) == "protected_cells"
        }

    async def _send(
        self, now: Snapshot, cells: Sequence[tuple[str, CellEdit]], appended: Mapping[str, Said]
    ) -> frozenset[str]:
        """One call; the keys that it reached."""
        targets = {(edit.row, edit.column) for _, edit in cells}
        mending = [one for one in self._mending if (one[1].row, one[1].column) not in targets]
        sent = Sent(token_hex(8), now, (*cells, *mending))
        opened = self._opened(sent.id, cells, appended)
        await self._memory.note(SheetNote(opened=list(opened.values())))
        self._stale = True
        try:
            told = await self.caller.call(self._call(sent, appended))
        except SheetUnavailable as error:
            if not error.sent:
                await self._close(opened.values())
            else:
                self._sent[sent.id] = sent
            raise
        except SheetRefused:
            await self._close(opened.values())
            raise
        return await self._landed(sent, told, opened)

    def _opened(
        self, write_id: str, cells: Sequence[tuple[str, CellEdit]], appended: Mapping[str, Said]
    ) -> dict[str, OpenWrite]:
        """What to note before the write leaves, by key."""
        texts: dict[str, Said] = {}
        rows: dict[str, int] = {}
        for key, edit in cells:
            if edit.name != SHOWN:  # nobody reads it
                texts.setdefault(key, {})[edit.name] = edit.text
                rows.setdefault(key, edit.row + 1)
        # Not what makes the identity: one column for whole addresses would bring the password with it.
        texts |= {
            key: {name: text for name, text in said.items() if name in MIRRORED} for key, said in appended.items()
        }
        for key, said in texts.items():
            known = self._agreed.get(key, NOTHING)
            if said.keys() & known.keys():  # else those cells are not written, for something is in the way
                said.update(known)
        at, fleet = self._clock(), self.place.fleet
        return {
            key: OpenWrite(f"{write_id}-{nth}", key, rows.get(key, 0), remembered(said, fleet), at)
            for nth, (key, said) in enumerate(texts.items())
        }

    async def _close(self, opened: Collection[OpenWrite]) -> None:
        await self._memory.note(SheetNote(closed=[write.id for write in opened]))

    def _call(self, sent: Sent, appended: Mapping[str, Said]) -> Call:
        tab, mark, layout = self.place.tab, self._fetcher.mark(), sent.stood_on.layout
        edits = [edit for _, edit in sent.cells]
        wide = undo.LEFT + layout.width
        more = {"sheetId": mark.id, "dimension": "COLUMNS", "length": wide - mark.columns}
        changes: list[Json] = [{"appendDimension": more}] if wide > mark.columns else []
        changes += undo.requests(sent.id, mark.id, tab, layout, edits, vault=self._options.vault)
        changes += requests(tab, edits)
        if appended:
            changes.append(append_request(tab, layout, list(appended.values())))
        rows = len({edit.row for edit in edits})
        seen = block(mark.title, 0, 0, undo.TOP + 1 + rows, wide)
        path = f"/{self.place.spreadsheet}:batchUpdate"
        return Call("POST", path, "writing the sheet", (("fields", SEEN),), body_of(changes, [seen]))

    async def _landed(self, sent: Sent, told: Json, opened: Mapping[str, OpenWrite]) -> frozenset[str]:
        """Note what is done; what was missed stays open until the next read has found where it is now."""
        log_now = undo.log_of(seen_in(told))
        if log_now is None or log_now.id != sent.id:  # an answer that shows nothing tells nothing
            self._sent[sent.id] = sent
            return frozenset()
        outcome = outcome_of(sent, log_now)
        for stray in outcome.strays:
            log.warning(
                "action=write astray=%s found=%s column=%s", stray.meant, stray.key or stray.row + 1, stray.heading
            )
        reached = frozenset({*opened, *(key for key, _ in sent.cells)} - outcome.missed)
        landed = {key: write for key, write in opened.items() if key in reached}
        agreed = await self._memory.agreed(landed) if landed else dict[str, Said]()
        merged: dict[str, Said | None] = {key: {**agreed.get(key, {}), **write.said} for key, write in landed.items()}
        done = [write.id for write in landed.values()] + ([] if outcome.strays else self._mended)
        await self._memory.note(SheetNote(agreed=merged, closed=done))
        self._sent = {sent.id: sent} if outcome.strays else {}
        self._mending, self._mended = [], []
        return reached


def within(cells: Sequence[tuple[str, CellEdit]], most: int) -> list[tuple[str, CellEdit]]:
    """As many whole rows as one write may touch; the others are left for the next one."""
    rows = list(dict.fromkeys(edit.row for _, edit in cells))
    kept = set(rows[: max(most, 0)])
    left = {key for key, edit in cells if edit.row not in kept}
    return [one for one in cells if one[0] not in left]


def _to_mend(strays: Sequence[Stray], now: Snapshot) -> tuple[list[CellEdit], tuple[Repair, ...]]:
    """Where the cells are now that must get back what they held."""
    edits: dict[tuple[int, int], CellEdit] = {}
    repairs: list[Repair] = []
    for stray in strays:
        at = located(stray, now)
        if at is not None and at not in edits:
            edits[at] = CellEdit(*at, "", "", stray.before, is_raw=True)
            repairs.append(Repair(stray.meant, stray.key or f"row {at[0] + 1}", stray.heading))
    return list(edits.values()), tuple(repairs)


def _with(found: Snapshot, edits: Sequence[CellEdit], rules: Rules) -> Snapshot:
    """The snapshot as it would be with these raw cells."""
    lines = [list(line) for line in found.lines]
    for edit in edits:
        line = lines[edit.row]
        line.extend([None] * (edit.column + 1 - len(line)))
        line[edit.column] = edit.raw
    return snapshot(lines, found.layout, rules, found.at, found.hidden)
