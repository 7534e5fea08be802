"""The reference store: dicts in this process, gone with it. What it does is what the contract means; no files, no locks."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.core.health.sums import HealthSum, added
from proxyfleet.core.orders import Decided, Order
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import ClaimNews, GatewayUser, InventoryNews, Standing, Stored
from proxyfleet.ports.buying import PurchaseBook
from proxyfleet.ports.sheet import SheetMemory
from proxyfleet.stores.memory_events import MemoryEvents
from proxyfleet.stores.memory_purchases import MemoryPurchases
from proxyfleet.stores.memory_rows import Identity
from proxyfleet.stores.memory_sheet import MemorySheetMemory
from proxyfleet.stores.memory_sources import MemorySources
from proxyfleet.stores.merging import merged, settled, taken

BATCH = 10_000


class MemoryStore(MemorySources, MemoryEvents):
    """All ports in one process; for tests, trials and fleets that live as long as the program."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        super().__init__(clock)
        self._lease_key = secrets.token_bytes(32)
        self._users: dict[str, GatewayUser] = {}
        self._settings: dict[str, str] = {}
        self.sheet_memory: SheetMemory = MemorySheetMemory()
        self.purchase_book: PurchaseBook = MemoryPurchases()
        self._sums: dict[int, HealthSum] = {}

    async def proxies(self) -> AsyncIterator[Sequence[Proxy]]:
        """All proxies in batches, by id."""
        self._check_open()
        for first in range(1, self._next, BATCH):
            ids = range(first, min(first + BATCH, self._next))
            if batch := [self._proxies[proxy_id] for proxy_id in ids if proxy_id in self._proxies]:
                yield batch

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]:
        """Store new proxies and update known identities; see `ports.Inventory`."""
        self._check_open()
        fresh: dict[Identity, Proxy] = {}
        ids = count(self._next)
        answers = [self._judge(proxy, fresh, ids) for proxy in proxies]
        if not dry_run:
            self._next = next(ids)
            for proxy in fresh.values():
                self._place(proxy)
            self._ids.update((identity, proxy.id) for identity, proxy in fresh.items())
            self._tell(proxy.id for proxy in fresh.values())
            for answer in answers:
                self._found.pop(answer.proxy.id, None)  # its owner has named it: it is no find any more
        return answers

    def _judge(self, proxy: Proxy, fresh: dict[Identity, Proxy], ids: Iterator[int]) -> Stored:
        identity = proxy.identity
        stored = fresh.get(identity) or self._proxies.get(self._ids.get(identity, 0))
        if stored is None:
            fresh[identity] = settled(proxy, next(ids))
            return Stored("added", fresh[identity])
        after = merged(stored, proxy)
        if after == stored:
            return Stored("duplicate", stored)
        fresh[identity] = after
        return Stored("updated", after)

    async def change(self, proxies: Sequence[Proxy]) -> None:
        """Replace whole records; see `ports.Inventory`."""
        self._check_open()
        changed = {proxy.id: settled(proxy, proxy.id) for proxy in proxies}
        ids = dict(self._ids)
        for proxy_id in changed:
            if proxy_id not in self._proxies:
                raise UnknownProxy(proxy_id)
            del ids[self._proxies[proxy_id].identity]
        for proxy in changed.values():
            if ids.setdefault(proxy.identity, proxy.id) != proxy.id:
                raise DuplicateProxy(taken(proxy))
        self._ids = ids
        for proxy in changed.values():
            self._place(proxy)
        self._tell(changed)

    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """Change records as they are now; see `ports.Inventory`."""
        found = await self.some(ids)
        await self.change([change(one) for one in found])
        return len(found)

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out; how many of the ids there were."""
        self._check_open()
        gone = [proxy_id for proxy_id in ids if self._erase(proxy_id)]
        self._tell(gone)
        return len(gone)

    async def some(self, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id."""
        self._check_open()
        return [self._proxies[proxy_id] for proxy_id in sorted(set(ids)) if proxy_id in self._proxies]

    async def inventory_news(self, after: str | None) -> InventoryNews:
        """What has been changed since; None as a change stands for the users."""
        self._check_open()
        fresh = 0 if after is None else self._changes - int(after)
        if fresh > len(self._changed):
            return InventoryNews(str(self._changes), None, True)
        news = list(self._changed)[len(self._changed) - fresh :]
        ids = frozenset[int]().union(*(one for one in news if one is not None))
        return InventoryNews(str(self._changes), ids, None in news)

    async def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """Decide a batch; see `ports.Claims`."""
        self._check_open()
        self._news.set()
        return self._claims.decide(orders, node)

    async def standing(self) -> Standing:
        """Everything that is claimed now."""
        self._check_open()
        return self._claims.standing()

    async def claim_news(self, after: str, node: str) -> ClaimNews:
        """What other nodes have changed since."""
        self._check_open()
        return self._claims.news(after, node)

    async def wait_for_news(self, timeout: float) -> None:  # noqa: ASYNC109 - see the port
        """Return after a change, or in the end; see `ports.Wakes`."""
        self._check_open()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._news.wait()
        self._news.clear()

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        self._check_open()
        return [self._users[name] for name in sorted(self._users)]

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        self._check_open()
        self._users[user.name] = user
        self._tell(None)

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        self._check_open()
        self._tell(None)
        return self._users.pop(name, None) is not None

    async def settings(self) -> dict[str, str]:
        """What was set at run time, by name."""
        self._check_open()
        return dict(self._settings)

    async def put_setting(self, name: str, value: str | None) -> None:
        """Set, or forget with None."""
        self._check_open()
        if value is None:
            self._settings.pop(name, None)
        else:
            self._settings[name] = value

    async def add_health(self, sums: Sequence[HealthSum]) -> None:
        """Add what a node has learnt; see `ports.Journal`."""
        self._check_open()
        for one in sums:
            told = one._replace(at=self._now())
            known = self._sums.get(one.proxy_id)
            if one.proxy_id in self._proxies:
                self._sums[one.proxy_id] = told if known is None else added(known, told)

    async def health_since(self, since: float) -> tuple[float, list[HealthSum]]:
        """What was added to since; see `ports.Journal`."""
        self._check_open()
        found = [one for proxy_id, one in sorted(self._sums.items()) if one.at >= since and proxy_id in self._proxies]
        return self._now(), found

    def lease_key(self) -> bytes:
        """Another one in every process, as the fleet is."""
        return self._lease_key

    async def close(self) -> None:
        """Let go; later calls raise `StoreClosed`."""
        self._closed = True
