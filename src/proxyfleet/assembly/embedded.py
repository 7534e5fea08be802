"""A node without faces: the fleet in memory, kept in step with its store, and the services that hand proxies out.

What the gateway's node and programs that embed a fleet have in common. Opens no port and closes no store.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random, SystemRandom
from typing import Final

from proxyfleet.clock import Clock, monotonic_clock, wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.rules import Rules
from proxyfleet.services.following import Follower
from proxyfleet.services.leasing import Leasing
from proxyfleet.services.sharing import Sharing
from proxyfleet.tasks import Tasks

from .collecting import seldom_collected
from .opening import Opened

TICK: Final = 0.25
"""Seconds between two looks at what time has ended."""


async def nobody() -> None:
    """A node without users has nothing to do when they change."""


class EmbeddedNode:
    """`start`, then `stop`; both once. `name` tells this process from all others of its fleet."""

    def __init__(
        self,
        opened: Opened,
        rules: Rules,
        *,
        clock: Clock = wall_clock,
        timer: Clock = monotonic_clock,
        rng: Random | None = None,
        users_changed: Callable[[], Awaitable[None]] = nobody,
    ) -> None:
        self.name = secrets.token_hex(6)
        self.fleet = FleetState(rules, rng=rng or Random(SystemRandom().getrandbits(64)))
        recorded = None if opened.sheet is None else opened.sheet.claims
        self.leasing = Leasing(self.fleet, opened.claims, node=self.name, clock=clock, timer=timer, recorded=recorded)
        self.follower = Follower(
            self.leasing.table,
            self.leasing.committer,
            opened.store,
            opened.claims,
            node=self.name,
            clock=clock,
            users_changed=users_changed,
        )
        self.sharing = Sharing(self.fleet, opened.store, clock)
        self._tasks = Tasks()

    async def start(self) -> None:
        """Take over what the store holds. Raises the store's errors."""
        with seldom_collected():
            await self.follower.load()
        await self.sharing.load()

    def run(self) -> None:
        """Follow the store and the time from now on."""
        self._tasks.spawn(self.follower.run(), name="store changes")
        self._tasks.spawn(self._tick(), name="lease ends")
        self._tasks.spawn(self.sharing.run(), name="health of all nodes")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.leasing.tick()

    async def stop(self) -> None:
        """Let claims in flight be committed, then follow no longer."""
        await self.leasing.close()
        await self._tasks.close()
        with suppress(FleetError):
            await self.sharing.tell()
