"""Sources, ledgers and what free sources have named, in memory: what the contract of `ports.SourceBook` means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.core.lease import Held
from proxyfleet.core.proxy import Proxy, Status
from proxyfleet.core.source import Gathered, Ledger, Source, SourceEntry
from proxyfleet.stores.finding import Found, judged
from proxyfleet.stores.memory_rows import MemoryRows
from proxyfleet.stores.merging import settled


class MemorySources(MemoryRows):
    """One part of `MemoryStore`."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        super().__init__(clock)
        self._entries: dict[str, SourceEntry] = {}
        self._found: dict[int, Found] = {}

    async def sources(self) -> list[SourceEntry]:
        """Everything kept, by name."""
        self._check_open()
        return [self._entries[name] for name in sorted(self._entries)]

    async def put_source(self, source: Source) -> None:
        """Add an own source, or replace its definition."""
        self._check_open()
        self._entries[source.name] = replace(self._entry(source.name), own=source)

    async def remove_source(self, name: str) -> bool:
        """Forget everything about it; its proxies stay."""
        self._check_open()
        named = {one: found for one, found in self._found.items() if name in found.sources}
        self._found |= {one: replace(found, sources=found.sources - {name}) for one, found in named.items()}
        return self._entries.pop(name, None) is not None

    async def switch_source(self, name: str, on: bool | None, because: str | None = None) -> None:
        """Switch on or off, or back to nobody's word with None."""
        self._check_open()
        self._entries[name] = replace(self._entry(name), switched=on, because=because)

    async def put_ledger(self, name: str, ledger: Ledger) -> None:
        """Replace the ledger but for `alive`."""
        self._check_open()
        entry = self._entry(name)
        self._entries[name] = replace(entry, ledger=replace(ledger, alive=entry.ledger.alive))

    def _entry(self, name: str) -> SourceEntry:
        return self._entries.get(name) or SourceEntry(name)

    async def gather(
        self, proxies: Sequence[Proxy], source: str, now: float, *, trusted: bool = True, dry_run: bool = False
    ) -> Gathered:
        """Take in what a free source names; see `ports.SourceBook`."""
        self._check_open()
        if dry_run:
            return await self._trial().gather(proxies, source, now, trusted=trusted)
        self._entries.setdefault(source, SourceEntry(source))
        verdicts = [self._gather(proxy, source, now, trusted) for proxy in proxies]
        changed = (proxy for proxy, verdict in zip(proxies, verdicts, strict=True) if verdict != "duplicate")
        self._tell(self._at(proxy.host, proxy.port, proxy.username)[0] for proxy in changed)
        return Gathered(*map(verdicts.count, Gathered._fields))

    def _trial(self) -> "MemorySources":
        trial = MemorySources(self._now)
        trial._proxies, trial._ids, trial._next = self._proxies.copy(), self._ids.copy(), self._next
        trial._entries, trial._found = self._entries.copy(), self._found.copy()
        return trial

    def _gather(self, new: Proxy, source: str, now: float, trusted: bool) -> str:
        known = [(self._proxies[one], self._found.get(one)) for one in self._at(new.host, new.port, new.username)]
        told = judged(new, known, source, now, trusted=trusted)
        if told.proxy is not None:
            self._write(settled(told.proxy, self._next) if told.verdict == "added" else told.proxy)
        if told.found is not None:
            proxy_id = known[0][0].id if known else self._next - 1
            self._found[proxy_id] = told.found
        if told.credit:
            self._count_alive({source})
        return told.verdict

    async def has_gathered(self, source: str) -> bool:
        """Whether the inventory holds a proxy that this source named."""
        self._check_open()
        return any(source in found.sources for found in self._found.values())

    async def worked(self, stamps: Mapping[int, float]) -> None:
        """Gathered proxies that worked, and when; the first time counts for `alive`."""
        self._check_open()
        for proxy_id, when in stamps.items():
            found = self._found.get(proxy_id)
            if found is None:
                continue
            if found.worked is None:
                self._count_alive(found.sources)
            self._found[proxy_id] = replace(found, worked=max(found.worked or 0.0, when))

    def _count_alive(self, names: set[str] | frozenset[str]) -> None:
        for name in names & self._entries.keys():
            entry = self._entries[name]
            self._entries[name] = replace(entry, ledger=replace(entry.ledger, alive=entry.ledger.alive + 1))

    async def idle(self, before: float, limit: int) -> list[int]:
        """Gathered proxies that neither were added nor have worked since `before`; see `ports.SourceBook`."""
        self._check_open()
        return [proxy_id for proxy_id in sorted(self._found) if self._is_idle(proxy_id, before)][:limit]

    def _is_idle(self, proxy_id: int, before: float) -> bool:
        found = self._found.get(proxy_id)
        if found is None or self._proxies[proxy_id].status is Status.DISABLED:
            return False
        return max(found.worked or 0.0, found.added) < before

    async def retire(self, ids: Sequence[int], before: float) -> int:
        """Take out those of the ids that are still idle and of which nothing is claimed; how many."""
        self._check_open()
        claimed = self._claimed()
        gone = [one for one in dict.fromkeys(ids) if one not in claimed and self._is_idle(one, before)]
        for proxy_id in gone:
            self._erase(proxy_id)
        self._tell(gone)
        return len(gone)

    def _claimed(self) -> set[int]:
        """Proxies with a running lease, of which something is held, or that lend their slots to one that is leased."""
        books, now = self._claims.books, self._now()
        leased = {proxy_id for lease in books.all_running(now) for proxy_id in (lease.proxy_id, lease.pool)}
        held = {hold.proxy_id for hold in books.holds.values() if hold.stands(now) and hold.kind is not Held.FREE}
        return leased | held

    def _erase(self, proxy_id: int) -> bool:
        self._found.pop(proxy_id, None)
        return super()._erase(proxy_id)
