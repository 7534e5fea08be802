"""Random batches get the same answers from PostgreSQL as from the reference in memory, order by order, rows and news included.

Lives last half a second more than a whole number and time passes in whole seconds, so that no answer hangs on the few
milliseconds by which the server's clock is ahead of the one that is moved by hand.
"""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from math import floor, inf
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests import postgres

from proxyfleet.core.lease import ENDED, Hold, Holder, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Order, Reassign, Release, Renew, Sweep, Swept, Take
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, Scheme, Status
from proxyfleet.lab.clock import HandClock
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.postgres.database import open_and_unlock
from proxyfleet.stores.postgres.store import PostgresStore
from proxyfleet.vault import KeySource

NOW = 1_800_000_000.0
POOLS = 4
EXAMPLES = int(os.environ.get("PROXYFLEET_EXAMPLES", "40"))
HOLDERS = (Holder("ann", "1"), Holder("ann", "2"), Holder("bob"))
TTLS = (5.5, 20.5, 100.5)
PASSES = (0, 0, 0, 0, 1, 7, 40, 700)
CHANGES: tuple[dict[str, Any], ...] = (
    *({},) * 4,
    *({"capacity": 1},) * 2,
    *({"capacity": 3},) * 2,
    {"status": Status.DISABLED},
    {"status": Status.ACTIVE},
    {"expires_at": 30.5},
    {"expires_at": None},
    *({"details": Details(measured=Measured(one))} for one in (None, "192.0.2.1", "192.0.2.1", "2001:db8::1")),
)


class Orders:
    """Random orders, mostly about the same few slots, and about leases that there are or were."""

    def __init__(self, rng: Random, tokens: Sequence[Token]) -> None:
        self._rng = rng
        self._tokens = tokens

    def batch(self) -> list[Order]:
        """One batch; half of them hold plain orders only."""
        makers = [self.plain] * 8 + self._rng.choice([[], [self.rare] * 4])
        return [self._rng.choice(makers)() for _ in range(self._rng.randrange(7))]

    def proxy(self) -> int:
        return self._rng.choice((1, 1, 1, 1, 2, 2, 3, POOLS, POOLS + 1))

    def candidate(self) -> Candidate:
        pool, slot = self.proxy(), self._rng.choice((0, 0, 1, 1, 2, 2, 3))
        proxy_id = self._rng.choice((pool,) * 8 + (1, 2))
        return Candidate(pool, slot, proxy_id, 3, inf, proxy_id == POOLS)

    def token(self) -> Token:
        if self._tokens and self._rng.random() < 0.85:
            return self._rng.choice(self._tokens)
        return Token(self.proxy(), self._rng.randrange(4), self._rng.randrange(4))

    def plain(self) -> Order:
        rng, kind = self._rng, self._rng.randrange(5)
        if kind < 3:
            candidates = tuple(self.candidate() for _ in range(rng.choice((0, 1, 1, 1, 2, 3))))
            return Claim(rng.choice(HOLDERS), candidates, rng.choice(TTLS), share_exits=rng.random() < 0.1)
        principal = rng.choice(("ann", "ann", "ann", "bob"))
        if kind == 3:
            return Renew(self.token(), principal, rng.choice(TTLS))
        return Release(self.token(), rng.choice((principal, principal, None)))

    def rare(self) -> Order:
        rng, kind, holder = self._rng, self._rng.randrange(6), self._rng.choice(HOLDERS)
        resource, session = rng.choice(("site", "site", "shop")), rng.choice(("", "", "", "4x0f1"))
        if kind < 2:
            return Claim(
                holder,
                tuple(self.candidate() for _ in range(rng.randrange(5))),
                rng.choice(TTLS),
                rng.randrange(1, 4),
                rng.random() < 0.3,
                rng.choice((None, resource)),
                rng.choice((None, "k", "l")),
                rng.choice("xxy"),
                rng.random() < 0.3,
            )
        if kind == 2:
            proxy_id = rng.choice((None, self.proxy()))
            return Sweep(rng.choice(("ann", None)), rng.choice(("2", None, None)), proxy_id, rng.choice((None, "site")))
        if kind == 3:
            return Reassign(self.token(), holder)
        if kind == 4:
            return Take(self.proxy(), resource, holder, session)
        return GiveBack(self.proxy(), resource, holder, session, rng.random() < 0.3, rng.choice((0.0, 10.5)))


