"""Imports lists: verdicts of the parser in, records into an inventory, a report out that accounts for every line.

Each line that was read has exactly one verdict: added, updated, duplicate, ambiguous (stored, but the line has another
sensible reading) or rejected with a reason code, so the counts add up to `read`. One bad line never loses a good one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Inventory, Recalling
from proxyfleet.services.entries import Additions, proxy_from
from proxyfleet.wire.text.entry import Verdict

BATCH: Final = 10_000
LINES_CAP: Final = 1_000
"""How many single verdicts a report keeps; the counts are always complete."""

Identity = tuple[str, str, int, str | None]


class LineVerdict(NamedTuple):
    """One line that is no plain success. `text` is masked: it never shows a password."""

    source: str
    line: int
    verdict: str
    reason: str | None
    text: str


@dataclass(slots=True)
class ImportReport:
    """Counts of all sources together; `rejected` by reason code. `lines_left_out` did not fit under the cap."""

    read: int = 0
    added: int = 0
    updated: int = 0
    duplicate: int = 0
    ambiguous: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    doubtful: list[LineVerdict] = field(default_factory=list)
    repeated: list[LineVerdict] = field(default_factory=list)
    lines_left_out: int = 0
    failed_sources: list[str] = field(default_factory=list)
    """Why sources could not be read, one line each."""

    @property
    def valid(self) -> int:
        """Lines that hold a proxy, known before or not."""
        return self.added + self.updated + self.duplicate + self.ambiguous

    @property
    def lines(self) -> list[LineVerdict]:
        """Rejected and ambiguous lines; duplicates as far as there is room left under the cap."""
        room = LINES_CAP - len(self.doubtful)
        return sorted([*self.doubtful, *self.repeated[:room]], key=lambda one: (one.source, one.line))

    def as_json(self) -> dict[str, object]:
        """What programs get."""
        lines = self.lines
        left_out = self.lines_left_out + len(self.doubtful) + len(self.repeated) - len(lines)
        return {
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "duplicate": self.duplicate,
            "ambiguous": self.ambiguous,
            "rejected": dict(sorted(self.rejected.items())),
            "failed_sources": self.failed_sources,
            "lines": [one._asdict() for one in lines],
            "lines_cap": LINES_CAP,
            "lines_capped": left_out > 0,
            "lines_left_out": left_out,
        }

    def reject(self, source: str, verdict: Verdict, reason: str) -> None:
        """Count one line that holds no proxy."""
        self.rejected[reason] = self.rejected.get(reason, 0) + 1
        self._keep(self.doubtful, LineVerdict(source, verdict.line, "rejected", reason, verdict.excerpt))

    def settle(self, source: str, verdict: Verdict, outcome: str) -> None:
        """Count one line that holds a proxy; `outcome` is added, updated or duplicate."""
        if outcome == "duplicate":
            self.duplicate += 1
            self._keep(self.repeated, LineVerdict(source, verdict.line, outcome, None, ""))
        elif verdict.ambiguous:
            self.ambiguous += 1
            text = "" if verdict.entry is None else repr(verdict.entry)
            self._keep(self.doubtful, LineVerdict(source, verdict.line, "ambiguous", None, text))
        elif outcome == "updated":
            self.updated += 1
        else:
            self.added += 1

    def _keep(self, kept: list[LineVerdict], line: LineVerdict) -> None:
        if len(kept) < LINES_CAP:
            kept.append(line)
        else:
            self.lines_left_out += 1


class Import:
    """One import of one or several sources into one inventory; what repeats within it is a duplicate.

    `tell` gets the number of lines read after each batch, for a progress bar.
    """

    def __init__(
        self, inventory: Inventory, *, dry_run: bool = False, tell: Callable[[int], None] | None = None
    ) -> None:
        self.report = ImportReport()
        self._inventory = inventory
        self._dry_run = dry_run
        self._tell = tell
        self._seen: set[Identity] = set()
        self._repeating = False
        """Whether most of the last batch was known already: then it is worth asking for that first."""

    async def take(self, verdicts: Iterable[Verdict], source: str, additions: Additions) -> None:
        """Store what a source holds; `source` names it in the report. Each batch is stored whole or not at all."""
        rest = iter(verdicts)
        while batch := list(islice(rest, BATCH)):
            await self._store(source, list(self._fresh(batch, source, additions)))
            self.report.read += len(batch)
            if self._tell is not None:
                self._tell(self.report.read)

    def _fresh(self, batch: list[Verdict], source: str, additions: Additions) -> Iterator[tuple[Verdict, Proxy]]:
        """Those of a batch that are to be stored; the others are counted here."""
        for verdict in batch:
            if verdict.entry is None:
                self.report.reject(source, verdict, verdict.reason or "no_proxy")
                continue
            try:
                proxy = proxy_from(verdict.entry, additions)
            except BadProxy:
                self.report.reject(source, verdict, "bad_value")
                continue
            if (identity := proxy.identity) in self._seen:
                self.report.settle(source, verdict, "duplicate")
                continue
            self._seen.add(identity)
            yield verdict, proxy

    async def _store(self, source: str, fresh: list[tuple[Verdict, Proxy]]) -> None:
        proxies = [proxy for _, proxy in fresh]
        recalled: set[int] = set()
        if self._repeating and isinstance(self._inventory, Recalling):
            recalled = await self._inventory.recalled(proxies)
        rest = [proxy for at, proxy in enumerate(proxies) if at not in recalled] if recalled else proxies
        stored = iter(await self._inventory.put(rest, dry_run=self._dry_run) if rest else ())
        before = self.report.duplicate
        for at, (verdict, _) in enumerate(fresh):
            self.report.settle(source, verdict, "duplicate" if at in recalled else next(stored).verdict)
        self._repeating = 2 * (self.report.duplicate - before) > len(fresh)
