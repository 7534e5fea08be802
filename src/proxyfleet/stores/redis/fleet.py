"""A whole store of two halves: the inventory and the journal in one store, the claims in Redis (SPEC F3).

What the inventory changes is published before it is acknowledged, so that it counts at once for every node; claims that
meet a Redis which has been restarted, emptied or replaced are settled first and then asked again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Gathered
from proxyfleet.ports import ClaimNews, InventoryNews, Standing, Store, Stored
from proxyfleet.stores.errors import StoreAway, StoreError
from proxyfleet.stores.redis.address import RedisAddress
from proxyfleet.stores.redis.claims import RedisClaims, Unsettled
from proxyfleet.stores.redis.durability import Durability, durability
from proxyfleet.stores.redis.home import Home
from proxyfleet.stores.redis.server import RedisServer
from proxyfleet.stores.redis.terms import Terms
from proxyfleet.tasks import Tasks

T = TypeVar("T")
ROUNDS: Final = 5
"""How often a call is asked again after something was settled."""
SEEN: Final = "seen"
"""Field of the fleet's row: until which position of the inventory's feed the terms are known to be told."""


class RedisFleet:
    """`inventory` keeps everything but the claims; `durability` says what this Redis promises.

    It is a `ports.Store`: what it does not do itself, the inventory does.
    """

    def __init__(self, inventory: Store, claims: RedisClaims, promised: Durability) -> None:
        self.inventory = inventory
        self.durability = promised
        self.server = claims.server
        self._claims = claims
        self._terms = Terms(claims, inventory)
        self._home = Home(claims, inventory, self._terms.tell_all)
        self._untold: set[int] = set()

    def __getattr__(self, name: str) -> Any:  # Any: methods of the inventory, as `ports.Store` has them
        if name == "inventory":  # not made yet, so there is nothing to ask
            raise AttributeError(name)
        return getattr(self.inventory, name)

    async def settle(self) -> None:
        """At the start: whose Redis is this, and does it know what the inventory says?"""
        fleet = self.server.keys[0]
        await self._settled(self._claims.ticket)
        seen = await self.server.ask("HGET", fleet, SEEN)
        news = await self.inventory.inventory_news(None if seen is None else seen.decode())
        if seen is None or news.ids is None:
            await self._settled(self._terms.tell_all)
        else:
            await self._tell(news.ids, changed=False)
        await self.server.ask("HSET", fleet, SEEN, news.position)

    async def _settled(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(ROUNDS):
            try:
                return await work()
            except Unsettled as trouble:
                with suppress(Unsettled):  # it has changed again meanwhile
                    await self._home.settle(trouble)
        raise StoreAway(f"Redis at {self.server.address.shown} changes all the time; is it restarted in a loop?")

    async def _tell(self, ids: Collection[int], *, changed: bool) -> None:
        """Publish; what could not be told is told before anything else is."""
        told = self._untold | set(ids)
        changed = changed or bool(self._untold)
        self._untold = set()
        try:
            if told:
                await self._settled(lambda: self._terms.tell(told, changed=changed))
        except BaseException:
            self._untold |= told
            raise

    # inventory ----------------------------------------------------------------------------------------------------

    def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """See `ports.Inventory`; compares on the way."""
        return self._terms.read()

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """See `ports.Inventory`."""
        if dry_run:
            return await self.inventory.put(proxies, dry_run=True)
        await self._ask_first()
        answers = await self.inventory.put(proxies)
        await self._tell([one.proxy.id for one in answers if one.verdict != "duplicate"], changed=True)
        return answers

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """See `ports.Inventory`."""
        await self._ask_first()
        await self.inventory.change(proxies)
        await self._tell([proxy.id for proxy in proxies], changed=True)

    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """See `ports.Inventory`."""
        await self._ask_first()
        count = await self.inventory.amend(ids, change)
        await self._tell(ids, changed=True)
        return count

    async def remove(self, ids: Sequence[int]) -> int:
        """See `ports.Inventory`."""
        await self._ask_first()
        count = await self.inventory.remove(ids)
        await self._tell(ids, changed=True)
        return count

    async def _ask_first(self) -> None:
        """Change nothing while Redis is away: it could not be told, and would go by what no longer holds."""
        await self._settled(self._claims.ticket)
        await self._tell((), changed=True)

    async def gather(
        self, proxies: Sequence[Proxy], source: str, now: float, *, trusted: bool = True, dry_run: bool = False
    ) -> Gathered:
        """See `ports.SourceBook`; which proxies it has changed tells the inventory's feed."""
        if dry_run:
            return await self.inventory.gather(proxies, source, now, trusted=trusted, dry_run=True)
        await self._ask_first()
        begun = await self.inventory.inventory_news(None)
        told = await self.inventory.gather(proxies, source, now, trusted=trusted)
        if told.added or told.updated:
            news = await self.inventory.inventory_news(begun.position)
            if news.ids is None:
                await self._settled(self._terms.tell_all)
            else:
                await self._tell(news.ids, changed=True)
        return told

    async def retire(self, ids: Sequence[int], before: float) -> int:
        """See `ports.SourceBook`. Nothing can be claimed any more of what is to go; what stays is back at once."""
        await self._ask_first()
        shut = await self._settled(lambda: self._claims.shut(ids))
        self._untold |= set(shut)
        count = await self.inventory.retire(shut, before)
        await self._tell(shut, changed=True)
        return count

    async def inventory_news(self, after: str | None) -> InventoryNews:
        """See `ports.Inventory`; what others have changed is compared, in case they could not tell Redis."""
        news = await self.inventory.inventory_news(after)
        if news.ids or self._untold:
            with suppress(StoreError):  # what was not told is kept for the next time
                await self._tell(news.ids or (), changed=False)
        return news

    # claims -------------------------------------------------------------------------------------------------------

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """See `ports.Claims`."""
        return await self._settled(lambda: self._claims.decide(orders, node))

    async def standing(self) -> Standing:
        """See `ports.Claims`."""
        return await self._settled(self._claims.standing)

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """See `ports.Claims`."""
        return await self._settled(lambda: self._claims.claim_news(after, node))

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """See `ports.Wakes`: whichever half has something."""
        tasks = Tasks()
        halves = (self.inventory.wait_for_news(timeout), self._claims.wait_for_news(timeout))
        try:
            waiting = [tasks.spawn(half, name="waiting for news") for half in halves]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await tasks.close()

    async def close(self) -> None:
        """Let go of both halves."""
        await self.server.close()
        await self.inventory.close()


async def claims_in_redis(
    inventory: Store, address: RedisAddress, offset: Callable[[], float] = lambda: 0.0
) -> RedisFleet:
    """The store whose claims are kept there. Raises `StoreError`; then the inventory stays open and the rest is closed."""
    server = RedisServer(address)
    try:
        fleet = RedisFleet(inventory, RedisClaims(server, offset), await durability(server))
        await fleet.settle()
    except BaseException:
        await server.close()
        raise
    return fleet
