"""Random batches of orders, and two worlds compared: what one store does must be what the reference does.

Fences count from a base that differs between stores; tokens are generated and compared relative to it. Time goes in steps
of ten seconds and leases last an odd five seconds longer, so that the milliseconds a real server takes decide nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from tests.conformance.claimkit import World

from proxyfleet.core.errors import UnknownProxy
from proxyfleet.core.lease import FOREVER, Hold, Holder, Lease, Token, later
from proxyfleet.core.orders import (
    Answer,
    Candidate,
    Claim,
    GiveBack,
    Granted,
    Order,
    Reassign,
    Refused,
    Release,
    Renew,
    Renewed,
    Sweep,
    Swept,
    Take,
    Taken,
)
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, Scheme, Status

STEP, ODD = 10.0, 5.0
CLOSE = 4.0
"""Seconds by which instants may differ; smaller than what separates two of them."""
HOLDERS = st.sampled_from([Holder("ann", "1"), Holder("ann", "2"), Holder("bob"), Holder('b"o,b]', "ü\n")])
PROXIES = st.sampled_from([1, 1, 1, 2, 2, 3, 4])
TOKENS = st.builds(Token, PROXIES, st.sampled_from([0, 0, 0, 0, 1, 1, 2, 4]), st.sampled_from([1, 1, 1, 1, 2, 2, 3, 5]))
"""Small numbers are likelier to name something."""
RESOURCES = st.sampled_from(["site", 'sh"op,'])
TTLS = st.integers(0, 6).map(lambda n: n * STEP + ODD)
CANDIDATES = st.builds(
    lambda proxy, slot, pool: Candidate(pool or proxy, slot, proxy, 3, FOREVER),
    PROXIES,
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4]),
    st.sampled_from([None, None, None, 1]),
)
CLAIMS = st.builds(
    Claim,
    HOLDERS,
    st.lists(CANDIDATES, max_size=5).map(tuple),
    TTLS,
    wanted=st.integers(1, 4),
    all_or_nothing=st.booleans(),
    resource=st.none() | RESOURCES,
    key=st.sampled_from([None, None, "k", "k2"]),
    arguments=st.sampled_from(["", "x"]),
    share_exits=st.booleans(),
)
SESSIONS = st.sampled_from(["", "", 's"1'])
ORDERS: st.SearchStrategy[Order] = st.one_of(
    CLAIMS,
    CLAIMS,
    st.builds(Renew, TOKENS, st.sampled_from(["ann", "bob"]), TTLS),
    st.builds(Release, TOKENS, st.sampled_from(["ann", "bob", None])),
    st.builds(Reassign, TOKENS, HOLDERS),
    st.builds(
        Sweep,
        principal=st.sampled_from(["ann", None]),
        label=st.sampled_from([None, None, "1"]),
        proxy_id=st.none() | PROXIES,
        resource=st.none() | RESOURCES,
        reservations_only=st.booleans(),
    ),
    st.builds(Take, PROXIES, RESOURCES, HOLDERS, SESSIONS),
    st.builds(
        GiveBack,
        PROXIES,
        RESOURCES,
        HOLDERS,
        SESSIONS,
        force=st.booleans(),
        reuse_after=st.sampled_from([0.0, STEP + ODD]),
    ),
)


@dataclass(frozen=True)
class Change:
    """What an operator does between two batches: fields of one proxy, or its removal."""

    proxy_id: int
    capacity: int = 3
    disabled: bool = False
    lives: float | None = None
    remove: bool = False
    exit_address: str | None = None


CHANGES = st.builds(
    Change,
    PROXIES,
    st.integers(1, 5),
    st.sampled_from([False, False, True]),
    st.sampled_from([None, None, 3 * STEP + ODD]),
    st.sampled_from([False] * 9 + [True]),
    st.sampled_from([None, "192.0.2.1", "192.0.2.1", "2001:db8::1"]),
)
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.none() | CHANGES, st.lists(ORDERS, min_size=1, max_size=5)), max_size=10
)


@dataclass
class Side:
    """One of the two worlds; `base` is what its fences count from, `start` its instant of the beginning."""

    world: World
    base: int = 0
    start: float = 0.0
    rows: dict[object, Lease | Hold] = field(default_factory=dict)
    position: str = ""

    async def begin(self) -> None:
        """Four proxies, the last of which is rotating."""
        await self.world.inventory.put(
            [
                Proxy(
                    Scheme.HTTP, f"h{n}", 80, capacity=3, labels=Labels(kind=Kind.ROTATING if n == 4 else Kind.STATIC)
                )
                for n in range(1, 5)
            ]
        )
        standing = await self.world.claims.standing()
        self.start, self.position = standing.now, standing.position

    async def change(self, change: Change) -> None:
        """What the operator does; a proxy that is gone stays gone."""
        if change.remove:
            await self.world.inventory.remove([change.proxy_id])
            return
        for proxy in await self.world.inventory.some([change.proxy_id]):
            now = (await self.world.claims.standing()).now
            lives = None if change.lives is None else now + change.lives
            status = Status.DISABLED if change.disabled else Status.ACTIVE
            try:
                details = Details(measured=Measured(change.exit_address))
                after = replace(proxy, capacity=change.capacity, expires_at=lives, status=status, details=details)
                await self.world.inventory.change([after])
            except UnknownProxy:
                return

    async def ask(self, orders: Sequence[Order]) -> list[object]:
        """The answers to a batch, told so that they can be compared."""
        answers = await self.world.ask(*(self._based(order) for order in orders))
        return [self.told(answer) for answer in answers]

    async def standing(self) -> tuple[list[object], list[object]]:
        """Everything that is claimed; what the feed has told so far must come to the same."""
        news = await self.world.claims.claim_news(self.position, "another")
        assert news.complete
        self.position = news.position
        for row in news.rows:
            self._learn(row)
        standing = await self.world.claims.standing()
        there = {proxy.id for proxy in await self.world.inventory.some(range(1, 5))}
        learnt = [row for row in self.rows.values() if _proxies(row) <= there and self._runs(row, standing.now)]
        assert sorted(map(str, learnt)) == sorted(map(str, [*standing.leases, *standing.holds]))
        leases, holds = map(self._lease, standing.leases), map(self._hold, standing.holds)
        return sorted(leases, key=str), sorted(holds, key=str)

    def _learn(self, row: Lease | Hold) -> None:
        key = row.key if isinstance(row, Lease) else row.pair
        known = self.rows.get(key)
        if isinstance(row, Lease):
            self.rows[key] = later(known, row) if isinstance(known, Lease) else row
        elif not isinstance(known, Hold) or row.version > known.version:
            self.rows[key] = row

    @staticmethod
    def _runs(row: Lease | Hold, now: float) -> bool:
        return row.expires > now if isinstance(row, Lease) else row.stands(now)

    def _based(self, order: Order) -> Order:
        if isinstance(order, Renew | Release | Reassign):
            return order._replace(token=order.token._replace(fence=order.token.fence + self.base))
        return order

    def told(self, answer: Answer) -> object:
        """The answer without what differs between stores by right."""
        if isinstance(answer, Granted):
            met = [
                (
                    one.candidate,
                    one.code,
                    self._instant(one.until),
                    one.by,
                    sorted(map(str, map(self._lease, one.leases))),
                )
                for one in answer.obstacles
            ]
            return "granted", [self._lease(lease) for lease in answer.leases], met, answer.repeated
        if isinstance(answer, Renewed):
            return "renewed", self._lease(answer.lease)
        if isinstance(answer, Swept):
            return "swept", sorted(map(str, map(self._lease, answer.leases)))
        if isinstance(answer, Taken):
            return "taken", self._hold(answer.hold), None if answer.lease is None else self._lease(answer.lease)
        assert isinstance(answer, Refused)
        return "refused", answer.code, self._instant(answer.until), answer.by

    def _lease(self, row: Lease) -> object:
        told = row.pool, row.slot, row.fence - self.base, row.proxy_id, row.holder, row.resource
        return *told, self._text(row.session), self._instant(row.granted), self._instant(row.expires)

    def _hold(self, row: Hold) -> object:
        since, until = self._instant(row.since), self._instant(row.until)
        return (
            row.proxy_id,
            row.resource,
            self._text(row.session),
            row.kind,
            row.holder,
            since,
            until,
            self._text(row.token),
        )

    def _text(self, text: str) -> str:
        return re.sub(r"(?<=[f.])\d+$", lambda fence: str(int(fence[0]) - self.base), text)

    def _instant(self, instant: float) -> float:
        """In steps of five seconds since the beginning; 0 and endless stay what they are."""
        if instant in (0.0, FOREVER):
            return instant
        return round((instant - self.start) / ODD) * ODD


def _proxies(row: Lease | Hold) -> set[int]:
    """All that have to be there for the row to count."""
    return {row.proxy_id, row.pool} if isinstance(row, Lease) else {row.proxy_id}
