"""Keeps a node's memory in step with the store: all of it at the start, then what the feeds tell, and all again now and then.

Missing a piece of news costs a delay, never correctness: the store decides about claims anyway. Applies in slices, so that
traffic goes on. What is done with users is the caller's business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.lease import Hold, Lease
from proxyfleet.core.lease_table import REMEMBERED, LeaseTable
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Claims, Inventory
from proxyfleet.services.committing import Committer, moved_hold, moved_lease
from proxyfleet.services.marks import Marks

log = logging.getLogger("proxyfleet.node")

LOOK_EVERY: Final = 1.0
"""Seconds between two looks when nobody has woken us up."""
RECONCILE_EVERY: Final = 300.0
SLICE: Final = 250
PIECE: Final = 500
"""Changed proxies that are read at once."""


class Follower:
    """`load` once, then `run` until cancelled. `users_changed` is called at the start and whenever they have changed."""

    def __init__(
        self,
        table: LeaseTable,
        committer: Committer,
        inventory: Inventory,
        claims: Claims,
        *,
        node: str,
        clock: Clock,
        users_changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._table = table
        self._fleet: FleetState = table.fleet
        self._committer = committer
        self._inventory = inventory
        self._claims = claims
        self._node = node
        self._clock = clock
        self._users_changed = users_changed
        self._marks = Marks()
        self._inventory_at = self._claims_at = ""
        self._reconciled = self._looked = 0.0

    async def load(self) -> None:
        """Everything as the store has it now; differences only, so it serves for the start and for every time after."""
        self._reconciled = self._clock()
        self._inventory_at = (await self._inventory.inventory_news(None)).position
        await self._load_inventory()
        await self._users_changed()
        await self._load_claims()

    async def _load_inventory(self) -> None:
        self._marks.begin()
        fresh = not self._fleet
        async for batch in self._inventory.proxies():
            # At the start nobody waits for a slice, and what is alike is found out once a batch.
            step = len(batch) if fresh else SLICE
            for start in range(0, len(batch), step):
                self._apply(batch[start : start + step], fresh=fresh)
                await asyncio.sleep(0)
        if not fresh:
            await self._remove([one for one in self._fleet if not self._marks.seen(one)])

    def _apply(self, proxies: Sequence[Proxy], *, fresh: bool = False) -> None:
        """`fresh` says that none of them is known."""
        now, fleet, changed = self._clock(), self._fleet, self._marks.changed(proxies)
        known = [] if fresh else [proxy for proxy in changed if proxy.id in fleet]
        fleet.add_many([proxy for proxy in changed if proxy.id not in fleet] if known else changed, now)
        for proxy in known:
            fleet.replace(proxy, now)
        self._table.freed = True

    async def _remove(self, gone: Sequence[int]) -> None:
        if gone:
            self._table.drop(set(gone), self._clock())
        for nth, proxy_id in enumerate(gone):
            self._fleet.remove(proxy_id, self._clock())
            self._marks.forget(proxy_id)
            if nth % SLICE == SLICE - 1:
                await asyncio.sleep(0)

    async def _load_claims(self) -> None:
        self._committer.lost = False
        begun = self._clock()
        standing = await self._claims.standing()
        now = self._clock()
        shift = 0.0 if begun <= standing.now <= now else now - standing.now
        leases = [moved_lease(lease, shift) for lease in standing.leases]
        holds = [moved_hold(hold, shift) for hold in standing.holds]
        self._table.replace(leases, holds, now)
        self._claims_at, self._looked = standing.position, now

    async def run(self) -> None:
        """Follow until cancelled; a store that is away costs a delay and one line in the log each time it goes or comes."""
        away = False
        while True:
            try:
                await self._inventory.wait_for_news(LOOK_EVERY)
                await self.look()
            except FleetError as error:
                if not away:
                    log.warning("action=follow error=%s", error)
                away = True
                await asyncio.sleep(LOOK_EVERY)
            else:
                if away:
                    log.info("action=follow the store is back")
                away = False

    async def look(self) -> None:
        """Apply what others have committed since the last look."""
        if self._clock() - self._reconciled >= RECONCILE_EVERY:
            await self.load()
            return
        news = await self._inventory.inventory_news(self._inventory_at)
        if news.ids is None:
            await self._load_inventory()
        elif news.ids:
            await self._refresh(sorted(news.ids))
        self._inventory_at = news.position
        if news.users:
            await self._users_changed()
        await self._look_at_claims()

    async def _refresh(self, ids: Sequence[int]) -> None:
        found: set[int] = set()
        for start in range(0, len(ids), PIECE):
            batch = await self._inventory.some(ids[start : start + PIECE])
            self._apply(batch)
            found.update(proxy.id for proxy in batch)
        await self._remove([one for one in ids if one not in found and one in self._fleet])
        log.debug("action=reload changed=%d proxies=%d", len(ids), len(self._fleet))

    async def _look_at_claims(self) -> None:
        if self._committer.lost or self._clock() - self._looked > REMEMBERED / 2:
            await self._load_claims()  # news that old may be of what the table has forgotten to be over
            return
        begun = self._clock()
        news = await self._claims.claim_news(self._claims_at, self._node)
        if not news.complete:
            await self._load_claims()
            return
        now = self._clock()
        shift = 0.0 if begun <= news.now <= now else now - news.now
        await self._learn(news.rows, shift)
        self._claims_at, self._looked = news.position, now

    async def _learn(self, rows: Iterable[Lease | Hold], shift: float) -> None:
        for nth, row in enumerate(rows):
            moved = moved_lease(row, shift) if isinstance(row, Lease) else moved_hold(row, shift)
            self._table.learn(moved, self._clock())
            if nth % SLICE == SLICE - 1:
                await asyncio.sleep(0)
