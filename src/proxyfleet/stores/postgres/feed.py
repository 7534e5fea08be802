"""The feed of changes: a row for each transaction that others must hear of, and reading what came after a position.

A position is a snapshot of transactions, as opaque text: news are the rows of those that it does not show as done. It names
the server's start as well, because numbers of transactions mean nothing to another server that has taken over.
"""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from proxyfleet.core.lease import Hold, Holder, Lease, later
from proxyfleet.ports import ClaimNews, InventoryNews
from proxyfleet.stores.claim_rows import ids_from, ids_text, news_from
from proxyfleet.stores.deciding import Pair
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.queries import SQL

FEED = 20_000
"""Rows that the feed keeps; who is further behind reads all."""
AT_ONCE = 10_000
MOST_ROUNDS = 50
"""Old keys and pairs are dropped so many at once, and so often at most."""
_POSITION = re.compile(r"([0-9]{1,19})/([0-9]{1,20}:[0-9]{1,20}:[0-9,]*)")


class Position(NamedTuple):
    """`now` is the server's clock, shifted; `text` the position."""

    now: float
    text: str


class Told(NamedTuple):
    """Rows (kind, what) since a position, oldest first; `complete` False when some of them may have been dropped."""

    now: float
    text: str
    complete: bool
    rows: list[tuple[str, str]]


async def here(connection: Connection, shift: float) -> Position:
    """Where the feed ends now; in a transaction that sees one instant, at that instant."""
    row = await connection.fetchrow(SQL["here"], shift)
    now, started, snapshot = row or (0.0, 0, "")
    return Position(now, f"{started}/{snapshot}")


async def told_after(connection: Connection, after: str, claims: bool, node: str, shift: float) -> Told:
    """What others than `node` have told of claims, or else of the inventory and users, since that position."""
    known = _POSITION.fullmatch(after)
    if known is None:
        now, text = await here(connection, shift)
        return Told(now, text, False, [])
    row = await connection.fetchrow(SQL["feed_after"], shift, known[2], claims, node)
    now, started, snapshot, complete, rows = row or (0.0, 0, "", False, [])
    same_server = str(started) == known[1]
    return Told(now, f"{started}/{snapshot}", bool(complete) and same_server, [(kind, what) for kind, what in rows])


async def claim_news(connection: Connection, after: str, node: str, shift: float) -> ClaimNews:
    """See `ports.Claims`."""
    told = await told_after(connection, after, True, node, shift)
    rows = latest(told.rows) if told.complete else []
    return ClaimNews(told.now, rows, told.text, told.complete)


def latest(told: Iterable[tuple[str, str]]) -> list[Lease | Hold]:
    """Of each slot and pair the last row: what was given out and came back meanwhile need not be learnt twice."""
    leases: dict[int, Lease] = {}
    holds: dict[Pair, Hold] = {}
    for kind, what in told:
        for row in leases_from(what) if kind == "leases" else news_from(what):
            if isinstance(row, Hold):
                known = holds.get(row.pair)
                holds[row.pair] = row if known is None or known.version < row.version else known
            else:
                key = row.key
                before = leases.get(key)
                leases[key] = row if before is None else later(before, row)
    return [*leases.values(), *holds.values()]


def leases_from(text: str) -> list[Lease | Hold]:
    """What a batch of plain orders has changed: leases without a resource, told by columns."""
    return [
        Lease(pool, slot, fence, proxy_id, Holder(principal, label), None, session, granted, expires)
        for pool, slot, fence, proxy_id, principal, label, session, granted, expires in zip(
            *json.loads(text), strict=True
        )
    ]


async def inventory_news(connection: Connection, after: str | None) -> InventoryNews:
    """See `ports.Inventory`."""
    if after is None:
        return InventoryNews((await here(connection, 0.0)).text, frozenset(), False)
    told = await told_after(connection, after, False, "", 0.0)
    changed = ids_from(what for kind, what in told.rows if kind == "proxies") if told.complete else None
    users = changed is None or any(kind == "users" for kind, _ in told.rows)
    return InventoryNews(told.text, changed, users)


async def tell(connection: Connection, kind: str, what: str = "") -> None:
    """One row, by the transaction that is running; it may have no other."""
    await connection.execute(SQL["tell"], "", kind, what)


async def tell_proxies(connection: Connection, ids: Iterable[int]) -> None:
    """These proxies were added, changed or removed."""
    if told := ids_text(ids):
        await tell(connection, "proxies", told)


async def tidy(connection: Connection, shift: float, gone_after: float) -> None:
    """Drop what nobody will ask for any more."""
    await connection.execute(SQL["tidy_feed"], FEED)
    for _ in range(MOST_ROUNDS):
        keys = await connection.execute(SQL["tidy_keys"], shift, AT_ONCE)
        holds = await connection.execute(SQL["tidy_holds"], shift, gone_after, AT_ONCE)
        if f"DELETE {AT_ONCE}" not in (keys, holds):
            return
