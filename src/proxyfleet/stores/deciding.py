"""What every order means (SPEC rules 1 to 5, 11, 14): the decisions about claims, over books that a store keeps.

The reference for every store. It runs inside one transaction with nobody else writing, so it may look first and write
then. The invariants it keeps: leases that run never exceed the capacity they were granted under; a pair has at most one
living holder; a fence only grows; what has expired or ended changes nothing any more. Where exits are shared, a lease is
granted only while fewer run behind the proxy's exit than its capacity.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from proxyfleet.core.lease import ENDED, FOREVER, SLOT_BITS, Held, Hold, Holder, Lease, Token
from proxyfleet.core.orders import (
    KEY_AFTERLIFE,
    Answer,
    Candidate,
    Claim,
    Decided,
    GiveBack,
    Granted,
    Obstacle,
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

Pair = tuple[int, str, str]
GONE_AFTER = 86_400.0
"""Seconds that a free pair is remembered, so that late news of it are known to be old."""


class Terms(NamedTuple):
    """What the inventory says of a proxy: `until` is its expiry, `exit` what `Proxy.exit_group` says."""

    capacity: int
    until: float
    disabled: bool
    rotating: bool
    exit: str | None = None


class Remembered(NamedTuple):
    """An idempotency key: which question it was used for, the leases it got, and until when it counts."""

    arguments: str
    tokens: tuple[Token, ...]
    until: float


class Books(Protocol):
    """Where a store keeps claims; every method is one look or one change inside the running transaction.

    Every fence that is given out is beyond `base`, also of a slot of which nothing is known any more.
    """

    base: int

    def terms(self, proxy_id: int) -> Terms | None:
        """None when there is no such proxy."""
        ...

    def behind(self, exit_address: str) -> Collection[int]:
        """The proxies whose terms name that exit."""
        ...

    def slot(self, pool: int, slot: int) -> Lease | None:
        """The last lease of that slot, running or not."""
        ...

    def running(self, pool: int, first: int, now: float) -> Sequence[Lease]:
        """The running leases of a pool in slots from `first` on, by slot."""
        ...

    def put(self, lease: Lease) -> None:
        """The slot's row from now on."""
        ...

    def hold(self, pair: Pair) -> Hold | None:
        """The pair's row."""
        ...

    def put_hold(self, hold: Hold) -> None:
        """The pair's row from now on."""
        ...

    def recall(self, principal: str, key: str) -> Remembered | None:
        """What the key was used for."""
        ...

    def remember(self, principal: str, key: str, what: Remembered) -> None:
        """Keep it for repeats."""
        ...

    def matching(self, sweep: Sweep, now: float) -> Sequence[Lease]:
        """The running leases that fit a sweep."""
        ...


