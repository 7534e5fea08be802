"""One look at one source: every feed and page of it fetched, read in slices, and handed on in batches.

Whatever goes wrong with a feed costs that feed only and ends up as a line of the report; nothing here raises for what a
stranger has sent. How it is stored, and what a ledger makes of it, is `refreshing`'s business.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, Literal, NamedTuple

from proxyfleet.clock import Clock
from proxyfleet.core.errors import BadProxy, FleetError
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Feed, Gathered, Source
from proxyfleet.ports import Fetched
from proxyfleet.services.entries import Additions, proxy_from
from proxyfleet.services.persisting import Persistence, Validators, digest
from proxyfleet.tasks import Tasks
from proxyfleet.wire.text.entry import Verdict
from proxyfleet.wire.text.reasons import REASONS

Rows = Callable[[Source, Feed, Iterable[bytes]], Iterator[Verdict]]
"""A verdict for every row of one answer."""
Keep = Callable[[Sequence[Proxy]], Awaitable[Gathered]]
"""Stores a batch, whole or not at all."""
Outcome = Literal["ok", "unchanged", "partial", "failed"]

SLICE: Final = 0.001
"""Seconds of CPU between two turns of the loop, roughly: rows of one format cost ten times those of another."""
LEAST_ROWS, MOST_ROWS = 8, 400
BATCH: Final = 1_000
"""Proxies of one commit: whoever waits for the store meanwhile, waits some ten milliseconds."""
LONGEST_VALIDATOR: Final = 256
REPEATED: Final = Gathered(duplicate=1)


@dataclass(slots=True)
class Look:
    """What came of one look. The rows add up: read = added + updated + duplicate + rejected, by reason code.

    `problems` is what went wrong, each once, also where other feeds went well. `validators` are for the next look.
    """

    source: str
    outcome: Outcome = "failed"
    read: int = 0
    added: int = 0
    updated: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    retry_after: float = 0.0
    seconds: float = 0.0
    validators: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @property
    def valid(self) -> int:
        """Rows that hold a proxy, known before or not."""
        return self.added + self.updated + self.duplicate

    def complain(self, problem: str) -> None:
        """Tell a problem once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def reject(self, reason: str) -> None:
        """Count a row that holds no proxy."""
        self.read += 1
        self.rejected[reason] = self.rejected.get(reason, 0) + 1

    def settle(self, told: Gathered) -> None:
        """Count rows that hold one."""
        self.read += sum(told)
        self.added += told.added
        self.updated += told.updated
        self.duplicate += told.duplicate


class Page(NamedTuple):
    """One answer: its rows, how many of them hold a proxy and how many of those were not seen before; else why none does."""

    rows: int = 0
    valid: int = 0
    new: int = 0
    why: str = ""


class Turns:
    """What all looks of a round share, so that many at once cost their neighbours no more than one: one slice is parsed
    and one batch stored at a time.
    """

    def __init__(self) -> None:
        self.parsing = asyncio.Lock()
        self.storing = asyncio.Lock()
        # A thread of its own: the loop's are also for resolving names, and those of dead hosts may take them all for long.
        self._parser = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proxyfleet-parser")

    async def first(self, verdicts: Iterator[Verdict]) -> Verdict | None:
        """The first verdict, which may take parsing a whole document; None when there is none."""
        return await asyncio.get_running_loop().run_in_executor(self._parser, next, verdicts, None)

    def close(self) -> None:
        """Let the thread end."""
        self._parser.shutdown(wait=False, cancel_futures=True)


class Desk(NamedTuple):
    """How rows are read and where they go. `keep` gets each place and protocol once; `additions` are said of all; `effort` is
    seconds of CPU, by which slices are cut.
    """

    rows: Rows
    keep: Keep
    additions: Additions
    turns: Turns
    effort: Clock


