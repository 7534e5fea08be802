"""The claims port on Redis: one script call per batch, Redis's own clock, a bounded feed. Decides nothing itself.

Every call may raise `Unsettled`: then this Redis may not be asked before somebody who knows the inventory has settled it.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from proxyfleet.core.lease import Hold, Lease
from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.proxy import Kind, Proxy, Status
from proxyfleet.ports import ClaimNews, Standing
from proxyfleet.stores.errors import StoreError
from proxyfleet.stores.redis.keys import micros, seconds
from proxyfleet.stores.redis.scripts import ADOPT, DECIDE, FLEET, NEWS, PUBLISH, SHUT, STANDING, Script
from proxyfleet.stores.redis.server import Argument, RedisServer
from proxyfleet.stores.redis.wording import (
    adopted_hold,
    adopted_lease,
    decided,
    hold_of,
    lease_of,
    orders_text,
    row_of,
)

PAGE: Final = 2_000
BREATH: Final = 0.05
"""Seconds between two wake-ups: a node that is busy itself is woken by its own batches too."""
DISABLED, ROTATING = 1, 2
"""Flags of terms, as `scripts/rows.lua` reads them."""


class Unsettled(Exception):
    """`empty`, `restarted`, `moved`, `unready` or `horizon`, for which leases have to end as late as `until` (microseconds)."""

    def __init__(self, why: str, until: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.until = until


class RedisClaims:
    """`home` names the Redis that this node believes to keep the claims; `offset` moves its clock, for tests."""

    def __init__(self, server: RedisServer, offset: Callable[[], float] = lambda: 0.0) -> None:
        self.server = server
        self.home = ""
        self._offset = offset
        self._seen = 0

    async def run(self, script: Script, *arguments: Argument) -> bytes:
        """A script's answer. Raises `Unsettled`."""
        text = await self.server.run(script, self.home, micros(self._offset()), *arguments)
        if text.startswith(b"!"):
            why, _, until = text[1:].decode().partition(" ")
            raise Unsettled(why, int(until or 0))
        return text

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """See `ports.Claims`."""
        answer, seq = decided(orders, await self.run(DECIDE, orders_text(orders), node))
        if seq == self._seen + 1:
            self._seen = seq
        return answer

    async def standing(self) -> Standing:
        """See `ports.Claims`; in pages, so that others need not wait. Rows may be newer than the position, never older."""
        now, seq, leases = await self._pages("leases")
        _, _, holds = await self._pages("holds")
        self._seen = max(self._seen, seq)
        return Standing(now, [lease_of(row) for row in leases], [hold_of(row) for row in holds], str(seq))

    async def _pages(self, kind: str) -> tuple[float, int, list[Any]]:  # Any: rows as JSON gives them
        rows: dict[str, Any] = {}
        first: tuple[float, int] | None = None
        after: str | None = ""
        while after is not None:
            now, seq, after, page = json.loads(await self.run(STANDING, kind, after, PAGE))
            first = first or (seconds(now), seq)
            rows.update((str(row[:2] if kind == "leases" else row[:3]), row) for row in page)
        assert first is not None  # noqa: S101 - there is always a first page
        return *first, list(rows.values())

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """See `ports.Claims`."""
        now, seq, complete, rows = json.loads(await self.run(NEWS, int(after), node))
        self._seen = max(self._seen, seq)
        return ClaimNews(seconds(now), [row_of(row) for row in rows], str(max(seq, int(after))), complete)

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """See `ports.Wakes`; blocks on a connection of its own. A Redis that cannot be asked is no news."""
        end = asyncio.get_running_loop().time() + timeout
        await asyncio.sleep(min(BREATH, timeout))
        left = (
            end - asyncio.get_running_loop().time() - BREATH
        )  # back a little early: who is cancelled loses a connection
        if left <= 0:
            return
        feed, place = self.server.keys[-1], f"{self._seen}-0" if self._seen else "$"
        block = max(1, int(left * 1000))
        try:
            told = await self.server.ask("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", feed, place, within=left + 5.0)
        except StoreError:
            await asyncio.sleep(max(0.0, end - asyncio.get_running_loop().time()))
        else:
            if told:
                self._seen = max(self._seen, int(told[0][1][-1][0].partition(b"-")[0]))

    # what the inventory says of proxies ---------------------------------------------------------------------------

    async def ticket(self) -> int:
        """To be taken before the inventory is read for `publish`."""
        return int(await self.run(FLEET, "ticket"))

    async def publish(self, ticket: int, proxies: Iterable[Proxy], gone: Sequence[int], *, changed: bool) -> None:
        """These terms hold from now on, unless somebody with a later ticket has told others."""
        terms = json.dumps([terms_of(proxy) for proxy in proxies])
        await self.run(PUBLISH, ticket, int(changed), terms, json.dumps(list(gone)))

    async def shut(self, ids: Sequence[int]) -> list[int]:
        """Those of the proxies of which nothing is claimed; from now on nothing can be, until they are published again."""
        return [int(one) for one in json.loads(await self.run(SHUT, json.dumps(list(ids))))]

    async def adopt(self, leases: Sequence[Lease], holds: Sequence[Hold]) -> None:
        """Take over what another store kept."""
        told = json.dumps([adopted_lease(row) for row in leases]), json.dumps([adopted_hold(row) for row in holds])
        await self.run(ADOPT, *told)


def terms_of(proxy: Proxy) -> list[int | str]:
    """Id, capacity, expiry, flags and exit of a proxy."""
    until = -1 if proxy.expires_at is None else max(0, micros(proxy.expires_at))
    flags = DISABLED * (proxy.status is Status.DISABLED) + ROTATING * (proxy.labels.kind is Kind.ROTATING)
    return [proxy.id, proxy.slots, until, flags, proxy.exit_group or ""]