class Decider:
    """One batch. `news` are the rows that it has changed, each as it is at last; `now` is the store's clock."""

    def __init__(self, books: Books, now: float) -> None:
        self.books = books
        self.now = now
        self.news: list[Lease | Hold] = []
        self._terms: dict[int, Terms | None] = {}
        self._exits: Counter[str | None] = Counter()
        """How many leases a claim is about to get behind each exit."""

    def decide(self, orders: Sequence[Order]) -> list[Answer]:
        """The answers, in order."""
        return [self._decide(order) for order in orders]

    def decided(self, orders: Sequence[Order]) -> Decided:
        """The answers, with the pairs that have changed."""
        answers = self.decide(orders)
        return Decided(self.now, answers, [row for row in self.news if isinstance(row, Hold)] if self.news else ())

    def _decide(self, order: Order) -> Answer:
        if isinstance(order, Claim):
            return self.claim(order)
        if isinstance(order, Release):
            return self.release(order)
        if isinstance(order, Renew):
            return self.renew(order)
        if isinstance(order, Take):
            return self.take(order)
        if isinstance(order, GiveBack):
            return self.give_back(order)
        return self.sweep(order) if isinstance(order, Sweep) else self.reassign(order)

    # leases -------------------------------------------------------------------------------------------------------

    def claim(self, order: Claim) -> Answer:
        """Grant what can be granted; with `all_or_nothing` all of it or nothing at all."""
        principal = order.holder.principal
        known = None if order.key is None else self.books.recall(principal, order.key)
        if known is not None and known.until > self.now:
            return self._repeat(order, known)
        leases: dict[int, Lease] = {}
        pairs: set[Pair] = set()
        self._exits.clear()
        obstacles: list[Obstacle] = []
        for candidate in order.candidates:
            found = self._grantable(candidate, order, leases, pairs)
            if isinstance(found, Obstacle):
                obstacles.append(found)
                continue
            leases[found.key] = found
            if order.share_exits:
                self._exits[terms.exit if (terms := self._known(found.pool)) else None] += 1
            if len(leases) == order.wanted:
                break
        enough = len(leases) == order.wanted or not order.all_or_nothing
        granted = tuple(leases.values()) if enough else ()
        for lease in granted:
            self._grant(lease)
        if order.key is not None and granted:
            self.books.remember(principal, order.key, self._remembered(order, granted))
        return Granted(granted, tuple(obstacles))

    def _remembered(self, order: Claim, granted: tuple[Lease, ...]) -> Remembered:
        until = max(lease.expires for lease in granted) + KEY_AFTERLIFE
        return Remembered(order.arguments, tuple(Token(row.pool, row.slot, row.fence) for row in granted), until)

    def _repeat(self, order: Claim, known: Remembered) -> Answer:
        if known.arguments != order.arguments:
            return Refused("key_conflict", known.until)
        rows = [self.books.slot(token.pool, token.slot) for token in known.tokens]
        mine = tuple(
            row
            for row, token in zip(rows, known.tokens, strict=True)
            if row is not None and row.fence == token.fence and row.expires > self.now
        )
        return Granted(mine, repeated=True) if mine else Refused("key_spent", known.until)

    def _grantable(
        self, candidate: Candidate, order: Claim, leases: dict[int, Lease], pairs: set[Pair]
    ) -> Lease | Obstacle:
        """The lease that the candidate would become, not written yet."""
        terms = self._known(candidate.proxy_id)
        capacity = self._capacity(candidate.pool, terms)
        if terms is None or capacity is None:
            return Obstacle(candidate, "unknown_proxy")
        if terms.disabled:
            return Obstacle(candidate, "disabled")
        if terms.until <= self.now:
            return Obstacle(candidate, "expired_proxy", terms.until)
        last = self.books.slot(candidate.pool, candidate.slot)
        number = candidate.slot
        if not self._free(last, candidate, leases) or not self._fits(candidate.pool, number, capacity):
            running = self.books.running(candidate.pool, 0, self.now)
            number = lowest_free(
                {row.slot for row in running} | {row.slot for row in leases.values() if row.pool == candidate.pool}
            )
            if not self._fits(candidate.pool, number, capacity):
                return Obstacle(
                    candidate, "capacity", min((row.expires for row in running), default=0.0), None, tuple(running)
                )
            last = self.books.slot(candidate.pool, number)
        if order.share_exits and terms.exit is not None and (crowd := self._crowd(candidate, terms)):
            return crowd
        fence = 1 + max(self.books.base, 0 if last is None else last.fence)
        session = f"{candidate.pool}x{number}f{fence}" if terms.rotating else ""
        if order.resource is not None:
            pair = (candidate.proxy_id, order.resource, session)
            hold = self.books.hold(pair)
            if pair in pairs or (hold is not None and hold.stands(self.now)):
                holder = order.holder if hold is None else hold.holder
                return Obstacle(candidate, "resource_taken", 0.0 if hold is None else hold.until, holder)
            pairs.add(pair)
        expires = min(self.now + order.ttl, terms.until)
        return Lease(
            candidate.pool, number, fence, candidate.proxy_id, order.holder, order.resource, session, self.now, expires
        )

    def _free(self, last: Lease | None, candidate: Candidate, leases: dict[int, Lease]) -> bool:
        if last is not None and last.expires > self.now:
            return False
        return not leases or (candidate.pool << SLOT_BITS | candidate.slot) not in leases

    def _fits(self, pool: int, number: int, capacity: int) -> bool:
        """Whether a lease in that slot keeps the pool within its capacity, also while leases run that a higher one allowed.

        At most `number` leases run below it, so `number` + 1 + those above bound them all.
        """
        if number >= capacity:
            return False
        return not self.books.running(pool, capacity, self.now) or (
            number + len(self.books.running(pool, number + 1, self.now)) < capacity
        )

    def _crowd(self, candidate: Candidate, terms: Terms) -> Obstacle | None:
        """What is in the way when as many leases run behind the proxy's exit as it may carry itself."""
        running = [
            lease for pool in self.books.behind(terms.exit or "") for lease in self.books.running(pool, 0, self.now)
        ]
        if len(running) + self._exits[terms.exit] < terms.capacity:
            return None
        soonest = min((lease.expires for lease in running), default=0.0)
        return Obstacle(candidate, "capacity", soonest, None, tuple(running))

    def _capacity(self, pool: int, terms: Terms | None) -> int | None:
        if terms is None:
            return None
        leader = self._known(pool)
        return None if leader is None else leader.capacity

    def _known(self, proxy_id: int) -> Terms | None:
        if proxy_id not in self._terms:
            self._terms[proxy_id] = self.books.terms(proxy_id)
        return self._terms[proxy_id]

    def _grant(self, lease: Lease) -> None:
        self._put(lease)
        if lease.resource is not None:
            self._reserve(lease, lease.holder)

    def _reserve(self, lease: Lease, holder: Holder) -> None:
        pair = (lease.proxy_id, lease.resource or "", lease.session)
        version = self._next_version(pair)
        self._put_hold(Hold(*pair, Held.RESERVATION, holder, lease.granted, lease.expires, version, lease.token))

    def renew(self, order: Renew) -> Answer:
        """A later expiry, while the lease runs."""
        lease = self._running(order.token, order.principal)
        if isinstance(lease, Refused):
            return lease
        terms = self._known(lease.proxy_id)
        if terms is None:
            return Refused("unknown_proxy")
        after = lease._replace(expires=max(lease.expires, min(self.now + order.ttl, terms.until)))
        self._put(after)
        if after.resource is not None:
            self._reserve(after, after.holder)
        return Renewed(after)

    def release(self, order: Release) -> Answer:
        """The slot is free at once."""
        lease = self._running(order.token, order.principal)
        return lease if isinstance(lease, Refused) else Renewed(self._end(lease))

    def sweep(self, order: Sweep) -> Answer:
        """End all that fit."""
        return Swept(tuple(self._end(lease) for lease in self.books.matching(order, self.now)))

    def reassign(self, order: Reassign) -> Answer:
        """The same slot and expiry, another holder and a new fence."""
        lease = self._running(order.token, None)
        if isinstance(lease, Refused):
            return lease
        after = lease._replace(holder=order.holder, fence=lease.fence + 1)
        self._put(after)
        if after.resource is not None:
            self._reserve(after, order.holder)
        return Renewed(after)

    def _running(self, token: Token, principal: str | None) -> Lease | Refused:
        """The lease that the token names, while it runs and belongs to the principal; None is the operator."""
        lease = self.books.slot(token.pool, token.slot)
        if lease is None or lease.fence < token.fence:
            return Refused("unknown_lease")
        if lease.fence != token.fence:
            return Refused("stale_token")
        if principal is not None and lease.holder.principal != principal:
            return Refused("wrong_holder")
        if lease.expires <= self.now:
            return Refused("lease_ended" if lease.expires == ENDED else "lease_expired", lease.expires)
        return lease

    def _end(self, lease: Lease) -> Lease:
        ended = lease._replace(expires=ENDED)
        self._put(ended)
        if lease.resource is not None:
            pair = (lease.proxy_id, lease.resource, lease.session)
            hold = self.books.hold(pair)
            if hold is not None and hold.kind is Held.RESERVATION and hold.token == lease.token:
                self._free_pair(hold)
        return ended

    # assignments --------------------------------------------------------------------------------------------------

    def take(self, order: Take) -> Answer:
        """Assign the pair; taking what one has already is no error."""
        terms = self._known(order.proxy_id)
        if terms is None:
            return Refused("unknown_proxy")
        if terms.disabled:
            return Refused("disabled")
        if terms.until <= self.now:
            return Refused("expired_proxy", terms.until)
        pair = (order.proxy_id, order.resource, order.session)
        hold = self.books.hold(pair)
        lease = None
        if hold is not None and hold.stands(self.now):
            if hold.kind is Held.COOLING:
                return Refused("cooling", hold.until)
            if hold.holder != order.holder:
                return Refused("resource_taken", hold.until, hold.holder)
            if hold.kind is Held.ASSIGNMENT:
                return Taken(hold)
            lease = self._end_reservation(hold)
        taken = Hold(*pair, Held.ASSIGNMENT, order.holder, self.now, FOREVER, self._next_version(pair))
        self._put_hold(taken)
        return Taken(taken, lease)

    def _end_reservation(self, hold: Hold) -> Lease | None:
        token = Token.parse(hold.token)
        lease = None if token is None else self._running(token, None)
        if lease is None or isinstance(lease, Refused):
            return None
        ended = lease._replace(expires=ENDED)
        self._put(ended)
        return ended

    def give_back(self, order: GiveBack) -> Answer:
        """End an assignment of that holder, or of anybody by force."""
        hold = self.books.hold((order.proxy_id, order.resource, order.session))
        if hold is None or hold.kind is not Held.ASSIGNMENT:
            return Refused("not_assigned")
        if hold.holder != order.holder and not order.force:
            return Refused("wrong_holder", by=hold.holder)
        return Taken(self._free_pair(hold, order.reuse_after))

    def _free_pair(self, hold: Hold, cooling: float = 0.0) -> Hold:
        kind, until = (Held.COOLING, self.now + cooling) if cooling > 0 else (Held.FREE, self.now)
        after = hold._replace(kind=kind, since=self.now, until=until, version=hold.version + 1, token="")
        self._put_hold(after)
        return after

    # writing ------------------------------------------------------------------------------------------------------

    def _next_version(self, pair: Pair) -> int:
        before = self.books.hold(pair)
        return 1 if before is None else before.version + 1

    def _put(self, lease: Lease) -> None:
        self.books.put(lease)
        self.news.append(lease)

    def _put_hold(self, hold: Hold) -> None:
        self.books.put_hold(hold)
        self.news.append(hold)


def lowest_free(taken: set[int]) -> int:
    """The smallest number from 0 on that is not among them."""
    number = 0
    while number in taken:
        number += 1
    return number
