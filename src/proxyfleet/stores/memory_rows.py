"""The dicts of the store in memory, how proxies get in and out of them, and what is told of it; parts of `memory` share it."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.lease import FOREVER
from proxyfleet.core.proxy import Kind, Proxy, Status
from proxyfleet.stores.deciding import Terms
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.memory_claims import FEED, MemoryClaims

Identity = tuple[str, str, int, str | None]
FAMILIES = ("http", "https", "socks4", "socks5")


class MemoryRows:
    """Proxies by id and by identity, and what is claimed of them; `clock` is the store's."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        self._now = clock
        self._claims = MemoryClaims(self._terms, clock, self._behind)
        self._changed: deque[frozenset[int] | None] = deque(maxlen=FEED)
        self._changes = 0
        self._proxies: dict[int, Proxy] = {}
        self._ids: dict[Identity, int] = {}
        self._exits: dict[str, dict[int, None]] = {}
        """The proxies behind each measured exit."""
        self._next = 1
        self._news = asyncio.Event()
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed

    def _at(self, host: str, port: int, username: str | None) -> list[int]:
        """Ids of the proxies at a place, whatever they speak."""
        found = (self._ids.get((family, host, port, username), 0) for family in FAMILIES)
        return sorted(proxy_id for proxy_id in found if proxy_id)

    def _write(self, proxy: Proxy) -> None:
        """Store a record under its id; its identity must be free or its own."""
        if (before := self._proxies.get(proxy.id)) is not None:
            del self._ids[before.identity]
        self._ids[proxy.identity] = proxy.id
        self._next = max(self._next, proxy.id + 1)
        self._place(proxy)

    def _place(self, proxy: Proxy) -> None:
        """The record with that id from now on, behind its own exit; identities are the caller's business."""
        if (before := self._proxies.get(proxy.id)) is not None:
            self._leave(before)
        self._proxies[proxy.id] = proxy
        if (exit_address := proxy.exit_group) is not None:
            self._exits.setdefault(exit_address, {})[proxy.id] = None

    def _leave(self, proxy: Proxy) -> None:
        """It is not behind its exit any more."""
        members = self._exits.get(proxy.exit_group or "", {})
        members.pop(proxy.id, None)
        if not members:
            self._exits.pop(proxy.exit_group or "", None)

    def _erase(self, proxy_id: int) -> bool:
        """Take a proxy out, with what is claimed of it; False when there was none."""
        gone = self._proxies.pop(proxy_id, None)
        if gone is None:
            return False
        del self._ids[gone.identity]
        self._leave(gone)
        self._claims.books.forget(proxy_id)
        return True

    def _tell(self, ids: Iterable[int] | None) -> None:
        """These proxies, or with None the users, have changed."""
        told = None if ids is None else frozenset(ids)
        if told is None or told:
            self._changed.append(told)
            self._changes += 1
            self._news.set()

    def _terms(self, proxy_id: int) -> Terms | None:
        proxy = self._proxies.get(proxy_id)
        if proxy is None:
            return None
        until = FOREVER if proxy.expires_at is None else proxy.expires_at
        rotating = proxy.labels.kind is Kind.ROTATING
        return Terms(proxy.slots, until, proxy.status is Status.DISABLED, rotating, proxy.exit_group)

    def _behind(self, exit_address: str) -> Collection[int]:
        return self._exits.get(exit_address, ())
