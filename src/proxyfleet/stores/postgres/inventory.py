"""The inventory's work on a connection: put, change, remove, load. Runs inside the caller's transaction.

What a merge means is `stores.merging`, what a row means `stores.records`. Whoever changes something holds the inventory's lock,
so that looking first and writing then is safe; whoever changes the terms of known proxies takes the lock of terms at the
end, and so makes sure that claims decided afterwards have seen the change.
"""

from collections.abc import Callable, Iterable, Sequence

from proxyfleet.core.errors import DuplicateProxy, UnknownProxy
from proxyfleet.core.proxy import Proxy
from proxyfleet.ports import Stored
from proxyfleet.stores.claim_rows import terms_of
from proxyfleet.stores.judging import judged
from proxyfleet.stores.merging import settled, taken
from proxyfleet.stores.postgres.driver import Connection, columns
from proxyfleet.stores.postgres.feed import tell_proxies
from proxyfleet.stores.postgres.keys import learn, lock_inventory, refresh
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.records import COLUMNS
from proxyfleet.stores.sealing import Sealing, new_uuids
from proxyfleet.vault import Keyring

Identity = tuple[str, str, int, str | None]


class Rows(Sealing):
    """Proxies in and out of the table `proxies`, with its secrets sealed and opened by one ring."""

    def __init__(self, ring: Keyring) -> None:
        super().__init__(ring)
        self._ring = ring

    async def some(self, connection: Connection, ids: Sequence[int]) -> list[Proxy]:
        """The proxies with these ids, by id."""
        await learn(connection, self._ring)
        return [self.read(row) for row in await connection.fetch(SQL["some_proxies"], list(ids))]

    async def put(self, connection: Connection, proxies: Sequence[Proxy], *, trial: bool) -> list[Stored]:
        """Insert or merge each, in order; a trial only judges."""
        await refresh(connection, self._ring)
        first = await lock_inventory(connection)
        found = await self._found(connection, proxies)
        answers = judged(proxies, {identity: proxy for identity, (proxy, _) in found.items()}, first)
        if trial:
            return answers
        latest = {one.proxy.id: one.proxy for one in answers if one.verdict != "duplicate"}
        added = [proxy for proxy in latest.values() if proxy.id >= first]
        updated = [proxy for proxy in latest.values() if proxy.id < first]
        await connection.execute(SQL["forget_found"], [proxy.id for proxy, _ in found.values()])
        await self.insert(connection, added)
        await self.replace(connection, [(proxy, found[proxy.identity][1]) for proxy in updated])
        stricter = any(_terms(proxy) != _terms(found[proxy.identity][0]) for proxy in updated)
        await settle_terms(connection, stricter)
        await tell_proxies(connection, latest)
        return answers

    async def _found(self, connection: Connection, proxies: Sequence[Proxy]) -> dict[Identity, tuple[Proxy, bytes]]:
        """What is stored under these identities, with the uuids."""
        keys = {proxy.identity: (proxy.host, proxy.port, proxy.identity[0], proxy.username) for proxy in proxies}
        rows = await connection.fetch(SQL["proxies_by_identity"], *columns(list(keys.values()), 4))
        read = [(self.read(row), bytes(row[1])) for row in rows]
        return {proxy.identity: (proxy, uuid) for proxy, uuid in read}

    async def insert(self, connection: Connection, proxies: Sequence[Proxy]) -> None:
        """Insert records as they are, with ids that nobody has had."""
        uuids = new_uuids(len(proxies))
        rows = [(proxy.id, *self.written(proxy, uuid)) for proxy, uuid in zip(proxies, uuids, strict=True)]
        if rows:
            await connection.copy_records_to_table("proxies", records=rows, columns=("id", *COLUMNS))
            await connection.execute(SQL["use_ids"], max(proxy.id for proxy in proxies))

    async def replace(self, connection: Connection, proxies: Iterable[tuple[Proxy, bytes]]) -> None:
        """Replace records of which the uuids are known."""
        await connection.executemany(
            SQL["replace_proxy"], [(proxy.id, *self.written(proxy, uuid)) for proxy, uuid in proxies]
        )

    async def change(self, connection: Connection, proxies: Sequence[Proxy]) -> None:
        """Replace whole records, also where identities are exchanged among them."""
        await refresh(connection, self._ring)
        changed = {proxy.id: settled(proxy, proxy.id) for proxy in proxies}
        known = {row[0]: row for row in await connection.fetch(SQL["known_by_id"], list(changed))}
        for proxy_id in changed:
            if proxy_id not in known:
                raise UnknownProxy(proxy_id)
        moved = [proxy for proxy in changed.values() if tuple(known[proxy.id][2:6]) != proxy.identity]
        await connection.execute(SQL["park_identities"], [proxy.id for proxy in moved])
        await self._refuse_taken(connection, list(changed.values()), moved)
        await self.replace(connection, [(proxy, bytes(known[proxy.id][1])) for proxy in changed.values()])
        stricter = any(terms_of((*known[proxy.id][6:10], None)) != _terms(proxy) for proxy in changed.values())
        await settle_terms(connection, stricter)
        await tell_proxies(connection, changed)

    async def amend_some(self, connection: Connection, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int:
        """Change the records that are there; how many. Whoever else changes any of them waits for the inventory's lock."""
        found = await self.some(connection, ids)
        await self.change(connection, [change(one) for one in found])
        return len(found)

    async def _refuse_taken(self, connection: Connection, changed: Sequence[Proxy], moved: Sequence[Proxy]) -> None:
        """Raises `DuplicateProxy` for an identity that another record has, or that two of them want."""
        holders: dict[Identity, int] = {}
        for proxy in changed:
            if holders.setdefault(proxy.identity, proxy.id) != proxy.id:
                raise DuplicateProxy(taken(proxy))
        keys = [(proxy.host, proxy.port, proxy.identity[0], proxy.username) for proxy in moved]
        there = {
            (row[2], row[4], row[5], row[6])
            for row in await connection.fetch(SQL["proxies_by_identity"], *columns(keys, 4))
        }
        for proxy in moved:
            if proxy.identity in there:
                raise DuplicateProxy(taken(proxy))


def _terms(proxy: Proxy) -> object:
    """What claims depend on; whom a proxy shares its exit with may change without anybody having to wait."""
    return terms_of((proxy.capacity, proxy.labels.kind, proxy.expires_at, proxy.status, None))


async def settle_terms(connection: Connection, changed: bool) -> None:
    """If terms of known proxies have changed: from here to the commit nobody decides about claims, and all see it after."""
    if changed:
        await connection.execute(SQL["take_terms_lock"])
        await connection.execute(SQL["terms_changed"])


async def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Delete, with what is claimed of them; how many there were."""
    await settle_terms(connection, bool(ids))
    return await erase(connection, ids)


async def erase(connection: Connection, ids: Sequence[int]) -> int:
    """Delete while nobody decides about claims; how many there were."""
    told = await connection.execute(SQL["remove_proxies"], list(ids))
    for name in ("forget_pools", "forget_guests", "forget_holds"):
        await connection.execute(SQL[name], list(ids))
    await tell_proxies(connection, ids)
    return int(told.rpartition(" ")[2])
