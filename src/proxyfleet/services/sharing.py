"""Shares health between the nodes of a fleet (SPEC rule 11): tells the store what was learnt here, hears what all say.

The hot path never waits for it. What cannot be told now is told later or, after a crash, never: sums fade anyway.
"""

import asyncio
import logging
from typing import Final

from proxyfleet.clock import Clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.health.sums import HealthSum
from proxyfleet.ports import Journal

log = logging.getLogger("proxyfleet.node")

EVERY: Final = 1.0
MOST: Final = 500
"""Proxies told about at a time, so that the store is not kept from claims for long."""
HEAR_EVERY: Final = 5.0
SLICE: Final = 250


class Sharing:
    """`load` at the start, then `run` until cancelled."""

    def __init__(self, fleet: FleetState, journal: Journal, clock: Clock) -> None:
        self._fleet = fleet
        self._journal = journal
        self._clock = clock
        self._heard_at = self._due = 0.0
        self._unsaid: list[HealthSum] = []

    async def load(self) -> None:
        """Hear what all nodes have said before this one started."""
        self._heard_at, sums = await self._journal.health_since(self._heard_at)
        self._due = self._clock() + HEAR_EVERY
        for nth, one in enumerate(sums):
            self._fleet.hear(one._replace(at=self._clock()), self._clock())
            if nth % SLICE == SLICE - 1:
                await asyncio.sleep(0)

    async def tell(self) -> int:
        """Say what was learnt here, of how many proxies; what the store did not take is kept for the next time."""
        self._unsaid = self._unsaid or self._fleet.take_sums(self._clock(), MOST)
        said = len(self._unsaid)
        if said:
            await self._journal.add_health(self._unsaid)
            self._unsaid = []
        return said

    async def tell_all(self) -> None:
        """Say everything, however much it is; for whoever ends before long."""
        while await self.tell():
            pass

    async def run(self) -> None:
        """Tell and hear until cancelled; a store that is away costs nothing but the delay."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.tell()
                if self._clock() >= self._due:
                    await self.load()
            except FleetError as error:
                log.debug("action=share error=%s", error)
