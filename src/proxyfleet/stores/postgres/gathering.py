"""What free sources name, into the inventory: one record for each place, whatever the protocol (SPEC rule 16).

What is known of the places is read at once, the reference in memory says what becomes of it, and what it has changed is
written. Runs behind the inventory's lock.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from proxyfleet.core.proxy import Proxy
from proxyfleet.core.source import Gathered
from proxyfleet.stores.finding import Found
from proxyfleet.stores.memory_sources import MemorySources
from proxyfleet.stores.postgres.driver import Connection, columns
from proxyfleet.stores.postgres.feed import tell_proxies
from proxyfleet.stores.postgres.inventory import Rows, erase, settle_terms
from proxyfleet.stores.postgres.keys import lock_inventory, refresh
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.postgres.sources import note
from proxyfleet.stores.records import COLUMNS
from proxyfleet.vault import Keyring

LAST = 1 + len(COLUMNS)
"""Columns of a proxy with its id; what is kept of a find follows them."""


class Places(MemorySources):
    """The reference with the proxies of a few places in it, and the uuids of their rows."""

    def __init__(self, next_id: int) -> None:
        super().__init__()
        self._next = self.first = next_id
        self._before: dict[int, tuple[Proxy, Found | None]] = {}
        self._uuids: dict[int, bytes] = {}

    def know(self, proxy: Proxy, uuid: bytes, found: Found | None) -> None:
        """A proxy that is stored."""
        self._proxies[proxy.id] = proxy
        self._ids[proxy.identity] = proxy.id
        if found is not None:
            self._found[proxy.id] = found
        self._before[proxy.id] = proxy, found
        self._uuids[proxy.id] = uuid

    def added(self) -> list[Proxy]:
        """New proxies, by id."""
        return [proxy for proxy_id, proxy in sorted(self._proxies.items()) if proxy_id >= self.first]

    def updated(self) -> list[tuple[Proxy, bytes]]:
        """Known proxies that are not as they were."""
        changed = (proxy for proxy_id, (proxy, _) in self._before.items() if self._proxies[proxy_id] != proxy)
        return [(self._proxies[proxy.id], self._uuids[proxy.id]) for proxy in changed]

    def finds(self) -> list[tuple[int, list[str], bool, float, float | None]]:
        """Rows of `found` that are new or not as they were."""
        return [
            (proxy_id, sorted(found.sources), found.trusted, found.added, found.worked)
            for proxy_id, found in self._found.items()
            if proxy_id >= self.first or found != self._before[proxy_id][1]
        ]

    def alive(self, source: str) -> int:
        """How many more of what the source has named are known to have worked."""
        return self._entries[source].ledger.alive


async def take(
    connection: Connection,
    rows: Rows,
    ring: Keyring,
    proxies: Sequence[Proxy],
    told: tuple[str, float, bool],
    trial: bool,
) -> Gathered:
    """See `ports.SourceBook.gather`; `told` is source, instant, and whether it is trusted."""
    source, now, trusted = told
    await refresh(connection, ring)
    places = await _known(connection, rows, proxies)
    gathered = await places.gather(proxies, source, now, trusted=trusted)
    if trial:
        return gathered
    await note(connection, source)
    added, updated = places.added(), places.updated()
    await rows.insert(connection, added)
    await rows.replace(connection, updated)
    await connection.executemany(SQL["put_found"], places.finds())
    await connection.execute(SQL["count_alive"], source, places.alive(source))
    await tell_proxies(connection, [proxy.id for proxy in added] + [proxy.id for proxy, _ in updated])
    return gathered


async def _known(connection: Connection, rows: Rows, proxies: Sequence[Proxy]) -> Places:
    places = Places(await lock_inventory(connection))
    wanted = {(proxy.host, proxy.port, proxy.username) for proxy in proxies}
    for row in await connection.fetch(SQL["proxies_at"], *columns(list(wanted), 3)):
        sources, trusted, added, worked = row[LAST:]
        found = None if sources is None else Found(frozenset(sources), trusted, added, worked)
        places.know(rows.read(row[:LAST]), row[1], found)
    return places


async def has_gathered(connection: Connection, source: str) -> bool:
    """Whether the inventory holds a proxy that this source named."""
    return bool(await connection.fetchval(SQL["any_found"], source))


async def worked(connection: Connection, stamps: Mapping[int, float]) -> None:
    """Stamp what works; the first time counts for every source that named it."""
    alive: Counter[str] = Counter()
    stamped = []
    for proxy_id, sources, before in await connection.fetch(SQL["found_of"], list(stamps)):
        stamped.append((proxy_id, stamps[proxy_id]))
        if before is None:
            alive.update(sources)
    await connection.executemany(SQL["stamp_found"], stamped)
    await connection.executemany(SQL["count_alive"], list(alive.items()))


async def idle(connection: Connection, before: float, limit: int) -> list[int]:
    """Ids of what has been of no use since an instant, ascending."""
    return [proxy_id for (proxy_id,) in await connection.fetch(SQL["idle"], before, limit)]


async def retire(connection: Connection, ids: Sequence[int], before: float, shift: float) -> int:
    """Take out those of the ids that are still idle and of which nothing is claimed; how many.

    Nobody decides about claims from the look to the commit.
    """
    await settle_terms(connection, True)
    gone = [proxy_id for (proxy_id,) in await connection.fetch(SQL["retirable"], list(ids), before, shift)]
    return await erase(connection, gone)
