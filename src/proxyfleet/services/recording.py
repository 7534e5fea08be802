"""Brings events to the journal: whoever has one notes it without waiting, and now and then what has gathered is kept in one go.

A store that is away costs nothing until `MOST` events wait; then the oldest are dropped, and how many is told.
"""

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from proxyfleet.core.events import Event, Happened

log = logging.getLogger("proxyfleet.events")

MOST: Final = 20_000
BATCH: Final = 2_000


class Diary(Protocol):
    """The part of the journal that events need."""

    async def record_events(self, events: Sequence[Event]) -> None: ...


async def record_count(diary: Diary, what: Happened, now: float, count: int, subject: str) -> None:
    """Keep at once that so many proxies came or went, if any did; for commands that end before long."""
    if count:
        await diary.record_events([Event(what, now, reason=f"{count:,} proxies", subject=subject, count=count)])


class Recorder:
    """`note` from anywhere on the loop; `flush` from one task."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._waiting: deque[Event] = deque(maxlen=MOST)
        self._dropped = 0

    def note(self, event: Event) -> None:
        """Take an event to be kept."""
        self.note_all((event,))

    def note_all(self, events: Iterable[Event]) -> None:
        """Take several, in order."""
        for event in events:
            self._dropped += len(self._waiting) == MOST
            self._waiting.append(event)

    async def flush(self) -> int:
        """Keep what waits; how many events. Raises `StoreError`, and then nothing of the failed batch is lost."""
        kept = 0
        while batch := [self._waiting[nth] for nth in range(min(BATCH, len(self._waiting)))]:
            await self._diary.record_events(batch)
            kept += len(batch)
            self._forget(batch)
        if self._dropped:
            log.warning("action=events dropped=%d: the store was away too long", self._dropped)
            self._dropped = 0
        return kept

    def _forget(self, batch: Sequence[Event]) -> None:
        """What was kept waits no more; while it was written, new ones may have pushed it out."""
        for event in batch:
            if self._waiting and self._waiting[0] is event:
                self._waiting.popleft()
