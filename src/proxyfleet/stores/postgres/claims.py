"""Decides batches of orders: quickly where that is possible, else by reading, deciding as `deciding` says, and writing.

Writing succeeds only over what was read. When other nodes were in between, all is read again; after a few times they have to
wait, so that every batch comes to its end.
"""

import json
from collections.abc import Sequence

from proxyfleet.core.lease import Hold, Lease
from proxyfleet.core.orders import Decided, Order, Sweep
from proxyfleet.stores.claim_rows import Row, news_text
from proxyfleet.stores.deciding import Decider
from proxyfleet.stores.errors import StoreAway, StoreBusy, StoreError
from proxyfleet.stores.postgres import plain
from proxyfleet.stores.postgres.books import Found, ReadBooks, Wants, wants_of
from proxyfleet.stores.postgres.driver import Connection, columns
from proxyfleet.stores.postgres.lane import Lane
from proxyfleet.stores.postgres.queries import SQL
from proxyfleet.stores.postgres.trouble import BadText
from proxyfleet.stores.storable import storable, with_refused

FREE_TRIES = 2
MOST_FREE = 16
"""A batch of up to so many orders is tried so often before other nodes have to wait; of more, one is always in the way."""
MOST_LOOKS = 16
SWEEPING = 60.0
"""Seconds that a batch with a sweep in it may take."""
REMEMBERED = 100
"""Batches for which contention is remembered."""


class Contention:
    """Whether other nodes were in the way lately, so that the quick way looks out for taken slots."""

    def __init__(self) -> None:
        self._batches = 0

    @property
    def there(self) -> bool:
        """So it is."""
        return self._batches > 0

    def met(self, orders: int) -> None:
        """A batch is done, and so many of its orders did not get on quickly."""
        self._batches = REMEMBERED if orders else max(0, self._batches - 1)


async def decide(
    lane: Lane, orders: Sequence[Order], node: str, shift: float, contention: Contention | None = None
) -> Decided:
    """The answers, in order; one order that cannot be stored spoils no other."""
    contention = contention or Contention()
    try:
        return await _decide(lane, orders, node, shift, contention)
    except BadText:
        fine = [order for order in orders if storable(order)]
        if len(fine) == len(orders):
            raise
        return with_refused(orders, await _decide(lane, fine, node, shift, contention))


async def _decide(lane: Lane, orders: Sequence[Order], node: str, shift: float, contention: Contention) -> Decided:
    batch = plain.batch_of(orders)
    if batch is None or not batch.lines:
        return await decide_exactly(lane, orders, node, shift)
    there = contention.there
    settled = await lane.run(lambda connection: plain.decide(connection, batch, node, shift, contended=there))
    contention.met(len(orders) if settled is None else len(orders) - len(settled.answers))
    if settled is None:
        return await decide_exactly(lane, orders, node, shift, refused=True)
    left = [nth for nth in range(len(orders)) if nth not in settled.answers]
    if not left:
        return Decided(settled.now, [settled.answers[nth] for nth in range(len(orders))])
    return await _with_the_rest(lane, orders, node, shift, settled, left)


async def _with_the_rest(
    lane: Lane, orders: Sequence[Order], node: str, shift: float, settled: plain.Settled, left: Sequence[int]
) -> Decided:
    try:
        rest = await decide_exactly(lane, [orders[nth] for nth in left], node, shift, refused=True)
    except StoreError as error:
        if not settled.answers:
            raise
        raise StoreAway(f"{error}; a part of what was asked is stored", lost=True) from error
    answers = settled.answers | dict(zip(left, rest.answers, strict=True))
    # The earlier instant: what was released is not taken for running after somebody else has got it.
    return Decided(settled.now, [answers[nth] for nth in range(len(orders))], rest.holds)


async def decide_exactly(
    lane: Lane, orders: Sequence[Order], node: str, shift: float, *, refused: bool = False
) -> Decided:
    """By reading, deciding and writing, whatever the orders are. `refused`: the quick way did not get on with them."""
    wants = wants_of(orders, refused=refused)
    patience = SWEEPING if wants.sweeps else None
    for _ in range(FREE_TRIES if len(orders) <= MOST_FREE else 1):
        decided = await lane.run(lambda connection: attempt(connection, orders, wants, node, shift), patience=patience)
        if decided is not None:
            return decided
        if wants.alone:
            break
    decided = await lane.run(
        lambda connection: attempt_alone(connection, orders, wants, node, shift), patience=patience
    )
    if decided is None:
        raise StoreBusy("the database did not come to a decision; try again")
    return decided


async def attempt_alone(
    connection: Connection, orders: Sequence[Order], wants: Wants, node: str, shift: float
) -> Decided | None:
    """While every other node waits."""
    async with connection.transaction():
        await connection.execute(SQL["take_terms_lock"])
        return await attempt(connection, orders, wants, node, shift, alone=True)


async def attempt(
    connection: Connection, orders: Sequence[Order], wants: Wants, node: str, shift: float, *, alone: bool = False
) -> Decided | None:
    """None when somebody else was quicker, or may be, and nothing was written. What turns out to be wanted joins `wants`."""
    wants.alone = wants.alone or alone
    for _ in range(MOST_LOOKS):
        found = await look(connection, wants, shift)
        books = ReadBooks(wants, found)
        decider = Decider(books, found.now)
        decided = decider.decided(orders)
        if books.missing:
            wants.add(books.missing)
            continue
        if decider.news and wants.alone and not alone:
            return None
        if decider.news and not await write(connection, books, found, decider.news, node, shift):
            return None
        return decided
    return None


async def look(connection: Connection, wants: Wants, shift: float) -> Found:
    """Everything wanted, at one instant. What sweeps may mean was read a little before, and is overruled by the rest."""
    swept = await _swept(connection, wants.sweeps, shift) if wants.sweeps else []
    row = await connection.fetchrow(
        SQL["look"],
        shift,
        *columns(list(wants.slots), 2),
        list(wants.pools),
        list(wants.crowded),
        list(wants.proxies),
        *columns(list(wants.tokens), 2),
        *columns(list(wants.pairs), 3),
        *columns(list(wants.keys), 2),
        list(wants.exits),
    )
    now, generation, base, leases, terms, holds, keys, exits = row or (0.0, 0, 0, [], [], [], [], [])
    return Found(now, generation, base, [*swept, *leases], terms, holds, keys, exits)


async def _swept(connection: Connection, sweeps: Sequence[Sweep], shift: float) -> list[Row]:
    """What sweeps may mean: the whole table is looked at, which may take longer than anything else."""
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '20s'")
        return [row for sweep in sweeps for row in await connection.fetch(SQL["sweepable"], shift, *sweep)]


async def write(
    connection: Connection, books: ReadBooks, found: Found, news: Sequence[Lease | Hold], node: str, shift: float
) -> bool:
    """Put what was decided in the place of what was read; False when that is not there any more."""
    leases = [(*row[:4], *row.holder, *row[5:], books.revision(slot)) for slot, row in books.leases.items()]
    holds = [(*row[:4], *row.holder, *row[5:], books.revision(pair)) for pair, row in books.holds.items()]
    keys = [(*key, what.arguments, json.dumps(what.tokens), what.until) for key, what in books.keys.items()]
    return bool(
        await connection.fetchval(
            SQL["put_claims"],
            found.generation,
            books.deadline(found.now),
            shift,
            node,
            news_text(news),
            *columns(leases, 11),
            *columns(holds, 11),
            *columns(keys, 5),
            *books.exits(),
        )
    )
