"""Makes the limits of gateway users those of the fleet: tells about once a second what they do here, hears what they do
elsewhere (SPEC rule 18). Counts nothing itself, and no request waits for it.

A node's word is one run-time setting, written anew each time. Whether it still stands is seen by its changing, so that no
two clocks are compared; a node whose word has not changed for a while counts no more.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.ports import Journal, UserLookup
from proxyfleet.ports.uses import Elsewhere, Metered, UserUse

log = logging.getLogger("proxyfleet.node")

EVERY: Final = 1.0
STANDS: Final = 5.0
"""Seconds that a word counts without being said anew."""
FOUND: Final = 2.0
"""The same of a word that was there before us: it may be that of a process that was killed a moment ago."""
KEPT: Final = 60.0
"""Seconds after which the word of a node that is gone is taken out."""
PREFIX: Final = "use."

Uses = Mapping[str, UserUse]


class Word(NamedTuple):
    """What a node has said, when we first heard it, and what of it is new to us."""

    text: str
    since: float
    uses: Uses
    moved: Mapping[str, int]


class SharedLimits:
    """`run` until cancelled, then `forget`. `limited` says whether any user has limits: without, nothing is asked."""

    def __init__(
        self,
        journal: Journal,
        meters: Metered,
        node: str,
        timer: Clock,
        *,
        users: UserLookup,
        limited: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._meters = meters
        self._own = f"{PREFIX}{node}"
        self._timer = timer
        self._users = users
        self._limited = limited
        self._words: dict[str, Word] | None = None
        """None until we have heard for the first time: what was moved before is nothing to us."""
        self._beat = 0
        self._said = False
        self._heard_at = timer()

    async def run(self) -> None:
        """Tell and hear; with a store that is away each node soon keeps to the limits alone."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                if self._said or self._limited():
                    await self.exchange()
            except FleetError as error:
                log.debug("action=limits error=%s", error)
                if self._timer() - self._heard_at > STANDS:
                    self._meters.hear({}, self._users)

    async def exchange(self) -> None:
        """Once. Raises the store's errors; what was not told is told the next time."""
        await self._tell()
        words = {
            name: text
            for name, text in (await self._journal.settings()).items()
            if name.startswith(PREFIX) and name != self._own
        }
        now = self._heard_at = self._timer()
        first, known = self._words is None, self._words or {}
        self._words = {name: _heard(text, known.get(name), now, first=first) for name, text in words.items()}
        standing = {name: word for name, word in self._words.items() if now - word.since <= STANDS}
        self._meters.hear(together(standing, self._own), self._users)
        for name in [name for name, word in self._words.items() if now - word.since > KEPT]:
            await self._journal.put_setting(name, None)

    async def _tell(self) -> None:
        uses = self._meters.uses()
        if uses:
            self._beat += 1
            await self._journal.put_setting(self._own, json.dumps({"beat": self._beat, "users": uses}))
        elif self._said:
            await self._journal.put_setting(self._own, None)
        self._said = bool(uses)

    async def forget(self) -> None:
        """Nothing is under way here any more."""
        if self._said:
            await self._journal.put_setting(self._own, None)


def _heard(text: str, before: Word | None, now: float, *, first: bool) -> Word:
    """A word as it stands now: the same as before, or a new one."""
    if before is not None and before.text == text:
        return before._replace(moved={})
    uses = _read(text)
    known = {} if before is None else before.uses
    moved = {} if first else {name: _moved(use, known.get(name)) for name, use in uses.items()}
    return Word(text, now - STANDS + FOUND if first else now, uses, moved)


def _moved(use: UserUse, before: UserUse | None) -> int:
    """Bytes since the word before; a user who has left and come again is counted from 0."""
    return use.moved if before is None or use.moved < before.moved else use.moved - before.moved


def _read(text: str) -> Uses:
    """Another version's word says nothing to us."""
    try:
        return {
            name: UserUse(int(use[0]), float(use[1]), int(use[2]), *map(int, use[3:4]))
            for name, use in json.loads(text)["users"].items()
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def together(words: Mapping[str, Word], own: str) -> dict[str, Elsewhere]:
    """What all of them do, by user; nodes come in the order of their names, in which `own` has its place too."""
    sums: dict[str, Elsewhere] = {}
    for node, word in sorted(words.items()):
        for name, use in word.uses.items():
            known = sums.get(name, Elsewhere())
            sums[name] = Elsewhere(
                known.active + use.active,
                known.asked + use.asked,
                known.nodes + (1 if use.asked else 0),
                known.moved + word.moved.get(name, 0),
                (*known.wanted, max(use.active, use.wanted)),
                known.place + (node < own),
            )
    return sums
