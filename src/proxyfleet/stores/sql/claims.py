"""The books of claims on a SQLite connection, and the feed of changes. Sync, inside the caller's transaction; no decisions.

A batch costs one row of the feed, whatever it holds. The feed reaches back `FEED` rows; who is further behind reads all.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from apsw import Connection
from apsw import Error as ApswError

from proxyfleet.core.lease import Hold, Lease, Token
from proxyfleet.core.orders import Decided, Order, Sweep
from proxyfleet.ports import ClaimNews, InventoryNews, Standing
from proxyfleet.stores.claim_rows import Row, hold_from, ids_from, ids_text, lease_from, news_from, news_text, terms_of
from proxyfleet.stores.deciding import GONE_AFTER, Decider, Pair, Remembered, Terms
from proxyfleet.stores.memory_claims import MemoryBooks, fits
from proxyfleet.stores.sql.journal import put_setting, settings
from proxyfleet.stores.sql.queries import SQL

FEED = 20_000
TIDY_EVERY = 512
MOST_POOLS = 20_000
"""Pools whose rows are kept in memory."""


class SqliteBooks(MemoryBooks):
    """`deciding.Books` on the tables leases, holds and claim_keys: rows are read once, kept, and written at the end of a batch.

    What is kept is as good as the tables while nobody else has written: `begin` looks, and forgets all if somebody has, or
    if the last batch was rolled back. Each change of claims or proxies leaves a row in the feed, in whatever process.
    """

    def __init__(self) -> None:
        super().__init__(self._terms, self._ids_behind)
        self._connection: Connection
        self._written: tuple[int, int] | None = None
        self._known: dict[int, Terms | None] = {}
        self._absent: set[Pair] = set()
        self._behind: dict[str, list[int]] = {}
        self._new_rows: dict[int, Lease] = {}
        self._new_holds: dict[Pair, Hold] = {}

    def begin(self, connection: Connection) -> None:
        """A batch begins inside a transaction of this connection."""
        self._connection = connection
        if self._written != _written(connection) or len(self.rows) > MOST_POOLS or len(self._known) > MOST_POOLS:
            self._forget()
            self.base = fence_base(connection)
        self._written = None

    def _forget(self) -> None:
        for kept in (self.rows, self.holds, self._tops, self._known, self._behind, self._new_rows, self._new_holds):
            kept.clear()
        self._absent.clear()

    def end(self) -> None:
        """The batch is decided and the feed has been told: write, and remember how things stand."""
        self.flush()
        self._written = _written(self._connection)

    def flush(self) -> None:
        """Write what has changed."""
        if self._new_rows:
            rows = [(*lease[:4], *lease.holder, *lease[5:]) for lease in self._new_rows.values()]
            self._connection.executemany(SQL["put_lease"], rows)
            self._new_rows.clear()
        for hold in self._new_holds.values():
            self._connection.execute(SQL["put_hold"], (*hold[:4], *hold.holder, *hold[5:]))
        self._new_holds.clear()

    def _terms(self, proxy_id: int) -> Terms | None:
        if proxy_id not in self._known:
            row = self._connection.execute(SQL["terms"], (proxy_id,)).fetchone()
            self._known[proxy_id] = None if row is None else terms_of(row)
        return self._known[proxy_id]

    def _ids_behind(self, exit_address: str) -> list[int]:
        if exit_address not in self._behind:
            found = self._connection.execute(SQL["behind"], (exit_address,))
            self._behind[exit_address] = [proxy_id for (proxy_id,) in found]
        return self._behind[exit_address]

    def pool(self, pool: int) -> dict[int, Lease]:
        """All rows of a pool, by slot."""
        rows = self.rows.get(pool)
        if rows is None:
            found = [lease_from(row) for row in self._connection.execute(SQL["pool"], (pool,))]
            rows = self.rows[pool] = {lease.slot: lease for lease in found}
            self._tops[pool] = max(rows, default=-1)
        return rows

    def put(self, lease: Lease) -> None:
        """The slot's row."""
        super().put(lease)
        self._new_rows[lease.key] = lease

    def hold(self, pair: Pair) -> Hold | None:
        """The pair's row."""
        if pair not in self.holds and pair not in self._absent:
            row = self._connection.execute(SQL["hold"], pair).fetchone()
            if row is None:
                self._absent.add(pair)
            else:
                self.holds[pair] = hold_from(row)
        return self.holds.get(pair)

    def put_hold(self, hold: Hold) -> None:
        """The pair's row."""
        super().put_hold(hold)
        self._new_holds[hold.pair] = hold

    def recall(self, principal: str, key: str) -> Remembered | None:
        """What the key was used for."""
        row = self._connection.execute(SQL["recall"], (principal, key)).fetchone()
        if row is None:
            return None
        return Remembered(row[0], tuple(Token(*token) for token in json.loads(row[1])), row[2])

    def remember(self, principal: str, key: str, what: Remembered) -> None:
        """Keep it for repeats."""
        row = (principal, key, what.arguments, json.dumps(what.tokens), what.until)
        self._connection.execute(SQL["remember"], row)

    def matching(self, sweep: Sweep, now: float) -> Sequence[Lease]:
        """The running leases that fit."""
        self.flush()
        return [lease for lease in running(self._connection, now) if fits(sweep, lease)]


