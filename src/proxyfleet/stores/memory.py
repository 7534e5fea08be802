"""The reference store: dicts in this process, gone with it. What it does is what the contract means; no files, no locks."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count

from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import GatewayUser, Stored
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.merging import merged, settled, taken

BATCH = 10_000
Identity = tuple[str, str, int, str | None]


class MemoryStore:
    """Inventory and journal of one process; for tests, trials and fleets that live as long as the program."""

    def __init__(self) -> None:
        self._proxies: dict[int, Proxy] = {}
        self._ids: dict[Identity, int] = {}
        self._next = 1
        self._users: dict[str, GatewayUser] = {}
        self._settings: dict[str, str] = {}
        self._closed = False

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
            self._proxies.update((proxy.id, proxy) for proxy in fresh.values())
            self._ids.update((identity, proxy.id) for identity, proxy in fresh.items())
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
        self._proxies.update(changed)

    async def remove(self, ids: Sequence[int]) -> int:
        """Take proxies out; how many of the ids there were."""
        self._check_open()
        gone = [proxy for proxy_id in ids if (proxy := self._proxies.pop(proxy_id, None)) is not None]
        for proxy in gone:
            del self._ids[proxy.identity]
        return len(gone)

    async def users(self) -> list[GatewayUser]:
        """All gateway users, by name."""
        self._check_open()
        return [self._users[name] for name in sorted(self._users)]

    async def put_user(self, user: GatewayUser) -> None:
        """Add or replace."""
        self._check_open()
        self._users[user.name] = user

    async def remove_user(self, name: str) -> bool:
        """False when there was nobody of that name."""
        self._check_open()
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

    async def close(self) -> None:
        """Let go; later calls raise `StoreClosed`."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed
