"""Gets the tab and what guards it: one call for the cells and the fleet's mark together, another for merges and protections.

What it gives is what Google answered, judged; whether that can be believed is decided by whoever asked.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from proxyfleet.clock import Clock
from proxyfleet.core.mirrored import Said
from proxyfleet.wire.text.checks import Rules

from .a1 import quoted
from .caller import Caller
from .calls import Call, Json
from .cells import plain
from .columns import ADDRESS, USES, layout_of
from .document import FIELDS, Document, Tab, document_of
from .errors import SheetForeign, SheetNotFound, SheetRefused, SheetUnusable
from .snapshot import Line, Snapshot, snapshot
from .undo import Log, log_of

MARK: Final = "proxyfleet"
"""The title of the tab that says which fleet the spreadsheet belongs to."""
LOOK_EVERY: Final = 600.0
"""Seconds after which merges and protections are looked at again."""


class Place(NamedTuple):
    """Which tab of which spreadsheet is the sheet of which fleet."""

    spreadsheet: str
    tab: int
    fleet: str


class Fetched(NamedTuple):
    """The tab, and what the last write to it has noted."""

    snapshot: Snapshot
    log: Log | None


class Fetcher:
    """Reads one tab."""

    def __init__(self, caller: Caller, place: Place, rules: Rules, clock: Clock) -> None:
        self._caller, self._place, self._rules, self._clock = caller, place, rules, clock
        self._document: Document | None = None
        self._looked = 0.0
        self._hidden: frozenset[tuple[int, int]] = frozenset()

    def mark(self) -> Tab:
        """Our own hidden tab, as it was when it was looked at."""
        found = None if self._document is None else self._document.titled(MARK)
        if found is None:
            raise SheetUnusable(f"the tab {MARK!r} is gone; run `proxyfleet sheet connect` again")
        return found

    @property
    def title(self) -> str:
        """What the tab is called now."""
        return self._tab.title

    @property
    def _tab(self) -> Tab:
        tabs = {} if self._document is None else self._document.tabs
        if self._place.tab not in tabs:
            raise SheetNotFound("the tab that was connected is gone; run `proxyfleet sheet connect` again")
        return tabs[self._place.tab]

    async def look(self) -> Document:
        """Which tabs, merges and protections there are now."""
        query = (("fields", FIELDS),)
        self._document = document_of(
            await self._caller.call(Call("GET", f"/{self._place.spreadsheet}", "looking at the spreadsheet", query))
        )
        self._looked = self._clock()
        self._hidden = self._tab.covered()
        return self._document

    async def fetch(self) -> Fetched:
        """The tab. Raises `SheetUnusable`, `SheetForeign` and what `Caller.call` raises."""
        if self._document is None or self._clock() - self._looked > LOOK_EVERY:
            await self.look()
        try:
            return await self._fetch()
        except SheetRefused as refusal:
            if "Unable to parse range" not in str(refusal):
                raise
        await self.look()  # the tab was given another name
        return await self._fetch()

    async def _fetch(self) -> Fetched:
        at, ranges = self._clock(), [quoted(self.title), quoted(MARK)]
        lines, marks = await self._values("UNFORMATTED_VALUE", ranges)
        if not marks:  # an answer without anything in it has been seen where there was a lot
            lines, marks = await self._values("UNFORMATTED_VALUE", ranges)
        check_mark(marks, self._place.fleet)
        layout = layout_of(lines)
        if layout is None:
            raise SheetUnusable(
                f"tab {self.title!r} has no row of headings with a column for host and one for port, or for proxy; "
                "write one, or run `proxyfleet sheet template`"
            )
        return Fetched(snapshot(lines, layout, self._rules, at, self._hidden), log_of(marks))

    async def _values(self, how: str, ranges: Iterable[str]) -> list[list[Line]]:
        query = (
            *(("ranges", one) for one in ranges),
            ("valueRenderOption", how),
            ("dateTimeRenderOption", "SERIAL_NUMBER"),
        )
        told = await self._caller.call(
            Call("GET", f"/{self._place.spreadsheet}/values:batchGet", "reading the sheet", query)
        )
        found: list[Json] = told.get("valueRanges") or []
        lines: list[list[Line]] = [one.get("values") or [] for one in found]
        return lines + [[]] * (2 - len(lines))

    async def formulas(self, now: Snapshot, edits: Mapping[str, Said]) -> frozenset[tuple[int, int]]:
        """Cells (from 0) of what is to be written that hold formulas; asks only where people may have put some.

        Rows that moved since `now` was read count as formulas, so that they are left alone this time.
        """
        edits = {key: said for key, said in edits.items() if key in now.rows}
        names = {name for said in edits.values() for name in said} - set(USES)
        if not names & now.layout.columns.keys():
            return frozenset()
        lines, _ = await self._values("FORMULA", [quoted(self.title)])
        found: set[tuple[int, int]] = set()
        for key, said in edits.items():
            for number in now.rows[key].rows:
                line = lines[number - 1] if number <= len(lines) else []
                stays = _same_address(line, now.lines[number - 1], now)
                places = ((number - 1, at) for name in said if (at := now.layout.columns.get(name)) is not None)
                found |= {place for place in places if not stays or _is_formula(line, place[1])}
        return frozenset(found)

    def obstacle(self, row: int, column: int, formulas: frozenset[tuple[int, int]]) -> str | None:
        """Why a cell must not be written, as a code of `problems`; None when it may."""
        if (row, column) in self._hidden:
            return "merged_cells"
        if self.is_guarded(row, column):
            return "protected_cells"
        return "formula" if (row, column) in formulas else None

    def is_guarded(self, row: int, column: int) -> bool:
        """Whether a protection keeps us from writing there."""
        return self._tab.is_guarded(row, column)


def _same_address(line: Line, before: Line, now: Snapshot) -> bool:
    places = [now.layout.columns[name] for name in ADDRESS if name in now.layout.columns]
    pairs = [(_at(line, at), _at(before, at)) for at in places]
    return all(one == other or one.startswith("=") for one, other in pairs)


def _at(line: Line, column: int) -> str:
    return plain(line[column]) if column < len(line) else ""


def _is_formula(line: Line, column: int) -> bool:
    return _at(line, column).startswith("=")


def check_mark(lines: list[Line], fleet: str) -> None:
    """The spreadsheet must say that it is ours; one that says nothing was perhaps not answered whole."""
    found = next((plain(line[1]) for line in lines if len(line) > 1 and plain(line[0]) == "fleet"), None)
    if found is None:
        raise SheetUnusable(
            f"the tab {MARK!r} that says whose sheet this is cannot be read; nothing is done. "
            "If it was deleted, run `proxyfleet sheet connect` again"
        )
    if found != fleet:
        raise SheetForeign(
            f"the spreadsheet belongs to the fleet {found}, this one is {fleet}; use another spreadsheet, "
            "or `proxyfleet sheet connect --take-over`"
        )