class Looking:
    """`run` once. `validators` make requests conditional."""

    def __init__(self, source: Source, persistence: Persistence, desk: Desk, validators: Validators) -> None:
        self.look = Look(source.name)
        self._source = source
        self._persistence = persistence
        self._desk = desk
        self._validators = validators
        self._seen: set[int] = set()
        """Hashes, because a list may be long and there may be many at once; two of 200,000 agree by a chance of 1 in 10^9."""
        self._fine: list[Outcome] = []
        self._broken: FleetError | None = None

    async def run(self) -> Look:
        """All feeds at once. Raises what `keep` raises, and for nothing else."""
        tasks, longest = Tasks(), self._persistence.patience.longest
        try:
            async with asyncio.timeout(longest):
                name = f"feed of {self._source.name}"
                await asyncio.gather(*(tasks.spawn(self._feed(feed), name=name) for feed in self._source.feeds))
        except TimeoutError:
            self.look.complain(f"took over {longest:g} s in all")
        finally:
            await tasks.close()
        if self._broken is not None:
            raise self._broken
        self.look.outcome = self._outcome()
        return self.look

    def _outcome(self) -> Outcome:
        if self.look.problems:
            return "partial" if self._fine else "failed"
        return "unchanged" if set(self._fine) == {"unchanged"} else "ok"

    async def _feed(self, feed: Feed) -> None:
        try:
            if feed.paged:
                await self._pages(feed)
            else:
                await self._ask(feed)
        except FleetError as error:  # the store is away: no fault of the source, and no use in going on
            self._broken = self._broken or error

    async def _pages(self, feed: Feed) -> None:
        """Page by page until one brings nothing new: pages move while they are read, and some sites never end."""
        rows, most = 0, self._persistence.patience.pages
        for number in range(1, most + 1):
            page = await self._ask(feed.page(number, rows), number)
            if not page.new or self._is_full:
                return
            rows += page.rows
        self.look.complain(f"goes on after {most} pages, which were not read")

    async def _ask(self, feed: Feed, number: int = 0) -> Page:
        """One answer. A first one without any proxy is a failure, a later one the end."""
        async with self._persistence.get(feed, self._validators) as fetched:
            if fetched.outcome == "ok":
                page = await self._read(feed, fetched.body)
                if not page.valid and number < 2:
                    self.look.complain(page.why)
                    return page
                told = (_usable(fetched.etag), _usable(fetched.modified))
                if not number and any(told):
                    self.look.validators[digest(feed.url)] = told
                self._fine.append("ok")
                return page
            self._without_body(feed, fetched)
            return Page()

    def _without_body(self, feed: Feed, fetched: Fetched) -> None:
        if fetched.outcome == "unchanged":
            self.look.validators[digest(feed.url)] = self._validators[digest(feed.url)]
            self._fine.append("unchanged")
        elif fetched.outcome == "absent" and feed.may_be_absent:
            self._fine.append("ok")
        else:
            self.look.complain(fetched.problem)
            self.look.retry_after = max(self.look.retry_after, fetched.retry_after or 0.0)

    # rows -----------------------------------------------------------------------------------------------------------

    @property
    def _is_full(self) -> bool:
        return len(self._seen) >= self._persistence.patience.most

    async def _read(self, feed: Feed, body: Iterator[bytes]) -> Page:
        """Take every row in, with turns for others between; a document is parsed beside the loop, at its first row."""
        verdicts, turns = self._desk.rows(self._source, feed, body), self._desk.turns
        first = await turns.first(verdicts)
        rest = chain((first,) if first else (), verdicts)
        known, rows, valid, batch, reasons = len(self._seen), 0, 0, list[Proxy](), Counter[str]()
        size = LEAST_ROWS
        while True:
            async with turns.parsing:
                await asyncio.sleep(0)
                began = self._desk.effort()
                piece = list(islice(rest, size))
                valid += self._take(piece, batch, reasons)
                size = next_size(size, self._desk.effort() - began)
            if not piece:
                break
            rows = piece[-1].line
            if len(batch) >= BATCH:
                batch = await self._flush(batch)
            if self._is_full:
                self.look.complain(f"names over {self._persistence.patience.most:,} proxies; the rest was not read")
                break
        await self._flush(batch)
        return Page(rows, valid, len(self._seen) - known, "" if valid else _why_nothing(reasons))

    def _take(self, piece: list[Verdict], batch: list[Proxy], reasons: Counter[str]) -> int:
        """Put the proxies that were not seen before into the batch; how many of the rows hold a proxy."""
        seen, look, additions, valid = self._seen, self.look, self._desk.additions, 0
        for verdict in piece:
            entry = verdict.entry
            if entry is None:
                reason = verdict.reason or "no_proxy"
                look.reject(reason)
                reasons[reason] += 1
                continue
            extras = entry.extras
            told = (entry.scheme, entry.host, entry.port, entry.username, extras.protocols if extras else ())
            key = hash(told)
            if key in seen:
                look.settle(REPEATED)
                valid += 1
                continue
            try:
                batch.append(proxy_from(entry, additions))
            except BadProxy:
                look.reject("bad_value")
                reasons["bad_value"] += 1
                continue
            seen.add(key)
            valid += 1
        return valid

    async def _flush(self, batch: list[Proxy]) -> list[Proxy]:
        """Store a batch; an empty one to go on with."""
        if batch:
            async with self._desk.turns.storing:
                self.look.settle(await self._desk.keep(batch))
        return []


def _usable(validator: str | None) -> str | None:
    """A validator that can be sent back; whatever else a server may send is left out."""
    fine = (
        validator is not None
        and len(validator) <= LONGEST_VALIDATOR
        and validator.isascii()
        and validator.isprintable()
    )
    return validator if fine else None


def next_size(size: int, took: float) -> int:
    """How many rows the next slice has, when one of `size` rows took so many seconds."""
    if took > SLICE:
        return max(LEAST_ROWS, size // 2)
    return min(MOST_ROWS, size * 2) if took < SLICE / 2 else size


def _why_nothing(reasons: Counter[str]) -> str:
    """An empty answer is told apart from one of which every row was refused."""
    if not reasons:
        return "answered with nothing"
    code, count = reasons.most_common(1)[0]
    meaning = REASONS[code].meaning if code in REASONS else code
    return f"holds no proxy in {reasons.total()} rows, {count} of them: {meaning}"
