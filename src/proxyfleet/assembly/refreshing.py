"""Brings sources, downloads and the store together: named sources or due ones, looked at over one pooled client."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final

from proxyfleet.clock import Clock, monotonic_clock, thread_clock, wall_clock
from proxyfleet.core.events import Event
from proxyfleet.core.source import Source
from proxyfleet.ports import Store
from proxyfleet.services.looking import Look
from proxyfleet.services.persisting import Patience, Persistence, Sleep
from proxyfleet.services.recording import Recorder
from proxyfleet.services.refreshing import Asked, Refresh, Round, Shelf, Tell
from proxyfleet.settings.kinds import Address
from proxyfleet.settings.schema import Settings
from proxyfleet.sources.reading import rebased, rows
from proxyfleet.sources.registry import Known, by_hand, due, every, named

if TYPE_CHECKING:
    import ssl

    from proxyfleet.ports import Fetch

CONNECTIONS: Final = 500
"""More than all feeds together need: one that waits for a dead source's connection would fail for no fault of its own."""
KEPT_ALIVE: Final = 20


class Refreshing:
    """Looks at sources for one store. `own` gives the places that this process listens on, which are never fetched from."""

    def __init__(
        self,
        settings: Settings,
        shelf: Shelf,
        note: Callable[[Event], None],
        *,
        clock: Clock = wall_clock,
        rng: Random | None = None,
        sleep: Sleep | None = None,
        own: Callable[[], Collection[Address]] = tuple,
    ) -> None:
        self._settings = settings.sources
        self._shelf = shelf
        self._note = note
        self._clock = clock
        self._rng = rng or SystemRandom()
        self._sleep = sleep
        self._own = own
        self._tls: ssl.SSLContext | None = None

    async def fetch(self, names: Sequence[str], *, dry_run: bool = False, tell: Tell | None = None) -> Round:
        """Look at these sources; without names at all that are not switched off. Raises `UnknownSource`, `StoreError`."""
        known = every(await self._shelf.sources())
        return await self._look(named(known, names) if names else by_hand(known), dry_run, tell)

    def fetching(self, names: Sequence[str]) -> Callable[[], Awaitable[str]]:
        """Look at these when it is called; a line for people."""

        async def fetch() -> str:
            told = await self.fetch(names)
            return f"{len(told.looks)} sources, {len(told.failed)} failed, {told.added:,} new proxies"

        return fetch

    async def fetch_due(self) -> str:
        """Look at those that are due; a line for people."""
        wanted = due(every(await self._shelf.sources()), self._clock())
        if not wanted:
            return "none due"
        told = await self._look(wanted, False, None)
        return f"{len(told.looks)} sources, {len(told.failed)} failed, {told.added:,} new proxies"

    async def _look(self, wanted: Sequence[Known], dry_run: bool, tell: Tell | None) -> Round:
        if not wanted:
            return Round()
        asked = [Asked(self._placed(one), one.entry) for one in wanted]
        async with self._downloads() as fetch:
            return await self._refresh(fetch).run(asked, dry_run=dry_run, tell=tell)

    def _placed(self, known: Known) -> Source:
        """The source, at a stand-in where the settings name one; an own source is where its owner says."""
        base = self._settings.base_url
        return rebased(known.source, base) if base and known.entry.own is None else known.source

    def _refresh(self, fetch: "Fetch") -> Refresh:
        from asyncio import sleep

        told = self._settings
        patience = Patience(most=told.most, tries=told.tries, pause=told.pause)
        return Refresh(
            self._shelf,
            Persistence(fetch, patience, self._sleep or sleep, self._rng),
            partial(rows, allow_private=told.allow_private),
            self._clock,
            monotonic_clock,
            thread_clock,
            self._note,
            told.give_up,
            told.checked_only,
        )

    @asynccontextmanager
    async def _downloads(self) -> "AsyncIterator[Fetch]":
        from asyncio import to_thread

        import httpx  # a tenth of a second that only who fetches pays

        from proxyfleet.net.checked import CheckedTransport
        from proxyfleet.net.download import Downloads, ListPolicy

        told = self._settings
        policy = ListPolicy(allow_private=told.allow_private, own=self._own())
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=KEPT_ALIVE)
        if self._tls is None:  # reads a file of certificates for some 30 ms, which the loop need not wait for
            self._tls = await to_thread(httpx.create_ssl_context)
        transport = CheckedTransport(policy, limits=limits, tls=self._tls)
        # No time limit on waiting for a pooled connection: the whole of an answer has one, and so has each source.
        timeout = httpx.Timeout(told.silence, pool=None)
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=timeout) as client:
            yield Downloads(client, largest=told.largest, longest=told.longest, now=self._clock)


async def fetch_sources(
    settings: Settings,
    store: Store,
    names: Sequence[str],
    *,
    dry_run: bool = False,
    tell: Callable[[int], None] | None = None,
) -> Round:
    """Look at sources once, outside of a node, and keep what has happened; `tell` gets how many are done."""
    recorder, done = Recorder(store), list[Look]()

    def count(look: Look) -> None:
        done.append(look)
        if tell is not None:
            tell(len(done))

    try:
        return await Refreshing(settings, store, recorder.note).fetch(names, dry_run=dry_run, tell=count)
    finally:
        await recorder.flush()