def _written(connection: Connection) -> tuple[int, int]:
    """Moves with every commit of another process, and with every row of the feed."""
    return int(str(connection.pragma("data_version"))), int(str(connection.execute(SQL["feed_end"]).get))


def running(connection: Connection, now: float) -> list[Lease]:
    """Every running lease."""
    return [lease_from(row) for row in connection.execute(SQL["running"], (now,))]


def decide(connection: Connection, books: SqliteBooks, orders: Sequence[Order], node: str, now: float) -> Decided:
    """Decide a batch and tell the feed."""
    books.begin(connection)
    decider = Decider(books, now)
    decided = decider.decided(orders)
    if decider.news:
        tell(connection, node, "claims", news_text(decider.news))
        if connection.last_insert_rowid() % TIDY_EVERY == 0:
            tidy(connection, now)
    books.end()
    return decided


def tell(connection: Connection, node: str, kind: str, what: str) -> None:
    """One row of the feed."""
    connection.execute(SQL["tell"], (node, kind, what))


def tell_proxies(connection: Connection, ids: Iterable[int]) -> None:
    """These proxies were added, changed or removed."""
    if told := ids_text(ids):
        tell(connection, "", "proxies", told)


def tidy(connection: Connection, now: float) -> None:
    """Drop what nobody will ask for any more."""
    connection.execute(SQL["tidy_keys"], (now,))
    connection.execute(SQL["tidy_holds"], (now - GONE_AFTER,))
    connection.execute(SQL["tidy_feed"], (connection.last_insert_rowid() - FEED,))


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Proxies are gone, and with them what was claimed of them."""
    for name in ("forget_pool", "forget_guests", "forget_holds"):
        connection.executemany(SQL[name], ((proxy_id,) for proxy_id in ids))


def standing(connection: Connection, now: float) -> Standing:
    """Everything that is claimed."""
    holds = [hold_from(row) for row in connection.execute(SQL["standing_holds"], (now,))]
    return Standing(now, running(connection, now), holds, str(_ends(connection)[1]))


def claim_news(connection: Connection, after: str, node: str, now: float) -> ClaimNews:
    """What other nodes have changed since."""
    oldest, newest = _ends(connection)
    told = [
        row
        for _, by, kind, what in connection.execute(SQL["feed_after"], (int(after),))
        if kind == "claims" and by != node
        for row in news_from(str(what))
    ]
    return ClaimNews(now, told, str(max(newest, int(after))), int(after) >= oldest - 1)


def inventory_news(connection: Connection, after: str | None) -> InventoryNews:
    """What has been changed since."""
    oldest, newest = _ends(connection)
    if after is None:
        return InventoryNews(str(newest), frozenset(), False)
    told = [
        (kind, what) for _, _, kind, what in connection.execute(SQL["feed_after"], (int(after),)) if kind != "claims"
    ]
    ids = ids_from(str(what) for kind, what in told if kind == "proxies")
    changed = ids if int(after) >= oldest - 1 else None
    users = changed is None or any(kind == "users" for kind, _ in told)
    return InventoryNews(str(max(newest, int(after))), changed, users)


def _ends(connection: Connection) -> tuple[int, int]:
    ((oldest, newest),) = connection.execute(SQL["feed_ends"])
    return int(str(oldest)), int(str(newest))


class Past(NamedTuple):
    """What a database must not fall behind of when a backup is put in its place."""

    leases: list[Row]
    last_id: int
    seq: int
    base: int


NOTHING = Past([], 0, 0, 0)
UNKNOWN_STEP = 2**30
"""More than a slot is ever granted between a backup and its restore."""
FENCE_BASE = "fence_base"
"""The setting that keeps `deciding.Books.base`."""


def fence_base(connection: Connection) -> int:
    """0 until a backup was restored."""
    return int(settings(connection).get(FENCE_BASE, "0"))


def past(connection: Connection) -> Past | None:
    """Slots with their fences, the last id of a proxy, the end of the feed; None when they cannot be read."""
    try:
        rows = [tuple(row) for row in connection.execute(SQL["fences"])]
        last = connection.execute(SQL["last_proxy_id"]).get
        return Past(rows, int(str(last or 0)), _ends(connection)[1], fence_base(connection))
    except ApswError:
        return None


def carry_over(connection: Connection, before: Past | None) -> None:
    """End every lease and go on from `before`: fences grow, ids are not used again, and all nodes read everything anew."""
    connection.execute(SQL["end_leases"])
    connection.execute(SQL["end_reservations"])
    # What was granted since the backup may be known nowhere: that of proxies removed since, or of a disk that is lost.
    base = max(fence_base(connection), before.base if before else 0) + UNKNOWN_STEP
    put_setting(connection, FENCE_BASE, str(base))
    if before is not None:
        connection.executemany(SQL["raise_fence"], before.leases)
        connection.execute(SQL["raise_last_proxy"], (before.last_id,))
    seq = max(_ends(connection)[1], before.seq if before else UNKNOWN_STEP) + 2
    connection.execute(SQL["clear_feed"])
    connection.execute(SQL["tell_at"], (seq, "", "proxies", "null"))
