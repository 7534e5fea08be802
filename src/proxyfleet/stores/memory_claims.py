"""Claims in dicts of this process: the reference books, and a bounded feed of what each batch has changed. No decisions."""

from collections import deque
from collections.abc import Callable, Collection, Sequence

from proxyfleet.clock import Clock
from proxyfleet.core.lease import ENDED, Held, Hold, Lease
from proxyfleet.core.orders import Decided, Order, Sweep
from proxyfleet.ports import ClaimNews, Standing
from proxyfleet.stores.deciding import Decider, Pair, Remembered, Terms

FEED = 4096
"""Batches that the feed reaches back."""


class MemoryBooks:
    """`deciding.Books` in dicts."""

    base = 0

    def __init__(
        self, terms: Callable[[int], Terms | None], behind: Callable[[str], Collection[int]] = lambda _: ()
    ) -> None:
        self.terms = terms
        self.behind = behind
        self.rows: dict[int, dict[int, Lease]] = {}
        self.holds: dict[Pair, Hold] = {}
        self._tops: dict[int, int] = {}
        """The highest slot of each pool that was ever used."""
        self._keys: dict[tuple[str, str], Remembered] = {}

    def pool(self, pool: int) -> dict[int, Lease]:
        """All rows of a pool, by slot."""
        return self.rows.setdefault(pool, {})

    def slot(self, pool: int, slot: int) -> Lease | None:
        """The last lease of that slot."""
        return self.pool(pool).get(slot)

    def running(self, pool: int, first: int, now: float) -> Sequence[Lease]:
        """Running leases from that slot on."""
        rows = self.pool(pool)
        if first > self._tops.get(pool, -1):
            return ()
        return [rows[slot] for slot in sorted(rows) if slot >= first and rows[slot].expires > now]

    def put(self, lease: Lease) -> None:
        """The slot's row."""
        self.pool(lease.pool)[lease.slot] = lease
        if lease.slot > self._tops.get(lease.pool, -1):
            self._tops[lease.pool] = lease.slot

    def hold(self, pair: Pair) -> Hold | None:
        """The pair's row."""
        return self.holds.get(pair)

    def put_hold(self, hold: Hold) -> None:
        """The pair's row."""
        self.holds[hold.pair] = hold

    def recall(self, principal: str, key: str) -> Remembered | None:
        """What the key was used for."""
        return self._keys.get((principal, key))

    def remember(self, principal: str, key: str, what: Remembered) -> None:
        """Keep it for repeats."""
        self._keys[(principal, key)] = what

    def matching(self, sweep: Sweep, now: float) -> Sequence[Lease]:
        """The running leases that fit."""
        return [row for row in self.all_running(now) if fits(sweep, row)]

    def all_running(self, now: float) -> list[Lease]:
        """Every running lease."""
        return [row for rows in self.rows.values() for row in rows.values() if row.expires > now]

    def forget(self, proxy_id: int) -> None:
        """The proxy is gone, and with it what was claimed of it; slots of pools that stay keep their fences."""
        self.rows.pop(proxy_id, None)
        for rows in self.rows.values():
            rows |= {slot: row._replace(expires=ENDED) for slot, row in rows.items() if row.proxy_id == proxy_id}
        for pair in [pair for pair in self.holds if pair[0] == proxy_id]:
            del self.holds[pair]

    def tidy(self, now: float) -> None:
        """Drop keys whose time has passed."""
        self._keys = {name: key for name, key in self._keys.items() if key.until > now}


def fits(sweep: Sweep, lease: Lease) -> bool:
    """Whether the lease is meant by the sweep; one that names nothing means none."""
    if sweep.principal is None and sweep.proxy_id is None and sweep.resource is None and sweep.label is None:
        return False
    return (
        sweep.principal in (None, lease.holder.principal)
        and sweep.label in (None, lease.holder.label)
        and sweep.proxy_id in (None, lease.proxy_id)
        and sweep.resource in (None, lease.resource)
        and not (sweep.reservations_only and lease.resource is None)
    )


class MemoryClaims:
    """The claims port of one process. Batches are decided at once; nothing waits."""

    def __init__(
        self,
        terms: Callable[[int], Terms | None],
        clock: Clock,
        behind: Callable[[str], Collection[int]] = lambda _: (),
    ) -> None:
        self.books = MemoryBooks(terms, behind)
        self._clock = clock
        self._feed: deque[tuple[int, str, list[Lease | Hold]]] = deque(maxlen=FEED)
        self._seq = 0

    def decide(self, orders: Sequence[Order], node: str) -> Decided:
        """See `ports.Claims`."""
        now = self._clock()
        decider = Decider(self.books, now)
        decided = decider.decided(orders)
        if decider.news:
            self._seq += 1
            self._feed.append((self._seq, node, decider.news))
            if self._seq % FEED == 0:
                self.books.tidy(now)
        return decided

    def standing(self) -> Standing:
        """See `ports.Claims`."""
        now = self._clock()
        holds = [hold for hold in self.books.holds.values() if hold.stands(now) and hold.kind is not Held.FREE]
        return Standing(now, self.books.all_running(now), holds, str(self._seq))

    def news(self, after: str, node: str) -> ClaimNews:
        """See `ports.Claims`."""
        seen = int(after)
        oldest = self._feed[0][0] if self._feed else self._seq + 1
        rows = [row for seq, by, batch in self._feed if seq > seen and by != node for row in batch]
        return ClaimNews(self._clock(), rows, str(self._seq), seen >= oldest - 1)