class Pair:
    """The reference and the store under test, with the same clock and the same proxies."""

    def __init__(self, real: PostgresStore) -> None:
        self.clock = HandClock(NOW)
        self.real = real
        self.model = MemoryStore(self.clock)

    async def begin(self) -> None:
        """An empty store on both sides, then a few proxies, the last of them a rotating one."""
        self.clock = HandClock(NOW)
        self.model = MemoryStore(self.clock)

        async def empty(connection: Any) -> None:
            for table in ("leases", "holds", "claim_keys", "proxies", "feed"):
                await connection.execute(f"DELETE FROM {table}")
            await connection.execute("UPDATE inventory_state SET next_id = 1")

        await self.real.database.writes.run(empty)
        proxies = [
            Proxy(Scheme.HTTP, f"h{n}", 1, capacity=3, labels=Labels(Kind.ROTATING if n == POOLS else Kind.STATIC))
            for n in range(1, POOLS + 1)
        ]
        self.proxies = {one.proxy.id: one.proxy for one in await self.model.put(proxies)}
        await self.real.put(proxies)

    async def change(self, proxy_id: int, fields: dict[str, Any]) -> None:
        if not fields or proxy_id not in self.proxies:
            return
        fields = {name: NOW + value if name == "expires_at" and value else value for name, value in fields.items()}
        self.proxies[proxy_id] = after = replace(self.proxies[proxy_id], **fields)
        for store in (self.model, self.real):
            await store.change([after])

    def tokens(self) -> list[Token]:
        """Every lease that is or was the last of its slot."""
        rows = self.model._claims.books.rows.values()
        return [Token(row.pool, row.slot, row.fence) for pool in rows for row in pool.values()]

    async def set_clock(self) -> None:
        async def job(connection: Any) -> float:
            return float(await connection.fetchval("SELECT fleet_time(0)"))

        self.real.database.shift = self.clock() - await self.real.database.claims.run(job)

    async def agree(self, orders: list[Order]) -> None:
        """Both decide; what they say and what they then hold is the same."""
        await self.set_clock()
        now = self.clock()
        starts = [(await store.standing()).position for store in (self.model, self.real)]
        wanted, got = [await store.decide(orders, "n1") for store in (self.model, self.real)]
        assume(got.now - now < 0.4)  # a machine that stands still for longer proves nothing
        for order, expected, answer in zip(orders, wanted.answers, got.answers, strict=True):
            assert plain(answer, now) == plain(expected, now), order
        assert sorted(plain(got.holds, now)) == sorted(plain(wanted.holds, now))
        before, after = [await store.standing() for store in (self.model, self.real)]
        assert sorted(plain(after.leases, now)) == sorted(plain(before.leases, now))
        assert sorted(plain(after.holds, now)) == sorted(plain(before.holds, now))
        told, heard = [
            await store.claim_news(start, "n2") for store, start in zip((self.model, self.real), starts, strict=True)
        ]
        assert heard.complete
        last = {row.pair if isinstance(row, Hold) else row.key: row for row in told.rows}
        assert sorted(plain(heard.rows, now), key=repr) == sorted(plain(list(last.values()), now), key=repr)


def plain(value: Any, now: float) -> Any:
    """Instants as whole seconds from now on, everything else as it is."""
    if isinstance(value, float) and value not in (ENDED, inf):
        return floor(value - now + 0.001)
    if isinstance(value, Swept):  # in no order
        return sorted(plain(value.leases, now))
    if isinstance(value, list | tuple):
        return [plain(one, now) for one in value]
    return value


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with postgres.schema() as url:
        store = PostgresStore(await open_and_unlock(url, KeySource(default=tmp_path / "key"), lambda: NOW))
        yield Pair(store)
        await store.close()


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
async def test_postgres_answers_as_memory_does(seed: int, pair: Pair) -> None:
    rng = Random(seed)
    await pair.begin()
    for _ in range(rng.randrange(4, 14)):
        pair.clock.advance(rng.choice(PASSES))
        await pair.change(rng.randrange(1, POOLS + 1), rng.choice(CHANGES))
        await pair.agree(Orders(rng, pair.tokens()).batch())
